/* Packs as they lie on a disk, and the ones that ship. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "pack_fixture.h"

/* ---- on disk --------------------------------------------------------------------------------- */

static void path_write(const char *directory, const char *path, const char *text, size_t length)
{
	AUTO_FREE char *full = str_fmt("%s/%s", directory, path);
	char *slash = strrchr(full, '/');

	*slash = 0;
	mkdir(full, 0755);
	*slash = '/';
	AUTO_FILE FILE *file = fopen(full, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
}

static void fixture_write(char directory[])
{
	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < ARRAY_SIZE(fixture); i++)
		path_write(directory, fixture[i].path, fixture[i].text, strlen(fixture[i].text));
}

static void directory_remove(const char *directory)
{
	AUTO_FREE char *command = str_fmt("rm -rf -- %s", directory);

	assert_int_equal(system(command), 0);
}

#define DIRECTORY "/tmp/test-pack-XXXXXX"

static void a_pack_is_read_from_a_directory(void **state)
{
	char directory[] = DIRECTORY;
	struct err err = ERR_INIT;

	(void)state;
	fixture_write(directory);
	path_write(directory, "greeting/.lab.xml.swp", "x", 1); /* no part of the pack */
	path_write(directory, "greeting/setup.sh~", "x", 1);
	struct pack *pack = pack_open(directory, NULL, &err);
	assert_non_null(pack);
	assert_int_equal(pack->files, ARRAY_SIZE(fixture));
	assert_string_equal(pack->directory, directory);
	struct pack *same = sound_pack();
	assert_string_equal(pack->digest, same->digest);
	pack_free(same);
	pack_free(pack);
	directory_remove(directory);
}

static void the_digest_sees_content_path_and_mode(void **state)
{
	struct pack *pack = sound_pack();
	char digest[65];

	(void)state;
	memcpy(digest, pack->digest, sizeof(digest));
	assert_int_equal(strlen(digest), 64);
	pack->file[0].executable = true;
	digest_pack(pack);
	assert_string_not_equal(pack->digest, digest);
	pack->file[0].executable = false;
	digest_pack(pack);
	assert_string_equal(pack->digest, digest);
	pack->file[0].content.data[0] ^= 1;
	digest_pack(pack);
	assert_string_not_equal(pack->digest, digest);
	pack->file[0].content.data[0] ^= 1;
	pack->file[0].path[0] ^= 1;
	digest_pack(pack);
	assert_string_not_equal(pack->digest, digest);
	pack_free(pack);
}

static void directory_is_refused(const char *directory, const char *finding)
{
	struct pack_findings findings = { 0 };
	struct err err = ERR_INIT;

	assert_null(pack_open(directory, &findings, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	if (!findings_hold(&findings, finding))
		findings_print(&findings);
	assert_true(findings_hold(&findings, finding));
	pack_findings_free(&findings);
}

static void links_and_strange_files_are_refused(void **state)
{
	char directory[] = DIRECTORY;

	(void)state;
	fixture_write(directory);
	AUTO_FREE char *link = str_fmt("%s/greeting/passwd", directory);
	AUTO_FREE char *folder = str_fmt("%s/elsewhere", directory);
	AUTO_FREE char *fifo = str_fmt("%s/pipe", directory);
	assert_int_equal(symlink("/etc/passwd", link), 0);
	assert_int_equal(symlink("/etc", folder), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	path_write(directory, "with space", "x", 1);
	directory_is_refused(directory, "greeting/passwd:0: it is a symbolic link; expected a file");
	directory_is_refused(directory, "elsewhere:0: it is a symbolic link; expected a file");
	directory_is_refused(directory, "pipe:0: it is a device, a socket or a pipe");
	directory_is_refused(directory, "with space:0: its name has other characters");
	directory_remove(directory);
}

static void a_huge_file_is_refused(void **state)
{
	char directory[] = DIRECTORY;
	AUTO_FREE char *huge = mem_alloc(PACK_FILE_MAX + 1);

	(void)state;
	memset(huge, ' ', PACK_FILE_MAX + 1);
	fixture_write(directory);
	path_write(directory, "course.xml", huge, PACK_FILE_MAX + 1);
	directory_is_refused(directory, "course.xml:0: it is larger than 1 MiB; expected a smaller file");
	directory_remove(directory);
}

static void deep_folders_are_refused(void **state)
{
	char directory[] = DIRECTORY;

	(void)state;
	fixture_write(directory);
	AUTO_FREE char *path = str_fmt("%s/d", directory);
	for (int i = 0; i < PACK_FOLDERS_MAX + 1; i++) {
		assert_int_equal(mkdir(path, 0755), 0);
		char *deeper = str_fmt("%s/d", path);
		free(path);
		path = deeper;
	}
	directory_is_refused(directory, "d/d/d/d/d/d/d/d/d:0: it lies more than 8 folders deep");
	directory_remove(directory);
}

static void a_missing_pack_is_not_found(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_null(pack_open("/nonexistent/pack", NULL, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void the_first_finding_is_the_error_and_lint_prints_all(void **state)
{
	char directory[] = DIRECTORY;
	struct err err = ERR_INIT;
	char *printed = NULL;
	size_t length = 0;

	(void)state;
	fixture_write(directory);
	path_write(directory, "greeting/guide.ja.md", "{{x}}\n\n{{y}}\n", 13);
	assert_null(pack_open(directory, NULL, &err));
	assert_true(str_starts(err.message, "greeting/guide.ja.md:1: {{x}} is filled in nowhere"));
	FILE *out = open_memstream(&printed, &length);
	assert_int_equal(pack_lint(directory, out), 2);
	assert_int_equal(pack_lint("/nonexistent/pack", out), 1);
	fclose(out);
	assert_non_null(strstr(printed, "\ngreeting/guide.ja.md:3: {{y}} is filled in nowhere"));
	assert_non_null(strstr(printed, "\nthe pack /nonexistent/pack cannot be read"));
	free(printed);
	directory_remove(directory);
}

/* ---- what ships ------------------------------------------------------------------------------- */

static void directory_is_sound(const char *directory)
{
	struct pack_findings findings = { 0 };
	struct err err = ERR_INIT;
	struct pack *pack = pack_open(directory, &findings, &err);

	findings_print(&findings);
	pack_findings_free(&findings);
	assert_non_null(pack);
	pack_free(pack);
}

/* Tests run at the root of the repository. */
static void the_packs_that_ship_are_sound(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("labs/*/course.xml", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		AUTO_FREE char *directory = str_copy(found.gl_pathv[i]);
		*strrchr(directory, '/') = 0;
		directory_is_sound(directory);
	}
	globfree(&found);
	directory_is_sound("src/cli/skeleton");
}

/* A line `hello/PATH` in backquotes, then a fenced block: writes the block to PATH. Returns where to go on. */
static const char *example_write(const char *directory, const char *name)
{
	size_t length = strcspn(name, "`");
	AUTO_FREE char *path = str_copy_n(name, length);
	const char *fence = name + length + 2;
	AUTO_FREE char *end = str_fmt("\n%.*s\n", (int)strspn(fence, "`"), fence);
	const char *text = strchr(fence, '\n') + 1, *last = strstr(text - 1, end);

	assert_non_null(last);
	path_write(directory, path, text, (size_t)(last + 1 - text));
	return last;
}

static void the_example_of_the_reference_is_sound(void **state)
{
	AUTO(buf) struct buf page = { 0 };
	char directory[] = DIRECTORY;
	struct err err = ERR_INIT;
	int files = 0;

	(void)state;
	assert_int_equal(buf_read_file(&page, "docs/authors.md", PACK_FILE_MAX, &err), 0);
	assert_non_null(mkdtemp(directory));
	for (const char *p = (char *)page.data; (p = strstr(p, "\n`hello/")); files++)
		p = example_write(directory, p + strlen("\n`hello/"));
	assert_int_equal(files, 9);
	directory_is_sound(directory);
	directory_remove(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pack_is_read_from_a_directory),
		cmocka_unit_test(the_digest_sees_content_path_and_mode),
		cmocka_unit_test(links_and_strange_files_are_refused),
		cmocka_unit_test(a_huge_file_is_refused),
		cmocka_unit_test(deep_folders_are_refused),
		cmocka_unit_test(a_missing_pack_is_not_found),
		cmocka_unit_test(the_first_finding_is_the_error_and_lint_prints_all),
		cmocka_unit_test(the_packs_that_ship_are_sound),
		cmocka_unit_test(the_example_of_the_reference_is_sound),
	};

	return cmocka_run_group_tests_name("pack on disk", tests, NULL, NULL);
}
