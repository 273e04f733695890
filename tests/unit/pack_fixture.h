/* A small sound pack in memory, and what it takes to break it in one place: for test_pack.c and
 * others of its kind. */
#ifndef TESTS_PACK_FIXTURE_H
#define TESTS_PACK_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "pack/reader.h"

static bool fixture_skip_shell; /* for the fuzzer */

struct fixture_file {
	const char *path, *text;
};

#define BOTH(element, words)                                                                       \
	"<" element " xml:lang=\"en\">" words "</" element "><" element " xml:lang=\"ja\">語 " words    \
	"</" element ">"

/* clang-format off */
static const struct fixture_file fixture[] = {
	{ "course.xml",
	  "<course xmlns=\"urn:terakoya:course:1\" id=\"hello\" version=\"1.0.0\" tlp=\"clear\"\n"
	  "  license=\"CC-BY-4.0\">\n"
	  "  " BOTH("title", "Hello") "\n"
	  "  " BOTH("summary", "The smallest course") "\n"
	  "  <environment>\n"
	  "    <network name=\"office\"/>\n"
	  "    <machine name=\"desk\" image=\"debian-13\" memory=\"384\">\n"
	  "      <nic network=\"office\" address=\"10.10.0.10/24\"/>\n"
	  "      <user name=\"student\" sudo=\"true\"/>\n"
	  "      <setup script=\"environment/desk.sh\"/>\n"
	  "      <probe file=\"/etc/hostname\"/><probe port=\"22\"/>"
	  "<probe script=\"environment/desk.probe\"/>\n"
	  "    </machine>\n"
	  "    <machine name=\"files\" image=\"debian-13\" memory=\"256\" vcpus=\"2\" disk=\"2048\">\n"
	  "      <nic network=\"office\" address=\"10.10.0.20/24\"/>\n"
	  "      <user name=\"student\"/>\n"
	  "    </machine>\n"
	  "  </environment>\n"
	  "  <day number=\"1\"><lab ref=\"greeting\" minutes=\"20\"/><break minutes=\"10\"/></day>\n"
	  "</course>\n" },
	{ "environment/desk.probe", "true\n" },
	{ "environment/desk.sh", "echo ready >/srv/ready\n" },
	{ "greeting/guide.en.md", "Hello, {{colleague}}.\n\n{{task:note}}\n\n{{task:desk}}\n\n{{task:why}}\n" },
	{ "greeting/guide.ja.md", "こんにちは、{{colleague}}さん。\n" },
	{ "greeting/lab.xml",
	  "<lab xmlns=\"urn:terakoya:course:1\" id=\"greeting\" machine=\"desk\">\n"
	  "  " BOTH("title", "Say hello") "\n"
	  "  <parameter name=\"colleague\" choose=\"aoki baba chiba doi\"/>\n"
	  "  <parameter name=\"number\" number=\"100..999\"/>\n"
	  "  <setup script=\"setup.sh\"/>\n"
	  "  <task id=\"note\" points=\"10\" minutes=\"5\">\n"
	  "    " BOTH("title", "Leave a note") "\n"
	  "    <text xml:lang=\"en\">\n      A note for {{colleague}}.\n        - indented\n    </text>"
	  "<text xml:lang=\"ja\">メモ</text>\n"
	  "    <check script=\"note.check\"/>\n"
	  "    <feedback code=\"11\">" BOTH("text", "None yet") "</feedback>\n"
	  "    <hint cost=\"2\">" BOTH("text", "echo") "</hint>\n"
	  "    <solve script=\"note.solve\"/>\n"
	  "  </task>\n"
	  "  <task id=\"desk\" points=\"5\" minutes=\"3\" kind=\"answer\">\n"
	  "    " BOTH("title", "Your desk") BOTH("text", "Which?") "\n"
	  "    <answer script=\"desk.answer\"/><feedback code=\"12\">" BOTH("text", "No") "</feedback>\n"
	  "    <solve script=\"desk.solve\"/>\n"
	  "  </task>\n"
	  "  <task id=\"why\" points=\"5\" minutes=\"3\" kind=\"quiz\" optional=\"true\" machine=\"files\">\n"
	  "    " BOTH("title", "Why?") BOTH("text", "Why so?") "\n"
	  "    <option>" BOTH("text", "wrong") "</option>\n"
	  "    <option correct=\"true\">" BOTH("text", "right") "</option>\n"
	  "  </task>\n"
	  "</lab>\n" },
	{ "greeting/note.check", "[ -f /home/$TK_USER/$P_COLLEAGUE ] || exit 11\n" },
	{ "greeting/note.solve", "touch \"/home/$TK_USER/$P_COLLEAGUE\"\n" },
	{ "greeting/desk.answer", "[ \"$TK_ANSWER\" = \"$P_NUMBER\" ] || exit 12 # not exit 13\n" },
	{ "greeting/desk.solve", "echo \"${P_NUMBER}\" \"$P_SEED\"\n" },
	{ "greeting/setup.sh", "#!/bin/sh\ninstall -d /srv/hello\n" },
};
/* clang-format on */

/* The text with the first `from` in it replaced. Fails loudly when from is not there. */
static char *fixture_replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		abort();
	return str_fmt("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* A pack that is only files. path NULL: as it is. from NULL: the file's whole text becomes `to`, or
 * the file is left out when that is NULL, too. */
static struct pack *fixture_pack(const char *path, const char *from, const char *to)
{
	struct pack *pack = mem_alloc(sizeof(*pack));

	for (size_t i = 0; i < ARRAY_SIZE(fixture); i++) {
		bool broken = str_equal(fixture[i].path, path);
		AUTO_FREE char *text = broken && from ? fixture_replace(fixture[i].text, from, to)
				       : broken	      ? str_copy(to)
						      : str_copy(fixture[i].text);
		if (text)
			tree_add(pack, fixture[i].path, false, text, strlen(text));
	}
	tree_sort(pack);
	return pack;
}

/* Reads it; true without findings, which the caller frees. */
static bool fixture_read(struct pack *pack, struct pack_findings *findings)
{
	struct reader reader = { .pack = pack,
				 .findings = findings,
				 .skip_shell = fixture_skip_shell };
	bool sound = pack_assemble(&reader);

	free(reader.place);
	return sound;
}

static inline void findings_print(const struct pack_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		fprintf(stderr, "  %s:%d: %s\n", findings->item[i].file, findings->item[i].line,
			findings->item[i].message);
}

/* Whether one of them begins with expected, "file:line: message". */
static inline bool findings_hold(const struct pack_findings *findings, const char *expected)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct pack_finding *item = &findings->item[i];
		AUTO_FREE char *text = str_fmt("%s:%d: %s", item->file, item->line, item->message);
		if (str_starts(text, expected))
			return true;
	}
	return false;
}

static inline struct pack *sound_pack(void)
{
	struct pack *pack = fixture_pack(NULL, NULL, NULL);
	struct pack_findings findings = { 0 };
	bool sound = fixture_read(pack, &findings);

	findings_print(&findings);
	pack_findings_free(&findings);
	if (!sound)
		abort();
	return pack;
}

#endif
