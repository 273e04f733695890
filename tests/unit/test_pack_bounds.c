/* What a pack may not have too much of, and the values that the schemas refuse; with the words in which an
 * author is told. The rules between elements are test_pack.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "pack_fixture.h"

#define COURSE "course.xml"
#define LAB    "greeting/lab.xml"

static bool is_told(struct pack *pack, const char *finding)
{
	struct pack_findings findings = { 0 };
	bool sound = fixture_read(pack, &findings), found = findings_hold(&findings, finding);

	if (sound || !found) {
		print_message("expected: %s\nfound:\n", finding);
		findings_print(&findings);
	}
	pack_findings_free(&findings);
	pack_free(pack);
	return !sound && found;
}

static void expect(struct pack *pack, const char *finding)
{
	assert_true(is_told(pack, finding));
}

/* ---- values ------------------------------------------------------------------------------------ */

static const struct {
	const char *path, *from, *to, *finding;
} values[] = {
	{ COURSE, "id=\"hello\"", "id=\"Hello\"", "course.xml:2: id=\"Hello\" in <course>; expected lower-case" },
	{ COURSE, "id=\"hello\"", "id=\"a23456789012345678901234567890123\"", "course.xml:2: id=" },
	{ COURSE, "version=\"1.0.0\"", "version=\"1.0\"",
	  "course.xml:2: version=\"1.0\" in <course>; expected three numbers, for example 1.0.0" },
	{ COURSE, "tlp=\"clear\"", "tlp=\"white\"", "course.xml:2: tlp=\"white\" in <course>; expected who may see" },
	{ COURSE, "license=\"CC-BY-4.0\"", "license=\"free!\"",
	  "course.xml:2: license=\"free!\" in <course>; expected an SPDX licence identifier" },
	{ COURSE, "<network name=\"office\"/>", "", "course.xml:5: <environment> without a <network>; expected one in it" },
	{ COURSE, "network name=\"office\"", "network name=\"Office\"", "course.xml:6: name=\"Office\" in <network>" },
	{ COURSE, "machine name=\"desk\"", "machine name=\"my desk\"", "course.xml:7: name=\"my desk\" in <machine>" },
	{ COURSE, "image=\"debian-13\"", "image=\"Debian 13\"",
	  "course.xml:7: image=\"Debian 13\" in <machine>; expected the name of an image recipe" },
	{ COURSE, "vcpus=\"2\"", "vcpus=\"9\"", "course.xml:13: vcpus=\"9\" in <machine>; expected virtual processors" },
	{ COURSE, "disk=\"2048\"", "disk=\"100\"", "course.xml:13: disk=\"100\" in <machine>; expected size of the disk" },
	{ COURSE, "10.10.0.20/24", "10.10.0.20", "course.xml:14: address=\"10.10.0.20\" in <nic>; expected an IPv4" },
	{ COURSE, "sudo=\"true\"", "sudo=\"yes\"", "course.xml:9: sudo=\"yes\" in <user>; expected whether the account" },
	{ COURSE, "user name=\"student\"", "user name=\"Student\"", "course.xml:9: name=\"Student\" in <user>" },
	{ COURSE, "port=\"22\"", "port=\"70000\"", "course.xml:11: port=\"70000\" in <probe>; expected a TCP port" },
	{ COURSE, "file=\"/etc/hostname\"", "file=\"etc/hostname\"",
	  "course.xml:11: file=\"etc/hostname\" in <probe>; expected the absolute path of a file" },
	{ COURSE, "break minutes=\"10\"", "break minutes=\"0\"", "course.xml:18: minutes=\"0\" in <break>; expected" },
	{ COURSE, "break minutes=\"10\"", "break", "course.xml:18: <break> without the attribute minutes; expected" },
	{ COURSE, "day number=\"1\"", "day number=\"one\"", "course.xml:18: number=\"one\" in <day>; expected the day" },
	{ LAB, "machine=\"desk\"", "machine=\"desk\" fresh=\"1\"", "greeting/lab.xml:1: fresh=\"1\" in <lab>; expected" },
	{ LAB, "parameter name=\"colleague\"", "parameter name=\"Colleague\"",
	  "greeting/lab.xml:3: name=\"Colleague\" in <parameter>; expected" },
	{ LAB, "points=\"10\"", "points=\"1001\"", "greeting/lab.xml:6: points=\"1001\" in <task>; expected points" },
	{ LAB, "minutes=\"5\"", "minutes=\"soon\"", "greeting/lab.xml:6: minutes=\"soon\" in <task>; expected" },
	{ LAB, "cost=\"2\"", "cost=\"-2\"", "greeting/lab.xml:14: cost=\"-2\" in <hint>; expected" },
	{ LAB, "correct=\"true\"", "correct=\"maybe\"", "greeting/lab.xml:25: correct=\"maybe\" in <option>; expected" },
	{ LAB, "check script=\"note.check\"", "check script=\"a b\"", "greeting/lab.xml:12: script=\"a b\" in <check>" },
};

static void a_value_that_does_not_fit_is_told_with_what_would(void **state)
{
	bool all = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		all &= is_told(fixture_pack(values[i].path, values[i].from, values[i].to), values[i].finding);
	assert_true(all);
}

/* ---- too much ---------------------------------------------------------------------------------- */

static void more_machines_than_a_seat_can_have_are_refused(void **state)
{
	AUTO(buf) struct buf xml = { 0 };

	(void)state;
	for (int i = 0; i < PACK_MACHINES_MAX; i++)
		buf_fmt(&xml, "<machine name=\"m%d\" image=\"debian-13\" memory=\"256\"><user name=\"u\"/></machine>", i);
	buf_text(&xml, "</environment>");
	expect(fixture_pack(COURSE, "</environment>", (char *)xml.data),
	       "course.xml:2: 18 machines and 1 networks; expected at most 16 of each");
}

static void more_cards_than_a_machine_can_have_are_refused(void **state)
{
	AUTO(buf) struct buf xml = { 0 };

	(void)state;
	for (int i = 0; i < PACK_NICS_MAX; i++)
		buf_fmt(&xml, "<nic network=\"office\" address=\"10.10.0.%d/24\"/>", 100 + i);
	buf_text(&xml, "<user name=\"student\"/>");
	expect(fixture_pack(COURSE, "<user name=\"student\"/>", (char *)xml.data),
	       "course.xml:13: 9 nics; expected at most 8");
}

/* A second lab, with everything that the first one has. */
static void add_lab(struct pack *pack, const char *id)
{
	AUTO_FREE char *named = str_fmt("id=\"%s\"", id);

	for (size_t i = 0; i < ARRAY_SIZE(fixture); i++) {
		const char *name = strchr(fixture[i].path, '/');
		if (!str_starts(fixture[i].path, "greeting/"))
			continue;
		AUTO_FREE char *path = str_fmt("%s%s", id, name);
		AUTO_FREE char *text = str_equal(name, "/lab.xml") ?
					       fixture_replace(fixture[i].text, "id=\"greeting\"", named) :
					       str_copy(fixture[i].text);
		tree_add(pack, path, false, text, strlen(text));
	}
	tree_sort(pack);
}

static void a_day_longer_than_twelve_hours_is_refused(void **state)
{
	struct pack *pack = fixture_pack(COURSE, "minutes=\"20\"/>",
					 "minutes=\"480\"/><lab ref=\"again\" minutes=\"480\"/>");

	(void)state;
	add_lab(pack, "again");
	expect(pack, "course.xml:18: day 1 has 960 minutes of labs; expected at most 720");
}

static void a_script_that_is_too_large_is_refused(void **state)
{
	AUTO_FREE char *text = mem_alloc(PACK_SCRIPT_MAX + 2);

	(void)state;
	memset(text, '#', PACK_SCRIPT_MAX + 1);
	expect(fixture_pack("greeting/setup.sh", NULL, text),
	       "greeting/setup.sh:0: it is larger than 256 KiB; expected a smaller script");
}

static void a_guide_that_is_too_large_is_refused(void **state)
{
	AUTO_FREE char *text = mem_alloc(PACK_MARKDOWN_MAX + 2);

	(void)state;
	for (size_t i = 0; i <= PACK_MARKDOWN_MAX; i++)
		text[i] = i % 2 ? '\n' : 'x';
	expect(fixture_pack("greeting/guide.ja.md", NULL, text),
	       "greeting/guide.ja.md:0: the Markdown is larger than 128 KiB");
}

static void a_text_that_is_too_large_is_refused(void **state)
{
	AUTO_FREE char *text = mem_alloc(PACK_MARKDOWN_MAX + 10);

	(void)state;
	for (size_t i = 0; i <= PACK_MARKDOWN_MAX; i++)
		text[i] = i % 2 ? '\n' : 'x';
	expect(fixture_pack(LAB, "メモ", text),
	       "greeting/lab.xml:11: the Markdown is larger than 128 KiB; expected a shorter text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_that_does_not_fit_is_told_with_what_would),
		cmocka_unit_test(more_machines_than_a_seat_can_have_are_refused),
		cmocka_unit_test(more_cards_than_a_machine_can_have_are_refused),
		cmocka_unit_test(a_day_longer_than_twelve_hours_is_refused),
		cmocka_unit_test(a_script_that_is_too_large_is_refused),
		cmocka_unit_test(a_guide_that_is_too_large_is_refused),
		cmocka_unit_test(a_text_that_is_too_large_is_refused),
	};

	return cmocka_run_group_tests_name("bounds of a pack", tests, NULL, NULL);
}
