/* An open class of a course of quizzes: nothing runs in its machines, so that labs open, checks are judged and
 * seats are caught up without any. Machines become ready by events sent by hand; libvirt is nowhere. */
#ifndef TESTS_QUIZ_FIXTURE_H
#define TESTS_QUIZ_FIXTURE_H

#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/internal.h"

#define SEATS 5

struct fixture {
	char directory[64], packs[96];
	struct loop *loop;
	struct core *core;
	struct class *class;
};

static const struct actor somebody = { .role = ROLE_ADMIN, .name = "test" };

#define BOTH(element, words)                                                                       \
	"<" element " xml:lang=\"en\">" words "</" element "><" element " xml:lang=\"ja\">" words       \
	"</" element ">"
#define OPTION(right, words) "<option correct=\"" right "\">" BOTH("text", words) "</option>"
#define QUIZ(id, options)                                                                          \
	"<task id=\"" id "\" points=\"5\" minutes=\"2\" kind=\"quiz\">" BOTH("title", id)                \
		BOTH("text", "Which?") options "<hint cost=\"2\">" BOTH("text", "Think.") "</hint></task>"
#define SINGLE(id)                                                                                 \
	QUIZ(id, OPTION("true", "yes") OPTION("false", "no") OPTION("false", "maybe") OPTION("false", "never"))
#define MULTIPLE(id)                                                                               \
	QUIZ(id, OPTION("true", "two") OPTION("false", "four") OPTION("true", "three") OPTION("false", "six"))
#define LAB(id, more, tasks)                                                                       \
	"<lab xmlns=\"urn:terakoya:course:1\" id=\"" id "\" machine=\"desk\"" more ">" BOTH("title", id) tasks \
	"</lab>"

static const char *const quiz_files[][2] = {
	{ "course.xml",
	  "<course xmlns=\"urn:terakoya:course:1\" id=\"quizzes\" version=\"1.0.0\" tlp=\"clear\""
	  " license=\"CC-BY-4.0\">" BOTH("title", "Quizzes") BOTH("summary", "Only questions")
	  "<environment><network name=\"office\"/><machine name=\"desk\" image=\"debian-13\" memory=\"384\">"
	  "<nic network=\"office\" address=\"10.10.0.10/24\"/><user name=\"student\"/></machine></environment>"
	  "<day number=\"1\"><lab ref=\"one\" minutes=\"20\"/><lab ref=\"two\" minutes=\"20\"/>"
	  "<lab ref=\"three\" minutes=\"20\"/><lab ref=\"four\" minutes=\"20\"/></day></course>" },
	{ "one/lab.xml", LAB("one", "", SINGLE("single") MULTIPLE("multiple")) },
	{ "two/lab.xml", LAB("two", " fresh=\"true\"", SINGLE("again")) },
	{ "three/lab.xml", LAB("three", "", SINGLE("last")) },
	{ "four/lab.xml", LAB("four", "", "<setup script=\"setup.sh\"/>" SINGLE("behind")) }, /* waits for an agent */
	{ "four/setup.sh", "true\n" },
};

static int write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	return !file || fputs(text, file) < 0 || fclose(file) ? -1 : 0;
}

static int write_pack(const struct fixture *f)
{
	static const char *const labs[] = { "one", "two", "three", "four" };
	char path[256];

	snprintf(path, sizeof(path), "%s/quizzes", f->packs);
	if (mkdir(f->packs, 0755) < 0 || mkdir(path, 0755) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(labs); i++)
		for (int lang = 0; lang < PACK_LANGS; lang++) {
			snprintf(path, sizeof(path), "%s/quizzes/%s", f->packs, labs[i]);
			mkdir(path, 0755);
			snprintf(path, sizeof(path), "%s/quizzes/%s/guide.%s.md", f->packs, labs[i],
				 pack_lang_names[lang]);
			if (write_text(path, "Read.\n") < 0)
				return -1;
		}
	for (size_t i = 0; i < ARRAY_SIZE(quiz_files); i++) {
		snprintf(path, sizeof(path), "%s/quizzes/%s", f->packs, quiz_files[i][0]);
		if (write_text(path, quiz_files[i][1]) < 0)
			return -1;
	}
	return 0;
}

/* What was posted is done; libvirt counts as there all the time, but every lane as taken. */
static void pump(struct fixture *f)
{
	for (int i = 0; i < 60; i++) {
		sd_event_run(loop_event(f->loop), 0);
		f->core->virt_up = true;
	}
}

static void machine_make(struct machine *machine)
{
	static const enum machine_event road[] = { EVENT_TURN, EVENT_CLONED, EVENT_UP, EVENT_IDENTIFIED,
						   EVENT_PROBED };

	for (size_t i = 0; i < ARRAY_SIZE(road); i++)
		machine_step(machine, road[i], NULL);
}

/* Every machine that waits for its turn gets it, and becomes ready. How many there were. */
static unsigned make_waiting(struct fixture *f)
{
	unsigned made = 0;

	for (size_t i = 0; i < f->class->seats; i++)
		if (f->class->seat[i].machine[0].state == MACHINE_WAITING) {
			machine_make(&f->class->seat[i].machine[0]);
			made++;
		}
	pump(f);
	return made;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct class_new request = { .course = "quizzes", .seats = SEATS };
	struct err err = ERR_INIT;

	strcpy(f->directory, "/var/tmp/tk-unit-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(f->directory))
		return -1;
	snprintf(f->packs, sizeof(f->packs), "%s/shipped", f->directory);
	const struct core_config config = { .state_dir = f->directory, .packs_dir = f->packs, .images_dir = f->packs,
					    .agent = "/nonexistent", .uri = "test:///nonexistent.xml", .clones = 1 };
	f->loop = loop_new(&err);
	if (write_pack(f) < 0 || !(f->core = core_new(f->loop, &config, &err)) ||
	    class_create(f->core, &somebody, &request, &f->class, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return -1;
	}
	pump(f);
	f->core->clones = 99; /* nothing is made by itself */
	for (size_t i = 0; i < f->class->seats; i++)
		machine_step(&f->class->seat[i].machine[0], EVENT_WANT, NULL);
	make_waiting(f);
	*state = f;
	return class_set_state(f->class, CLASS_OPEN, &err);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->core)
		pump(f);
	core_free(f->core);
	while (sd_event_run(loop_event(f->loop), 0) > 0)
		;
	loop_free(f->loop);
	nftw(f->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static inline const struct pack_lab *lab_of(struct fixture *f, const char *id)
{
	return pack_lab(f->class->pack, id);
}

static inline const struct progress_row *row_of(struct seat *seat, const char *lab, const char *task)
{
	for (size_t i = 0; i < seat->progresses; i++)
		if (str_equal(seat->progress[i].lab, lab) && str_equal(seat->progress[i].task, task))
			return &seat->progress[i];
	return NULL;
}

#endif
