/* What a lab's script finds in its environment, and how it is sent; with a real database and pack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "core/internal.h"

struct fixture {
	char directory[64];
	struct loop *loop;
	struct core *core;
	struct machine *machine;
	struct script script;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct actor actor = { .role = ROLE_ADMIN, .name = "test" };
	struct class_new request = { .course = "linux-intro", .seats = 1 };
	struct err err = ERR_INIT;
	struct class *class;
	char packs[256];

	strcpy(f->directory, "/var/tmp/tk-unit-XXXXXX");
	if (sodium_init() < 0 || !mkdtemp(f->directory))
		return -1;
	snprintf(packs, sizeof(packs), "%s/labs", getcwd((char[200]){ 0 }, 200));
	struct core_config config = { .state_dir = f->directory,
				      .packs_dir = packs,
				      .images_dir = packs,
				      .agent = "/nonexistent",
				      .uri = "test:///default" };
	f->loop = loop_new(&err);
	f->core = core_new(f->loop, &config, &err);
	if (!f->core || class_create(f->core, &actor, &request, &class, &err) < 0)
		return -1;
	f->machine = &class->seat[0].machine[0];
	f->script = (struct script){ .lab = pack_lab(class->pack, "first-steps"), .number = 1 };
	f->script.path = f->script.lab->setup[0];
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	core_free(f->core);
	while (sd_event_run(loop_event(f->loop), 0) > 0)
		;
	loop_free(f->loop);
	nftw(f->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* Somebody who reads `language` sits down. */
static void sit(struct fixture *f, const char *language)
{
	struct person person = { .name = (char *)"Aiko", .language = (char *)language, .role = ROLE_STUDENT };

	assert_int_equal(people_add(f->core->store, &person, &f->machine->seat->row.person, NULL), 0);
}

static void finds(struct fixture *f, const char *entry, bool expected)
{
	char **env = script_env(f->machine, &f->script);
	bool found = false;

	for (char **one = env; *one; one++)
		found |= strcmp(*one, entry) == 0;
	pack_env_free(env);
	assert_int_equal(found, expected);
}

static void a_script_speaks_the_language_of_the_seats_student(void **state)
{
	struct fixture *f = *state;

	finds(f, "TK_LANG=en", true);
	sit(f, "ja");
	finds(f, "TK_LANG=ja", true);
	finds(f, "TK_LANG=en", false);
	assert_int_equal(people_set_language(f->core->store, f->machine->seat->row.person, "en", NULL), 0);
	finds(f, "TK_LANG=en", true);
}

static void a_script_knows_user_machine_and_answer(void **state)
{
	struct fixture *f = *state;

	finds(f, "TK_USER=student", true);
	finds(f, "TK_MACHINE=desk", true);
	finds(f, "TK_ANSWER=42", false);
	f->script.answer = "42";
	finds(f, "TK_ANSWER=42", true);
}

static void only_what_yields_is_changed_and_its_lines_keep_their_numbers(void **state)
{
	struct fixture *f = *state;
	AUTO(buf) struct buf plain = { 0 }, yielding = { 0 };

	assert_int_equal(script_text(f->machine, &f->script, &plain, NULL), 0);
	f->script.yields = true;
	assert_int_equal(script_text(f->machine, &f->script, &yielding, NULL), 0);
	assert_string_equal(strstr((char *)yielding.data, "#!/bin/sh\n"), (char *)plain.data);
	const char *first = strchr((char *)yielding.data, '\n');
	assert_non_null(memmem(yielding.data, (size_t)(first - (char *)yielding.data), "autogroup", 9));
	assert_int_equal(yielding.length - plain.length, strstr((char *)yielding.data, "#!/") - (char *)yielding.data);
}

#define holds(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_script_speaks_the_language_of_the_seats_student),
		holds(a_script_knows_user_machine_and_answer),
		holds(only_what_yields_is_changed_and_its_lines_keep_their_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
