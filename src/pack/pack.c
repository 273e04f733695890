#include "pack/reader.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

const char *const pack_lang_names[PACK_LANGS] = { "en", "ja" };

static inline void pack_cleanup(struct pack **pack)
{
	pack_free(*pack);
}

static inline void pack_findings_cleanup(struct pack_findings *findings)
{
	pack_findings_free(findings);
}

static inline void reader_cleanup(struct reader *reader)
{
	free(reader->place);
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool course_load(struct reader *reader)
{
	const struct pack_file *file = tree_file(reader->pack, "course.xml");

	if (!file) {
		finding_add(reader, "course.xml", 0,
			    "there is none; expected it at the pack's top");
		return false;
	}
	AUTO(xml_doc) xmlDoc *document = xml_read(reader, file);
	if (!document || !schema_validate(reader, SCHEMA_COURSE, file->path, document))
		return false;
	course_read(reader, file->path, document);
	return true;
}

/* The lab that course.xml refers to by this file's folder; NULL when there is none. */
static struct pack_lab *lab_of(struct pack *pack, const char *path)
{
	for (size_t i = 0; i < pack->labs; i++) {
		size_t length = strlen(pack->lab[i].id);
		if (strncmp(path, pack->lab[i].id, length) == 0 &&
		    str_equal(path + length, "/lab.xml"))
			return &pack->lab[i];
	}
	return NULL;
}

static void lab_load(struct reader *reader, const struct pack_file *file, bool course)
{
	AUTO(xml_doc) xmlDoc *document = xml_read(reader, file);
	struct pack_lab *lab = lab_of(reader->pack, file->path);

	if (document && !schema_validate(reader, SCHEMA_LAB, file->path, document))
		return;
	if (course && !lab)
		finding_add(reader, file->path, 0,
			    "no day of course.xml refers to this lab; expected <lab ref=\"%.*s\">",
			    (int)(strlen(file->path) - strlen("/lab.xml")), file->path);
	if (document && lab && !lab->machine)
		lab_read(reader, lab, file->path, document);
}

/* The files of all labs, also those that a broken course.xml does not refer to: an author wants to
 * see everything at once. Returns whether every lab of the course could be read. */
static bool labs_load(struct reader *reader, bool course)
{
	struct pack *pack = reader->pack;
	bool complete = true;

	for (size_t i = 0; i < pack->files; i++) {
		const char *slash = strchr(pack->file[i].path, '/');
		if (slash && str_equal(slash, "/lab.xml"))
			lab_load(reader, &pack->file[i], course);
	}
	for (size_t i = 0; i < pack->labs; i++) {
		AUTO_FREE char *path = str_fmt("%s/lab.xml", pack->lab[i].id);
		if (!tree_file(pack, path))
			finding_at(reader, &pack->lab[i],
				   "the lab %s has no %s; expected that file", pack->lab[i].id,
				   path);
		complete = complete && pack->lab[i].machine;
	}
	return complete;
}

bool pack_assemble(struct reader *reader)
{
	bool course = course_load(reader);
	bool complete = labs_load(reader, course);
	struct pack *pack = reader->pack;

	if (course)
		check_course(reader);
	for (size_t i = 0; course && i < pack->labs; i++)
		if (pack->lab[i].machine)
			check_lab(reader, &pack->lab[i]);
	digest_pack(pack);
	return course && complete && !reader->findings->count;
}

struct pack *pack_open(const char *directory, struct pack_findings *findings, struct err *err)
{
	AUTO(pack_findings) struct pack_findings own = { 0 };
	AUTO(pack) struct pack *pack = mem_alloc(sizeof(*pack));
	AUTO(reader)
	struct reader reader = { .pack = pack, .findings = findings ? findings : &own };

	pack->directory = realpath(directory, NULL);
	if (!pack->directory) {
		enum err_kind kind = errno == ENOENT ? ERR_NOT_FOUND : ERR_INTERNAL;
		err_set(err, kind, "the pack %s cannot be read: %s", directory, strerror(errno));
		return NULL;
	}
	if (sodium_init() < 0) {
		err_set(err, ERR_INTERNAL, "libsodium cannot be initialised");
		return NULL;
	}
	if (tree_read(&reader, err) < 0)
		return NULL;
	if (pack_assemble(&reader))
		return STEAL(pack);
	findings_to_err(reader.findings, err);
	return NULL;
}

int pack_lint(const char *directory, FILE *out)
{
	AUTO(pack_findings) struct pack_findings findings = { 0 };
	struct err err = ERR_INIT;
	AUTO(pack) struct pack *pack = pack_open(directory, &findings, &err);

	for (size_t i = 0; i < findings.count; i++) {
		const struct pack_finding *finding = &findings.item[i];
		if (finding->line)
			fprintf(out, "%s:%d: %s\n", finding->file, finding->line, finding->message);
		else
			fprintf(out, "%s: %s\n", finding->file, finding->message);
	}
	if (!pack && !findings.count) {
		fprintf(out, "%s\n", err.message);
		return 1;
	}
	return (int)findings.count;
}

/* ---- looking things up ----------------------------------------------------------------------- */

const struct pack_lab *pack_lab(const struct pack *pack, const char *id)
{
	for (size_t i = 0; i < pack->labs; i++)
		if (str_equal(pack->lab[i].id, id))
			return &pack->lab[i];
	return NULL;
}

const struct pack_task *pack_task(const struct pack_lab *lab, const char *id)
{
	for (size_t i = 0; i < lab->tasks; i++)
		if (str_equal(lab->task[i].id, id))
			return &lab->task[i];
	return NULL;
}

const struct pack_machine *pack_machine(const struct pack *pack, const char *name)
{
	for (size_t i = 0; i < pack->machines; i++)
		if (str_equal(pack->machine[i].name, name))
			return &pack->machine[i];
	return NULL;
}

int pack_script(const struct pack *pack, const char *path, struct buf *text, struct err *err)
{
	const struct pack_file *file = tree_file(pack, path);

	if (!file)
		return err_set(err, ERR_NOT_FOUND, "the pack %s has no script %s", pack->id, path);
	if (file->content.length > PACK_SCRIPT_MAX)
		return err_set(err, ERR_TOO_LARGE, "the script %s is larger than 256 KiB", path);
	buf_append(text, file->content.data, file->content.length);
	return 0;
}

/* ---- and away again -------------------------------------------------------------------------- */

static void machine_free(struct pack_machine *machine)
{
	for (size_t i = 0; i < machine->nics; i++) {
		free(machine->nic[i].network);
		free(machine->nic[i].address);
	}
	for (size_t i = 0; i < machine->setups; i++)
		free(machine->setup[i]);
	free(machine->nic);
	free(machine->setup);
	free(machine->name);
	free(machine->image);
	free(machine->user);
	for (size_t i = 0; i < machine->probes; i++)
		free(machine->probe[i].what);
	free(machine->probe);
}

static void parts_free(struct pack *pack)
{
	for (size_t i = 0; i < pack->networks; i++)
		free(pack->network[i]);
	for (size_t i = 0; i < pack->machines; i++)
		machine_free(&pack->machine[i]);
	for (size_t i = 0; i < pack->labs; i++)
		lab_free(&pack->lab[i]);
	for (size_t i = 0; i < pack->files; i++) {
		free(pack->file[i].path);
		buf_free(&pack->file[i].content);
	}
	free(pack->network);
	free(pack->machine);
	free(pack->lab);
	free(pack->file);
}

void pack_free(struct pack *pack)
{
	if (!pack)
		return;
	parts_free(pack);
	text_free(&pack->title);
	text_free(&pack->summary);
	free(pack->directory);
	free(pack->id);
	free(pack->version);
	free(pack->tlp);
	free(pack->license);
	free(pack->authors);
	free(pack);
}
