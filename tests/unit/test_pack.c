#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "pack_fixture.h"

/* ---- a sound pack ---------------------------------------------------------------------------- */

static void a_sound_pack_has_its_environment(void **state)
{
	struct pack *pack = sound_pack();

	(void)state;
	assert_string_equal(pack->id, "hello");
	assert_string_equal(pack->title.in[PACK_EN], "Hello");
	assert_string_equal(pack->title.in[PACK_JA], "語 Hello");
	assert_int_equal(pack->networks, 1);
	assert_int_equal(pack->machines, 2);
	const struct pack_machine *desk = pack_machine(pack, "desk");
	assert_int_equal(desk->memory_mib, 384);
	assert_int_equal(desk->vcpus, 1);
	assert_int_equal(desk->disk_mib, 4096);
	assert_true(desk->user_sudo);
	assert_string_equal(desk->nic[0].mac, "52:54:00:7e:00:00");
	assert_int_equal(desk->probes, 3);
	assert_int_equal(desk->probe[0].kind, PACK_PROBE_FILE);
	assert_string_equal(desk->probe[0].what, "/etc/hostname");
	assert_int_equal(desk->probe[1].port, 22);
	assert_int_equal(desk->probe[2].kind, PACK_PROBE_SCRIPT);
	assert_string_equal(desk->probe[2].what, "environment/desk.probe");
	assert_string_equal(pack->machine[1].nic[0].mac, "52:54:00:7e:01:00");
	assert_int_equal(pack->machine[1].disk_mib, 2048);
	assert_false(pack->machine[1].user_sudo);
	assert_int_equal(pack->machine[1].probes, 0);
	assert_null(pack_machine(pack, "gone"));
	pack_free(pack);
}

static void a_sound_pack_has_its_labs_and_tasks(void **state)
{
	struct pack *pack = sound_pack();
	const struct pack_lab *lab = pack_lab(pack, "greeting");
	const struct pack_task *note = pack_task(lab, "note"), *why = pack_task(lab, "why");

	(void)state;
	assert_int_equal(lab->day, 1);
	assert_int_equal(lab->minutes, 20);
	assert_string_equal(lab->setup[0], "greeting/setup.sh");
	assert_string_equal(lab->setup_machine[0], "desk");
	assert_int_equal(lab->parameter[1].low, 100);
	assert_int_equal(lab->parameter[1].high, 999);
	assert_string_equal(note->check, "greeting/note.check");
	assert_string_equal(note->text.in[PACK_EN], "A note for {{colleague}}.\n  - indented");
	assert_int_equal(note->feedback[0].code, 11);
	assert_int_equal(note->hint[0].cost, 2);
	assert_int_equal(pack_task(lab, "desk")->kind, PACK_TASK_ANSWER);
	assert_int_equal(why->kind, PACK_TASK_QUIZ);
	assert_true(why->optional);
	assert_string_equal(why->machine, "files");
	assert_false(why->option[0].correct);
	assert_true(why->option[1].correct);
	assert_null(pack_lab(pack, "gone"));
	assert_null(pack_task(lab, "gone"));
	pack_free(pack);
}

static void a_script_is_found_by_its_path(void **state)
{
	struct pack *pack = sound_pack();
	AUTO(buf) struct buf text = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(pack_script(pack, "environment/desk.probe", &text, &err), 0);
	assert_string_equal((char *)text.data, "true\n");
	assert_int_equal(pack_script(pack, "../etc/passwd", &text, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	pack_free(pack);
}

/* ---- every rule, broken ---------------------------------------------------------------------- */

struct broken {
	const char *path, *from, *to; /* as for fixture_pack() */
	const char *finding;          /* "file:line: message"; the message may go on */
};

#define COURSE "course.xml"
#define LAB    "greeting/lab.xml"
#define QUIZ_END "</option>\n  </task>\n</lab>"

static const struct broken broken[] = {
	/* well-formedness, and attacks on the parser */
	{ COURSE, "</course>", "", "course.xml:20: Premature end of data in tag course line 1; expected well" },
	{ COURSE, NULL, NULL, "course.xml:0: there is none; expected it at the pack's top" },
	{ COURSE, NULL, "", "course.xml:" },
	{ COURSE, "<course", "<!DOCTYPE course><course",
	  "course.xml:1: a DOCTYPE or entity declaration; expected neither" },
	{ LAB, "<lab", "<!DOCTYPE l [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;\">]><lab",
	  "greeting/lab.xml:1: a DOCTYPE or entity declaration" },
	{ LAB, "<lab", "<!DOCTYPE lab [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><lab",
	  "greeting/lab.xml:1: a DOCTYPE or entity declaration" },
	{ LAB, "A note", "&amp;&laugh; note",
	  "greeting/lab.xml:9: Entity 'laugh' not defined; expected well-formed XML" },
	{ LAB, "A note", "A \xff note", "greeting/lab.xml:9: Input is not proper UTF-8" },
	/* the schema, in an author's words */
	{ COURSE, "<course xmlns=\"urn:terakoya:course:1\"", "<course",
	  "course.xml:2: <course> has another namespace; expected xmlns=\"urn:terakoya:course:1\"" },
	{ LAB, NULL, "<course xmlns=\"urn:terakoya:course:1\"/>",
	  "greeting/lab.xml:1: <course> at the top; expected <lab xmlns=\"urn:terakoya:course:1\">" },
	{ LAB, "<check script=\"note.check\"/>", "<chek script=\"note.check\"/>",
	  "greeting/lab.xml:12: <chek> is not known in <task>; expected title, text, check, answer, option, "
	  "feedback, hint, solve" },
	{ LAB, "points=\"10\"", "pts=\"10\"",
	  "greeting/lab.xml:6: <task> has no attribute pts; expected id, points, minutes, kind, machine, "
	  "optional" },
	{ LAB, " points=\"10\"", "",
	  "greeting/lab.xml:6: <task> without the attribute points; expected points, 0 to 1000" },
	{ LAB, "points=\"10\"", "points=\"many\"",
	  "greeting/lab.xml:6: points=\"many\" in <task>; expected points, 0 to 1000" },
	{ LAB, "kind=\"answer\"", "kind=\"essay\"",
	  "greeting/lab.xml:17: kind=\"essay\" in <task>; expected state (a check looks at the machine), "
	  "answer (the student types one) or quiz: state, answer, quiz" },
	{ LAB, "id=\"note\"", "id=\"My Note\"", "greeting/lab.xml:6: id=\"My Note\" in <task>; expected lower-case" },
	{ LAB, "code=\"11\"", "code=\"7\"",
	  "greeting/lab.xml:13: code=\"7\" in <feedback>; expected an exit status of the script, 10 to 99" },
	{ LAB, "optional=\"true\"", "optional=\"yes\"",
	  "greeting/lab.xml:22: optional=\"yes\" in <task>; expected whether the task is a challenge that "
	  "counts apart: true, false" },
	{ LAB, "choose=\"aoki baba chiba doi\"", "choose=\"aoki;reboot baba\"",
	  "greeting/lab.xml:3: choose=\"aoki;reboot baba\" in <parameter>; expected two or more words" },
	{ LAB, "number=\"100..999\"", "number=\"100-999\"",
	  "greeting/lab.xml:4: number=\"100-999\" in <parameter>; expected a range with both ends included" },
	{ LAB, "<title xml:lang=\"en\">Leave", "<title xml:lang=\"fr\">Leave",
	  "greeting/lab.xml:7: xml:lang=\"fr\" in <title>; expected a language of the pack: en, ja" },
	{ LAB, "<solve script=\"note.solve\"/>", "<solve script=\"note.solve\"/><check script=\"note.check\"/>",
	  "greeting/lab.xml:15: <check> comes too late in <task>; expected this order: title" },
	{ LAB, "<check script=\"note.check\"/>", "<check script=\"note.check\"/><check script=\"x\"/>",
	  "greeting/lab.xml:12: a second <check> in <task>; expected one" },
	{ LAB, "<check script=\"note.check\"/>", "stray words",
	  "greeting/lab.xml:6: text directly in <task>; expected only elements" },
	{ LAB, ">Say hello<", ">Say <b>hello</b><",
	  "greeting/lab.xml:2: <b> is not known in <title>; expected no element" },
	{ COURSE, "<user name=\"student\"/>", "",
	  "course.xml:13: <machine> without a <user>; expected one in it" },
	{ COURSE, "memory=\"384\"", "memory=\"64\"",
	  "course.xml:7: memory=\"64\" in <machine>; expected memory in MiB, 128 to 16384" },
	{ COURSE, "<break minutes=\"10\"/>", "<lunch/>",
	  "course.xml:18: <lunch> is not known in <day>; expected lab, break" },
	/* texts */
	{ LAB, "<title xml:lang=\"ja\">語 Leave a note</title>", "",
	  "greeting/lab.xml:6: <task> without <title xml:lang=\"ja\">; expected one per language" },
	{ LAB, "<text xml:lang=\"ja\">語 echo</text>", "<text xml:lang=\"en\">echo</text>",
	  "greeting/lab.xml:14: a second <text xml:lang=\"en\">; expected one per language" },
	{ LAB, ">メモ<", ">  <", "greeting/lab.xml:11: <text xml:lang=\"ja\"> is empty; expected words" },
	{ LAB, "None yet", "No {{nobody}}",
	  "greeting/lab.xml:13: {{nobody}} is filled in nowhere; expected the name of a <parameter>, or seed" },
	{ COURSE, ">Hello<", ">Hello {{colleague}}<",
	  "course.xml:3: {{colleague}} is filled in nowhere; expected no {{...}} here" },
	{ LAB, "None yet", "[None](file:///etc/passwd)",
	  "greeting/lab.xml:13: 1 links or images lead to where they may not; expected http:, https:" },
	{ LAB, ">Say hello<", ">Say {{colleague}}<",
	  "greeting/lab.xml:2: {{colleague}} is filled in nowhere; expected no {{...}} here" },
	/* the environment */
	{ COURSE, "<network name=\"office\"/>", "<network name=\"office\"/><network name=\"office\"/>",
	  "course.xml:6: a second network office; expected unique names" },
	{ COURSE, "machine name=\"files\"", "machine name=\"desk\"",
	  "course.xml:13: a second machine desk; expected unique names" },
	{ COURSE, "network=\"office\" address=\"10.10.0.20/24\"", "network=\"lan\" address=\"10.10.0.20/24\"",
	  "course.xml:14: there is no network lan; expected the name of a <network>" },
	{ COURSE, "10.10.0.20/24", "10.10.0.10/24",
	  "course.xml:14: the address 10.10.0.10/24 is taken; expected a free one" },
	{ COURSE, "10.10.0.20/24", "10.10.1.20/24",
	  "course.xml:14: 10.10.1.20/24 is not in the subnet of 10.10.0.10/24; expected one subnet on the" },
	{ COURSE, "10.10.0.20/24", "10.10.0.255/24", "course.xml:14: 10.10.0.255/24 is no host's address" },
	{ COURSE, "10.10.0.20/24", "10.10.0.300/24", "course.xml:14: 10.10.0.300/24 is no host's address" },
	{ COURSE, "<user name=\"student\"/>", "<user name=\"root\"/>",
	  "course.xml:15: the student would be root; expected an account of their own" },
	{ COURSE, "<user name=\"student\"/>",
	  "<nic network=\"office\" address=\"10.10.0.21/24\"/><user name=\"student\"/>",
	  "course.xml:15: a second nic on the network office; expected one per machine" },
	/* days */
	{ COURSE, "day number=\"1\"", "day number=\"2\"", "course.xml:18: day number=\"2\"; expected 1: days count" },
	{ COURSE, "<break minutes=\"10\"/>", "<lab ref=\"greeting\" minutes=\"20\"/>",
	  "course.xml:18: the lab greeting a second time; expected each lab once" },
	{ COURSE, "<break minutes=\"10\"/>", "<lab ref=\"lost\" minutes=\"20\"/>",
	  "course.xml:18: the lab lost has no lost/lab.xml; expected that file" },
	{ COURSE, "lab ref=\"greeting\"", "lab ref=\"lost\"",
	  "greeting/lab.xml:0: no day of course.xml refers to this lab; expected <lab ref=\"greeting\">" },
	{ COURSE, "minutes=\"20\"", "minutes=\"7\"",
	  "course.xml:18: the tasks of greeting need 8 minutes; expected at most the lab's 7" },
	/* labs and tasks */
	{ LAB, "id=\"greeting\"", "id=\"farewell\"",
	  "greeting/lab.xml:1: the lab's id is farewell; expected greeting, the name of its folder" },
	{ LAB, "machine=\"desk\"", "machine=\"dusk\"",
	  "greeting/lab.xml:1: there is no machine dusk; expected the name of a <machine>" },
	{ LAB, "machine=\"files\"", "machine=\"piles\"", "greeting/lab.xml:22: there is no machine piles" },
	{ LAB, "<setup script=\"setup.sh\"/>", "<setup script=\"setup.sh\" machine=\"piles\"/>",
	  "greeting/lab.xml:5: there is no machine piles" },
	{ LAB, "id=\"desk\"", "id=\"note\"", "greeting/lab.xml:17: a second task note; expected unique ids" },
	{ LAB, "<parameter name=\"number\"", "<parameter name=\"colleague\"",
	  "greeting/lab.xml:4: a second parameter colleague; expected unique names" },
	{ LAB, "<parameter name=\"number\"", "<parameter name=\"seed\"",
	  "greeting/lab.xml:4: a parameter called seed; expected another name" },
	{ LAB, "number=\"100..999\"", "number=\"999..100\"",
	  "greeting/lab.xml:4: number from 999 to 100; expected a range that rises" },
	{ LAB, "number=\"100..999\"", "number=\"1..9\" choose=\"a b\"",
	  "greeting/lab.xml:4: the parameter number has both choose and number; expected choose or number" },
	{ LAB, " number=\"100..999\"", "",
	  "greeting/lab.xml:4: the parameter number has neither choose nor number" },
	{ LAB, "choose=\"aoki baba chiba doi\"", "choose=\"aoki baba aoki\"",
	  "greeting/lab.xml:3: the parameter colleague may be aoki twice; expected different words" },
	{ LAB, " kind=\"answer\"", "",
	  "greeting/lab.xml:17: the task desk has the wrong parts for its kind; expected a <check> and" },
	{ LAB, "<solve script=\"desk.solve\"/>", "",
	  "greeting/lab.xml:17: the task desk has the wrong parts for its kind; expected an <answer> and" },
	{ LAB, " correct=\"true\"", "", "greeting/lab.xml:22: no option of why is right; expected correct" },
	{ LAB, "cost=\"2\"", "cost=\"20\"",
	  "greeting/lab.xml:6: the hints of note cost 20 points; expected at most its 10" },
	{ LAB, "code=\"11\"", "code=\"44\"",
	  "greeting/lab.xml:13: feedback 44 is never given: greeting/note.check has no `exit 44`; expected" },
	{ LAB, "<hint cost", "<feedback code=\"11\">" BOTH("text", "x") "</feedback><hint cost",
	  "greeting/lab.xml:14: a second feedback 11; expected one per code" },
	{ "greeting/note.check", "exit 11", "exit 11; exit 12",
	  "greeting/lab.xml:6: greeting/note.check may exit 12, but note has no feedback with that code" },
	{ LAB, QUIZ_END, "</option><feedback code=\"10\">" BOTH("text", "x") "</feedback>\n  </task>\n</lab>",
	  "greeting/lab.xml:25: feedback 10 of the quiz why is never given; expected 10 for a choice that lacks" },
	{ LAB, QUIZ_END, "</option><feedback code=\"12\">" BOTH("text", "x") "</feedback>\n  </task>\n</lab>",
	  "greeting/lab.xml:25: feedback 12 of the quiz why is never given" },
	{ LAB, QUIZ_END, "</option><feedback code=\"13\">" BOTH("text", "x") "</feedback>\n  </task>\n</lab>",
	  "greeting/lab.xml:25: feedback 13 of the quiz why is never given" },
	/* scripts */
	{ "greeting/note.check", NULL, NULL,
	  "greeting/lab.xml:12: there is no script greeting/note.check; expected that file" },
	{ LAB, "script=\"note.check\"", "script=\"../greeting/note.check\"",
	  "greeting/lab.xml:12: the path greeting/../greeting/note.check leaves its folder; expected" },
	{ COURSE, "script=\"environment/desk.sh\"", "script=\"/etc/passwd\"",
	  "course.xml:10: the path /etc/passwd leaves its folder; expected" },
	{ "greeting/setup.sh", "install", "if true\ninstall",
	  "greeting/setup.sh:4: Syntax error: end of file unexpected (expecting \"then\"); expected a script" },
	{ "greeting/setup.sh", "#!/bin/sh", "#!/bin/bash",
	  "greeting/setup.sh:1: #!/bin/bash; expected #!/bin/sh: that shell runs it" },
	{ "greeting/setup.sh", "\n", "\r\n",
	  "greeting/setup.sh:0: it has NUL bytes or lines that end in CR; expected text with plain newlines" },
	{ "greeting/setup.sh", NULL, "", "greeting/setup.sh:0: it is empty; expected a script" },
	{ "greeting/setup.sh", "install", "echo $P_NOBODY\ninstall",
	  "greeting/setup.sh:2: P_NOBODY is set nowhere; expected the name of a <parameter>, or P_SEED" },
	/* guides */
	{ "greeting/guide.ja.md", NULL, NULL,
	  "greeting/guide.ja.md:0: there is none; expected a guide in every language" },
	{ "greeting/guide.ja.md", NULL, "", "greeting/guide.ja.md:0: it is empty; expected a guide" },
	{ "greeting/guide.ja.md", NULL, "ok\nnot \xc3(\n",
	  "greeting/guide.ja.md:2: a control character or broken UTF-8; expected UTF-8 with plain newlines" },
	{ "greeting/guide.en.md", "Hello, {{colleague}}", "Hello\n{{college}}",
	  "greeting/guide.en.md:2: {{college}} is filled in nowhere" },
	{ "greeting/guide.en.md", "{{task:why}}", "{{task:how}}",
	  "greeting/guide.en.md:7: {{task:how}}, but greeting has no such task; expected the id of a <task>" },
	{ "greeting/guide.en.md", "{{task:why}}", "end",
	  "greeting/guide.en.md:0: other tasks are marked, but why is not; expected {{task:why}} alone" },
	{ "greeting/guide.en.md", "{{task:why}}", "do {{task:why}}",
	  "greeting/guide.en.md:7: {{task:why}} has words beside it; expected it alone in its paragraph" },
	{ "greeting/guide.en.md", "{{task:why}}", "{{task:why}}\n\n{{task:note}}",
	  "greeting/guide.en.md:9: {{task:note}} a second time; expected each task once" },
	{ "greeting/guide.en.md", "{{task:note}}\n\n{{task:desk}}", "{{task:desk}}\n\n{{task:note}}",
	  "greeting/guide.en.md:5: {{task:note}} comes after a later task; expected the order of lab.xml" },
	{ "greeting/guide.en.md", "Hello", "[Hello](javascript:alert(1))",
	  "greeting/guide.en.md:0: 1 links or images lead to where they may not; expected http:, https:" },
};

static void every_broken_rule_is_found_where_it_is(void **state)
{
	bool all = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct pack *pack = fixture_pack(broken[i].path, broken[i].from, broken[i].to);
		struct pack_findings findings = { 0 };
		bool sound = fixture_read(pack, &findings);
		if (sound || !findings_hold(&findings, broken[i].finding)) {
			print_message("expected: %s\nfound:\n", broken[i].finding);
			findings_print(&findings);
			all = false;
		}
		pack_findings_free(&findings);
		pack_free(pack);
	}
	assert_true(all);
}

static void a_quiz_has_feedback_for_a_wrong_option(void **state)
{
	struct pack *pack = fixture_pack(LAB, QUIZ_END,
					 "</option><feedback code=\"11\">" BOTH("text", "Not so")
					 "</feedback>\n  </task>\n</lab>");
	struct pack_findings findings = { 0 };

	(void)state;
	assert_true(fixture_read(pack, &findings));
	assert_int_equal(findings.count, 0);
	pack_findings_free(&findings);
	pack_free(pack);
}

static void a_code_that_is_computed_counts_as_given(void **state)
{
	struct pack *pack = fixture_pack("greeting/note.check", "|| exit 11", "|| awk 'BEGIN { exit 11 }'");
	struct pack_findings findings = { 0 };

	(void)state;
	assert_true(fixture_read(pack, &findings));
	pack_free(pack);
}

static void findings_are_not_without_end(void **state)
{
	AUTO(buf) struct buf many = { 0 };
	struct pack_findings findings = { 0 };

	(void)state;
	buf_text(&many, "<lab xmlns=\"urn:terakoya:course:1\">");
	for (int i = 0; i < 1000; i++)
		buf_text(&many, "<wrong/>");
	buf_text(&many, "</lab>");
	struct pack *pack = fixture_pack(LAB, NULL, (char *)many.data);
	assert_false(fixture_read(pack, &findings));
	assert_int_equal(findings.count, PACK_FINDINGS_MAX + 1);
	assert_string_equal(findings.item[PACK_FINDINGS_MAX].message,
			    "there are more findings; mend these first");
	pack_findings_free(&findings);
	pack_free(pack);
}

/* ---- attacks on the parser that need more than a string -------------------------------------- */

static void lab_is_refused(const struct buf *xml, const char *finding)
{
	struct pack *pack = fixture_pack(LAB, NULL, (const char *)xml->data);
	struct pack_findings findings = { 0 };

	assert_false(fixture_read(pack, &findings));
	if (!findings_hold(&findings, finding))
		findings_print(&findings);
	assert_true(findings_hold(&findings, finding));
	pack_findings_free(&findings);
	pack_free(pack);
}

static void deep_nesting_is_refused(void **state)
{
	AUTO(buf) struct buf xml = { 0 };

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_text(&xml, "<a>");
	lab_is_refused(&xml, "greeting/lab.xml:1: elements are nested more than 64 deep; expected fewer");
}

static void too_many_elements_are_refused(void **state)
{
	AUTO(buf) struct buf xml = { 0 };

	(void)state;
	buf_text(&xml, "<lab>");
	for (int i = 0; i < PACK_XML_ELEMENTS; i++)
		buf_text(&xml, "<a/>");
	buf_text(&xml, "</lab>");
	lab_is_refused(&xml, "greeting/lab.xml:1: more than 10000 elements; expected fewer");
}

static void a_thousand_tasks_are_refused(void **state)
{
	AUTO(buf) struct buf xml = { 0 };

	(void)state;
	buf_text(&xml, "<lab xmlns=\"urn:terakoya:course:1\" id=\"greeting\" machine=\"desk\">");
	buf_text(&xml, BOTH("title", "t"));
	for (int i = 0; i < 1000; i++)
		buf_fmt(&xml, "<task id=\"t%d\" points=\"1\" minutes=\"1\">%s%s</task>", i,
			BOTH("title", "t"), BOTH("text", "t"));
	buf_text(&xml, "</lab>");
	lab_is_refused(&xml, "greeting/lab.xml:0: 1000 tasks; expected at most 64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_pack_has_its_environment),
		cmocka_unit_test(a_sound_pack_has_its_labs_and_tasks),
		cmocka_unit_test(a_script_is_found_by_its_path),
		cmocka_unit_test(every_broken_rule_is_found_where_it_is),
		cmocka_unit_test(a_quiz_has_feedback_for_a_wrong_option),
		cmocka_unit_test(a_code_that_is_computed_counts_as_given),
		cmocka_unit_test(findings_are_not_without_end),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(too_many_elements_are_refused),
		cmocka_unit_test(a_thousand_tasks_are_refused),
	};

	return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
