/* Packs as archives: what goes out comes in again byte by byte, and what is hostile is refused with the
 * entry's name, before anything of it lies anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "archive_fixture.h"

/* A state directory's packs/, deep enough that '..' has somewhere to go. */
static char base[] = "/tmp/test-archive-XXXXXX";
static char *packs;

static int make_folders(void **state)
{
	(void)state;
	if (!mkdtemp(base))
		return -1;
	AUTO_FREE char *above = str_fmt("%s/state", base);
	packs = str_fmt("%s/packs", above);
	return mkdir(above, 0755) || mkdir(packs, 0755);
}

static int remove_folders(void **state)
{
	(void)state;
	folder_remove(base);
	free(packs);
	return 0;
}

/* ---- sound archives -------------------------------------------------------------------------- */

static int export(const struct pack *pack)
{
	struct err err = ERR_INIT;
	int fd = memfd_create("archive", MFD_CLOEXEC);

	if (pack_export(pack, fd, &err) < 0)
		fail_msg("%s", err.message);
	return fd;
}

static struct buf bytes_of(int fd)
{
	struct buf bytes = { 0 };
	size_t size = (size_t)lseek(fd, 0, SEEK_END);

	assert_int_equal(pread(fd, buf_reserve(&bytes, size), size, 0), size);
	bytes.length = size;
	return bytes;
}

static struct pack *import(int fd, struct pack_findings *findings, struct err *err)
{
	struct pack *pack = pack_import(fd, packs, findings, err);

	close(fd);
	return pack;
}

static struct pack *import_sound(int fd)
{
	struct err err = ERR_INIT;
	struct pack *pack = import(fd, NULL, &err);

	if (!pack)
		fail_msg("%s", err.message);
	return pack;
}

static void a_pack_comes_back_byte_by_byte(void **state)
{
	struct pack *pack = sound_pack();
	AUTO_CLOSE int first = export(pack), again = export(pack);
	AUTO(buf) struct buf before = bytes_of(first), same = bytes_of(again);

	(void)state;
	assert_int_equal(before.length, same.length);
	assert_memory_equal(before.data, same.data, before.length);
	struct pack *back = import_sound(dup(first));
	assert_string_equal(back->digest, pack->digest);
	AUTO_CLOSE int later = export(back);
	AUTO(buf) struct buf after = bytes_of(later);
	assert_int_equal(before.length, after.length);
	assert_memory_equal(before.data, after.data, before.length);
	pack_discard(back);
	pack_free(pack);
	assert_int_equal(things_below(packs), 0);
}

static void an_executable_file_stays_one(void **state)
{
	struct pack *pack = sound_pack();
	struct pack_findings findings = { 0 };

	(void)state;
	pack->file[1].executable = true;
	digest_pack(pack);
	struct pack *back = import_sound(export(pack));
	assert_true(back->file[1].executable);
	assert_false(back->file[2].executable);
	pack_findings_free(&findings);
	pack_discard(back);
	pack_free(pack);
}

static void a_pack_moves_to_its_place_in_one_step(void **state)
{
	struct err err = ERR_INIT;
	struct pack *pack = sound_pack();
	AUTO_FREE char *place = str_fmt("%s/hello-1.0.0", packs);

	(void)state;
	struct pack *back = import_sound(export(pack)), *second = import_sound(export(pack));
	assert_int_equal(pack_settle(back, place, &err), 0);
	assert_string_equal(back->directory, place);
	assert_int_equal(pack_settle(second, place, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	pack_discard(second);
	struct pack *read = pack_open(place, NULL, &err);
	assert_string_equal(read->digest, pack->digest);
	pack_free(read);
	pack_free(back);
	pack_free(pack);
	folder_remove(place);
	assert_int_equal(things_below(packs), 0);
}

static void what_was_cut_short_is_swept_away(void **state)
{
	AUTO_FREE char *left = str_fmt("%s/.import-aBc123", packs);
	AUTO_FREE char *other = str_fmt("%s/hello-1.0.0", packs);

	(void)state;
	mkdir(left, 0700);
	mkdir(other, 0755);
	pack_sweep(packs);
	assert_int_equal(things_below(packs), 1);
	rmdir(other);
}

/* ---- hostile entries ------------------------------------------------------------------------- */

#define TOP "hello-1.0.0/"
static const char manifest_head[] = "# Terakoya pack: hello 1.0.0\n";

static struct parcel begin_sound(void)
{
	struct parcel parcel = parcel_begin(1);

	parcel_text(&parcel, "MANIFEST", manifest_head);
	parcel_text(&parcel, TOP "course.xml", "<course/>");
	return parcel;
}

static void refuse(int fd, enum err_kind kind, const char *expected)
{
	struct err err = ERR_INIT;
	unsigned before = things_below(base);
	struct pack *pack = import(fd, NULL, &err);

	if (pack)
		fail_msg("it was taken; expected \"%s\"", expected);
	if (!strstr(err.message, expected) || err.kind != kind)
		fail_msg("%s (%s)\nexpected \"%s\"", err.message, err_kind_name(err.kind), expected);
	assert_int_equal(things_below(base), before);
}

struct hostile {
	char kind;
	unsigned mode;
	const char *path, *content, *expected;
};

static void an_entry_that_no_pack_has_is_refused_by_name(void **state)
{
	/* clang-format off */
	static const struct hostile table[] = {
		{ 'l', 0777, TOP "link", "/etc/passwd", "link: it is a link; put the file itself" },
		{ 'l', 0777, TOP "environment", "../../..", "environment: it is a link" },
		{ 'h', 0644, TOP "hard", TOP "course.xml", "hard: it is a link" },
		{ 'h', 0644, TOP "hard", "/etc/passwd", "hard: it is a link" },
		{ 'c', 0600, TOP "null", "", "null: it is a device, a pipe or a socket; leave it out" },
		{ 'b', 0600, TOP "disk", "", "disk: it is a device" },
		{ 'p', 0600, TOP "pipe", "", "pipe: it is a device, a pipe" },
		{ 'f', 0644, "/tmp/evil", "x", "/tmp/evil: its path begins with '/'" },
		{ 'f', 0644, "//tmp/evil", "x", "//tmp/evil: its path begins with '/'" },
		{ 'f', 0644, "../evil", "x", "../evil: its path climbs with '..'" },
		{ 'f', 0644, TOP "a/../../../evil", "x", "evil: its path climbs" },
		{ 'd', 0755, TOP "..", "", "../: its path climbs" },
		{ 'f', 0644, TOP "bell\a", "x", "bell : its name has control characters; rename it" },
		{ 'f', 0644, TOP "two\nlines", "x", "two lines: its name has control characters" },
		{ 'f', 0644, TOP "gr\xc3\xbc\xc3\x9f", "x", "grüß: its name has other characters than letters" },
		{ 'f', 0644, TOP "gru\xcc\x88\xc3\x9f", "x", "ß: its name has other characters" },
		{ 'f', 0644, TOP "\xff\xfe", "x", "its name has other characters" },
		{ 'f', 0644, TOP "a\\b", "x", "a\\b: its name has other characters" },
		{ 'f', 0644, TOP ".profile", "x", ".profile: its path has an empty part or one that begins" },
		{ 'f', 0644, TOP "./a", "x", "./a: its path has an empty part" },
		{ 'f', 0644, TOP "a//b", "x", "a//b: its path has an empty part" },
		{ 'f', 04755, TOP "setup.sh", "x", "setup.sh: it has a set-uid, set-gid or sticky bit; give" },
		{ 'f', 02755, TOP "setup.sh", "x", "setup.sh: it has a set-uid" },
		{ 'd', 01777, TOP "lab", "", "lab/: it has a set-uid, set-gid or sticky bit" },
		{ 'f', 0644, TOP "COURSE.xml", "x",
		  "COURSE.xml: its name differs from " TOP "course.xml in case only; rename one" },
		{ 'f', 0644, "Hello-1.0.0/x", "x", "Hello-1.0.0/x: it is not in the folder hello-1.0.0" },
		{ 'f', 0644, TOP "course.xml", "x", "course.xml: it is in the archive twice; leave one out" },
		{ 'f', 0644, TOP "course.xml/x", "x", "course.xml: it is in the archive twice" },
		{ 'd', 0755, TOP "course.xml", "", "course.xml: it is in the archive twice" },
		{ 'f', 0644, "hello-1.0.0", "x", "hello-1.0.0: it is not in the folder" },
		{ 'f', 0644, "hello-1.0.01/x", "x", "hello-1.0.01/x: it is not in the folder hello-1.0.0" },
		{ 'f', 0644, "MANIFEST", "x", "MANIFEST: it is not in the folder hello-1.0.0" },
	};
	/* clang-format on */
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct parcel parcel = begin_sound();
		parcel_add(&parcel, table[i].kind, table[i].mode, table[i].path, table[i].content,
			   strlen(table[i].content));
		refuse(parcel_end(&parcel), ERR_INVALID, table[i].expected);
	}
}

static void folders_that_differ_in_case_are_refused(void **state)
{
	struct parcel parcel = begin_sound();

	(void)state;
	parcel_text(&parcel, TOP "files/a", "x");
	parcel_text(&parcel, TOP "Files/b", "x");
	refuse(parcel_end(&parcel), ERR_INVALID, TOP "Files: its name differs from " TOP "files in case");
}

/* ---- bombs ----------------------------------------------------------------------------------- */

static void a_file_that_unpacks_to_much_is_refused_unread(void **state)
{
	static const char zeros[64 * 1024 * 1024];
	struct parcel parcel = begin_sound();

	(void)state;
	parcel_add(&parcel, 'f', 0644, TOP "zeros", zeros, sizeof(zeros));
	refuse(parcel_end(&parcel), ERR_TOO_LARGE, "zeros: it is larger than 1 MiB");
}

static void many_files_that_unpack_to_much_are_refused(void **state)
{
	static const char zeros[1024 * 1024];
	struct parcel parcel = begin_sound();

	(void)state;
	for (int i = 0; i < 33; i++) {
		AUTO_FREE char *path = str_fmt(TOP "zeros%d", i);
		parcel_add(&parcel, 'f', 0644, path, zeros, sizeof(zeros));
	}
	refuse(parcel_end(&parcel), ERR_TOO_LARGE, "zeros31: with it the pack is larger than 32 MiB");
}

static void many_names_are_refused(void **state)
{
	struct parcel parcel = begin_sound();

	(void)state;
	for (int i = 0; i < 5000; i++) {
		AUTO_FREE char *path = str_fmt(TOP "d%d", i);
		parcel_add(&parcel, 'd', 0755, path, "", 0);
	}
	refuse(parcel_end(&parcel), ERR_TOO_LARGE, "with it the archive has more than 4096 files and folders");
}

static void deep_folders_and_long_names_are_refused(void **state)
{
	char name[301] = "";
	struct parcel parcel = begin_sound();

	(void)state;
	parcel_text(&parcel, TOP "1/2/3/4/5/6/7/8/file", "x");
	parcel_text(&parcel, TOP "1/2/3/4/5/6/7/8/9/file", "x");
	refuse(parcel_end(&parcel), ERR_TOO_LARGE, "8/9/file: it lies more than 8 folders deep; move it up");
	memset(name, 'x', sizeof(name) - 1);
	AUTO_FREE char *path = str_fmt(TOP "%s", name);
	parcel = begin_sound();
	parcel_text(&parcel, path, "x");
	refuse(parcel_end(&parcel), ERR_TOO_LARGE, "its name or path is too long");
}

/* ---- what is no archive of ours -------------------------------------------------------------- */

static int file_of(const void *bytes, size_t length)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_int_equal(write(fd, bytes, length), length);
	return fd;
}

static void only_a_tar_file_that_was_compressed_once_is_read(void **state)
{
	static const char words[] = "this is no archive at all, but long enough to be looked at";

	(void)state;
	for (unsigned wraps = 0; wraps < 3; wraps += 2) {
		struct parcel parcel = parcel_begin(wraps);
		parcel_text(&parcel, "MANIFEST", manifest_head);
		refuse(parcel_end(&parcel), ERR_INVALID, "not a tar file that was compressed once");
	}
	refuse(file_of(words, sizeof(words)), ERR_INVALID, "the archive cannot be read");
	refuse(file_of("", 0), ERR_INVALID, "the archive");
}

static void an_archive_that_did_not_come_whole_is_refused(void **state)
{
	struct pack *pack = sound_pack();
	AUTO_CLOSE int whole = export(pack);
	AUTO(buf) struct buf bytes = bytes_of(whole);

	(void)state;
	for (size_t length = 1; length < bytes.length; length += bytes.length / 37)
		refuse(file_of(bytes.data, length), ERR_INVALID, "the archive");
	pack_free(pack);
}

static void a_file_that_is_too_large_is_not_begun(void **state)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, PACK_ARCHIVE_MAX + 1), 0);
	refuse(fd, ERR_TOO_LARGE, "the archive is larger than 40 MiB");
}

static void the_manifest_comes_first_and_says_what_it_is(void **state)
{
	static const char *const heads[] = {
		"", "hello 1.0.0\n", "# Terakoya pack: hello\n", "# Terakoya pack: ../.. 1.0.0\n",
		"# Terakoya pack: hello 1.0\n", "# Terakoya pack: hello 1.0.0/..\n",
		"# Terakoya pack: Hello 1.0.0\n", "# Terakoya pack: hello 1.0.00000\n",
	};
	struct parcel parcel = parcel_begin(1);

	(void)state;
	parcel_text(&parcel, TOP "course.xml", "x");
	refuse(parcel_end(&parcel), ERR_INVALID, "course.xml: it comes first, and is not the file MANIFEST");
	parcel = parcel_begin(1);
	parcel_text(&parcel, "MANIFEST", manifest_head);
	refuse(parcel_end(&parcel), ERR_INVALID, "the archive holds nothing but its MANIFEST");
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
		parcel = parcel_begin(1);
		parcel_text(&parcel, "MANIFEST", heads[i]);
		refuse(parcel_end(&parcel), ERR_INVALID, "MANIFEST: its first line is not");
	}
}

/* ---- the manifest's word --------------------------------------------------------------------- */

/* The sound pack's archive, but one file differs: other text, other mode, left out (text NULL), or one
 * more. The manifest stays the sound one's, unless it is given. */
static int forged(const char *path, const char *text, unsigned mode, const char *manifest)
{
	struct pack *pack = sound_pack();
	AUTO(buf) struct buf honest = { 0 };
	struct parcel parcel = parcel_begin(1);
	bool met = false;

	manifest_write(pack, "hello", "1.0.0", &honest);
	parcel_text(&parcel, "MANIFEST", manifest ? manifest : (const char *)honest.data);
	for (size_t i = 0; i < pack->files; i++) {
		const struct pack_file *file = &pack->file[i];
		bool this = str_equal(file->path, path);
		AUTO_FREE char *full = str_fmt(TOP "%s", file->path);
		met |= this;
		if (this && text)
			parcel_add(&parcel, 'f', mode, full, text, strlen(text));
		else if (!this)
			parcel_add(&parcel, 'f', 0644, full, file->content.data, file->content.length);
	}
	AUTO_FREE char *more = str_fmt(TOP "%s", path);
	if (!met)
		parcel_text(&parcel, more, text);
	pack_free(pack);
	return parcel_end(&parcel);
}

static void what_differs_from_the_manifest_is_named(void **state)
{
	const char *probe = "true\n";

	(void)state;
	refuse(forged("environment/desk.probe", "false\n", 0644, NULL), ERR_INVALID,
	       TOP "environment/desk.probe: its content is not what MANIFEST says; the archive was damaged");
	refuse(forged("greeting/setup.sh", NULL, 0644, NULL), ERR_INVALID,
	       "greeting/setup.sh\" of MANIFEST has no file in the archive");
	refuse(forged("greeting/zzz.sh", "x", 0644, NULL), ERR_INVALID,
	       "greeting/zzz.sh: it is not listed in MANIFEST");
	refuse(forged("aaa.sh", "x", 0644, NULL), ERR_INVALID, "aaa.sh: it is not listed in MANIFEST");
	refuse(forged("environment/desk.probe", probe, 0755, NULL), ERR_INVALID,
	       "the digest of the pack does not");
	refuse(forged("environment/desk.probe", probe, 0644, manifest_head), ERR_INVALID,
	       "course.xml: it is not listed in MANIFEST");
}

static void the_manifest_names_the_course_that_is_inside(void **state)
{
	struct pack *pack = sound_pack();

	(void)state;
	free(pack->version);
	pack->version = str_copy("1.0.1");
	refuse(export(pack), ERR_INVALID, "course.xml is of hello 1.0.0, MANIFEST of hello 1.0.1");
	pack_free(pack);
}

/* ---- lint ------------------------------------------------------------------------------------ */

static void what_lint_finds_is_handed_back(void **state)
{
	struct pack_findings findings = { 0 };
	struct err err = ERR_INIT;
	struct pack *pack = fixture_pack("course.xml", "network=\"office\"", "network=\"offce\"");

	(void)state;
	pack->id = str_copy("hello");
	pack->version = str_copy("1.0.0");
	digest_pack(pack);
	assert_null(import(export(pack), &findings, &err));
	assert_true(findings_hold(&findings, "course.xml:8: there is no network offce"));
	assert_true(str_starts(err.message, "course.xml:8: there is no network offce"));
	assert_int_equal(things_below(packs), 0);
	pack_findings_free(&findings);
	pack_free(pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pack_comes_back_byte_by_byte),
		cmocka_unit_test(an_executable_file_stays_one),
		cmocka_unit_test(a_pack_moves_to_its_place_in_one_step),
		cmocka_unit_test(what_was_cut_short_is_swept_away),
		cmocka_unit_test(an_entry_that_no_pack_has_is_refused_by_name),
		cmocka_unit_test(folders_that_differ_in_case_are_refused),
		cmocka_unit_test(a_file_that_unpacks_to_much_is_refused_unread),
		cmocka_unit_test(many_files_that_unpack_to_much_are_refused),
		cmocka_unit_test(many_names_are_refused),
		cmocka_unit_test(deep_folders_and_long_names_are_refused),
		cmocka_unit_test(only_a_tar_file_that_was_compressed_once_is_read),
		cmocka_unit_test(an_archive_that_did_not_come_whole_is_refused),
		cmocka_unit_test(a_file_that_is_too_large_is_not_begun),
		cmocka_unit_test(the_manifest_comes_first_and_says_what_it_is),
		cmocka_unit_test(what_differs_from_the_manifest_is_named),
		cmocka_unit_test(the_manifest_names_the_course_that_is_inside),
		cmocka_unit_test(what_lint_finds_is_handed_back),
	};

	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
