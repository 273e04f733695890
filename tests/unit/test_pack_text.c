/* Parameters and texts: what a seat sees of a pack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "pack_fixture.h"
#include "base/clock.h"

/* ---- parameters ------------------------------------------------------------------------------ */

static char *words[] = { "aoi", "sakura", "kiri", "momiji" };
static struct pack_parameter parameters[] = {
	{ .name = "project", .kind = PACK_CHOOSE, .choice = words, .choices = 4 },
	{ .name = "port", .kind = PACK_NUMBER, .low = 1000, .high = 9999 },
};
static const struct pack_lab lab = { .id = "permissions", .parameter = parameters, .parameters = 2 };

static void secret_count(uint8_t secret[PACK_SECRET_BYTES])
{
	for (int i = 0; i < PACK_SECRET_BYTES; i++)
		secret[i] = (uint8_t)i;
}

/* Computed apart with Python's hmac module. If these change, every open class gets other answers. */
static void values_are_the_same_for_ever(void **state)
{
	static const char *const golden[][3] = {
		{ "momiji", "1601", "226f412a" },
		{ "aoi", "3234", "fb4a78b2" },
		{ "momiji", "4307", "9f859a44" },
	};
	uint8_t secret[PACK_SECRET_BYTES];

	(void)state;
	secret_count(secret);
	for (unsigned seat = 0; seat < ARRAY_SIZE(golden); seat++) {
		struct pack_values values;
		pack_values(&lab, secret, seat + 1, &values);
		assert_int_equal(values.count, 3);
		assert_string_equal(values.item[0].name, "project");
		assert_string_equal(values.item[0].value, golden[seat][0]);
		assert_string_equal(values.item[1].value, golden[seat][1]);
		assert_string_equal(values.item[2].name, "seed");
		assert_string_equal(values.item[2].value, golden[seat][2]);
		pack_values_free(&values);
	}
}

static void values_differ_between_seats_and_stay_in_range(void **state)
{
	uint8_t secret[PACK_SECRET_BYTES];
	unsigned word[4] = { 0 }, same_seed = 0;
	AUTO_FREE char *last = str_copy("");

	(void)state;
	secret_count(secret);
	for (unsigned seat = 1; seat <= 400; seat++) {
		struct pack_values values;
		long port;
		pack_values(&lab, secret, seat, &values);
		for (size_t i = 0; i < 4; i++)
			word[i] += str_equal(values.item[0].value, words[i]);
		assert_true(str_to_number(values.item[1].value, 1000, 9999, &port));
		same_seed += str_equal(values.item[2].value, last);
		free(last);
		last = str_copy(values.item[2].value);
		pack_values_free(&values);
	}
	assert_int_equal(same_seed, 0);
	for (size_t i = 0; i < 4; i++)
		assert_in_range(word[i], 60, 140);
}

static void scripts_get_values_in_their_environment(void **state)
{
	uint8_t secret[PACK_SECRET_BYTES];
	struct pack_values values;

	(void)state;
	secret_count(secret);
	pack_values(&lab, secret, 1, &values);
	char **env = pack_env(&values);
	AUTO_FREE char *project = str_fmt("P_PROJECT=%s", values.item[0].value);
	assert_string_equal(env[0], project);
	assert_true(str_starts(env[1], "P_PORT="));
	assert_true(str_starts(env[2], "P_SEED="));
	assert_null(env[3]);
	pack_env_free(env);
	pack_env_free(NULL);
	pack_values_free(&values);
}

/* ---- rendering ------------------------------------------------------------------------------- */

static struct pack_value plain[] = { { "project", "aoi" }, { "port", "8443" } };
static const struct pack_values values = { plain, 2 };

static void renders_as(const char *markdown, bool inline_only, const char *expected)
{
	AUTO(buf) struct buf html = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(pack_render(markdown, &values, inline_only, &html, &err), 0);
	assert_string_equal(html.data ? (char *)html.data : "", expected);
}

static void markdown_becomes_html(void **state)
{
	(void)state;
	renders_as("# Files\n\nRead `ls -l` ~~now~~ *first*.", false,
		   "<h1>Files</h1>\n<p>Read <code>ls -l</code> <del>now</del> <em>first</em>.</p>\n");
	renders_as("```console\n$ ls\n```", false,
		   "<pre><code class=\"language-console\">$ ls\n</code></pre>\n");
	renders_as("|a|b|\n|---|---|\n|1|2|", false,
		   "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n"
		   "<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>\n");
	renders_as("- [x] done", false,
		   "<ul>\n<li class=\"task-list-item\"><input type=\"checkbox\" "
		   "class=\"task-list-item-checkbox\" disabled checked>done</li>\n</ul>\n");
	renders_as("", false, "");
}

static void an_inline_text_has_no_paragraph(void **state)
{
	(void)state;
	renders_as("Make `{{project}}` shared", true, "Make <code>aoi</code> shared");
	renders_as("one\n\ntwo", true, "<p>one</p>\n<p>two</p>\n");
}

static void names_are_filled_in_everywhere_but_unknown_ones_stay(void **state)
{
	(void)state;
	renders_as("{{project}}:{{port}} {{nobody}} {{ project }} {{project} {{{project}}}", true,
		   "aoi:8443 {{nobody}} {{ project }} {{project} {aoi}");
	renders_as("```\nssh {{project}}\n```", false, "<pre><code>ssh aoi\n</code></pre>\n");
	renders_as("[{{project}}](https://{{project}}.example/)", true,
		   "<a href=\"https://aoi.example/\" target=\"_blank\" rel=\"noopener noreferrer\">aoi</a>");
}

static void a_value_that_is_no_plain_word_is_not_filled_in(void **state)
{
	struct pack_value hostile[] = { { "x", "<script>" }, { "y", "](javascript:1)" } };
	struct pack_values list = { hostile, 2 };
	AUTO(buf) struct buf html = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(pack_render("{{x}} [a{{y}}", &list, true, &html, &err), 0);
	assert_string_equal((char *)html.data, "{{x}} [a{{y}}");
}

static void a_task_mark_becomes_an_element(void **state)
{
	(void)state;
	renders_as("a\n\n{{task:make-a-note}}\n\nb", false,
		   "<p>a</p>\n<div class=\"task\" data-task=\"make-a-note\"></div>\n<p>b</p>\n");
	renders_as("{{task:\"><script>}}", false, "<p>{{task:&quot;&gt;&lt;script&gt;}}</p>\n");
	renders_as("`{{task:x}}`", false, "<p><code>{{task:x}}</code></p>\n");
}

static void raw_html_is_text(void **state)
{
	(void)state;
	renders_as("<script>alert(1)</script>", false,
		   "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n");
	renders_as("a <img src=x onerror=alert(1)> b", true,
		   "a &lt;img src=x onerror=alert(1)&gt; b");
	renders_as("<a href=\"javascript:alert(1)\">x</a>", true,
		   "&lt;a href=&quot;javascript:alert(1)&quot;&gt;x&lt;/a&gt;");
	renders_as("```x\" onclick=\"alert(1)\n```", false,
		   "<pre><code class=\"language-x&quot;\"></code></pre>\n");
}

static void links_lead_only_to_the_web_or_nearby(void **state)
{
	static const char *const refused[] = {
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "javascript&colon;alert(1)",
		"&#106;avascript:alert(1)", "vbscript:x", "data:text/html;base64,PHNjcmlwdD4=",
		"file:///etc/passwd", "mailto:a@b.example", "//evil.example/", "x-y:z",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		AUTO_FREE char *markdown = str_fmt("[x](<%s>)", refused[i]);
		renders_as(markdown, true, "<a>x</a>");
	}
	renders_as("[x](javascript:alert(1) \"t\")", true, "<a title=\"t\">x</a>");
	renders_as("<javascript:alert(1)>", true, "<a>javascript:alert(1)</a>");
	renders_as("[x](guide.html?a=b:c#d)", true, "<a href=\"guide.html?a=b:c#d\">x</a>");
	renders_as("[x](#part)", true, "<a href=\"#part\">x</a>");
	renders_as("[x](HTTPS://a.example/\"onclick=)", true,
		   "<a href=\"HTTPS://a.example/%22onclick=\" target=\"_blank\" rel=\"noopener "
		   "noreferrer\">x</a>");
	renders_as("![x](https://a.example/track.png)", true, "<img alt=\"x\">");
}

/* Each of these made some Markdown parser slow or its output huge. Bounds on time are generous: a
 * sanitizer on a busy machine must pass, too. */
static void bombs_do_little(void **state)
{
	static const char *const bomb[] = {
		"[", "![", "[](", "[a](", "**a *b ", "`", "> ", "- ", "<", "&", "\\", "*_", "~~",
		"[a]: b\n", "[^", "|a\n", "1. ", "# ", "_a ", "a_", "``a", "<!--", "&#0;",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bomb); i++) {
		AUTO(buf) struct buf text = { 0 };
		AUTO(buf) struct buf html = { 0 };
		struct err err = ERR_INIT;
		uint64_t start = clock_mono_ms();
		while (text.length + strlen(bomb[i]) < PACK_MARKDOWN_MAX) {
			buf_text(&text, bomb[i]);
			if (text.length % 4096 < strlen(bomb[i]))
				buf_text(&text, "\n");
		}
		pack_render((char *)text.data, &values, false, &html, &err);
		uint64_t took = clock_mono_ms() - start;
		if (took > 500)
			print_message("%s took %d ms\n", bomb[i], (int)took);
		assert_true(took < 5000);
		assert_true(html.length < 32 * 1024 * 1024);
	}
}

static void is_too_large(const struct buf *text)
{
	AUTO(buf) struct buf html = { 0 };
	struct err err = ERR_INIT;

	assert_int_equal(pack_render((const char *)text->data, &values, false, &html, &err), -1);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	assert_int_equal(html.length, 0);
}

static void what_would_grow_is_refused(void **state)
{
	AUTO(buf) struct buf wide = { 0 };
	AUTO(buf) struct buf line = { 0 };
	AUTO(buf) struct buf large = { 0 };
	AUTO(buf) struct buf fill = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_text(&wide, "|-");
	is_too_large(&wide);
	for (int i = 0; i < 10000; i++)
		buf_text(&line, "a");
	is_too_large(&line);
	for (int i = 0; i < PACK_MARKDOWN_MAX / 4 + 1; i++)
		buf_text(&large, "abc\n");
	is_too_large(&large);
	for (int i = 0; i < 14000; i++)
		buf_text(&fill, "{{long}}\n");
	struct pack_value value = { "long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct pack_values list = { &value, 1 };
	AUTO(buf) struct buf html = { 0 };
	struct err err = ERR_INIT;
	assert_int_equal(pack_render((char *)fill.data, &list, false, &html, &err), -1);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
}

/* ---- guides ---------------------------------------------------------------------------------- */

static void a_guide_is_rendered_with_its_seats_values(void **state)
{
	struct pack *pack = fixture_pack(NULL, NULL, NULL);
	struct pack_findings findings = { 0 };
	struct pack_value value = { "colleague", "baba" };
	struct pack_values seat = { &value, 1 };
	AUTO(buf) struct buf html = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_true(fixture_read(pack, &findings));
	const struct pack_lab *greeting = pack_lab(pack, "greeting");
	assert_int_equal(pack_guide(pack, greeting, PACK_JA, &seat, &html, &err), 0);
	assert_string_equal((char *)html.data, "<p>こんにちは、babaさん。</p>\n");
	assert_int_equal(pack_guide(pack, &lab, PACK_JA, &seat, &html, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	pack_free(pack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_the_same_for_ever),
		cmocka_unit_test(values_differ_between_seats_and_stay_in_range),
		cmocka_unit_test(scripts_get_values_in_their_environment),
		cmocka_unit_test(markdown_becomes_html),
		cmocka_unit_test(an_inline_text_has_no_paragraph),
		cmocka_unit_test(names_are_filled_in_everywhere_but_unknown_ones_stay),
		cmocka_unit_test(a_value_that_is_no_plain_word_is_not_filled_in),
		cmocka_unit_test(a_task_mark_becomes_an_element),
		cmocka_unit_test(raw_html_is_text),
		cmocka_unit_test(links_lead_only_to_the_web_or_nearby),
		cmocka_unit_test(bombs_do_little),
		cmocka_unit_test(what_would_grow_is_refused),
		cmocka_unit_test(a_guide_is_rendered_with_its_seats_values),
	};

	return cmocka_run_group_tests_name("pack texts", tests, NULL, NULL);
}
