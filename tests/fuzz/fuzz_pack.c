/* libFuzzer on what a pack's author writes. Input that begins with '<' is XML: course.xml where it
 * says <course, else lab.xml of a pack whose other files are sound, read as pack_open() reads it. Anything
 * else is Markdown. Crashes, leaks and hangs are what it looks for, and two promises: a pack that is taken
 * has its parts, and HTML has no tag, address or handler that the renderer did not make.
 */
#include <stddef.h>
#include <stdint.h>

#include "../unit/pack_fixture.h"

static void promise(bool kept)
{
	if (!kept)
		abort();
}

/* Every tag is one of md4c's; every link leads where it may. */
static void html_is_harmless(const char *html)
{
	static const char *const tags[] = {
		"a",  "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6",
		"hr", "img", "input", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th",
		"thead", "tr", "ul",
	};

	for (const char *p = html; (p = strchr(p, '<')); p++) {
		const char *name = p + 1 + (p[1] == '/');
		size_t length = strcspn(name, " />\n"), i = 0;
		while (i < ARRAY_SIZE(tags) && (strlen(tags[i]) != length ||
						strncmp(tags[i], name, length) != 0))
			i++;
		promise(i < ARRAY_SIZE(tags));
	}
	for (const char *p = html; (p = strstr(p, " href=\"")); p++) {
		const char *url = p + strlen(" href=\"");
		size_t scheme = strcspn(url, ":/?#\"");
		promise(url[scheme] != ':' || (scheme >= 4 && strncasecmp(url, "http", 4) == 0));
		promise(!str_starts(url, "//"));
	}
	promise(!strstr(html, " src=\""));
}

static void fuzz_markdown(const char *text)
{
	struct pack_value item = { "project", "aoi" };
	struct pack_values values = { &item, 1 };
	AUTO(buf) struct buf html = { 0 };

	if (pack_render(text, &values, text[0] == '!', &html, NULL) == 0 && html.length)
		html_is_harmless((const char *)html.data);
}

static void fuzz_values(const struct pack_lab *lab)
{
	static const uint8_t secret[PACK_SECRET_BYTES];
	struct pack_values values;

	pack_values(lab, secret, 1, &values);
	pack_env_free(pack_env(&values));
	for (size_t i = 0; i < values.count; i++)
		promise(*values.item[i].value);
	pack_values_free(&values);
}

static void fuzz_xml(const char *text)
{
	struct pack *pack = fixture_pack(strstr(text, "<course") ? "course.xml" : "greeting/lab.xml",
					 NULL, text);
	struct pack_findings findings = { 0 };
	fixture_skip_shell = true;
	bool sound = fixture_read(pack, &findings);

	promise(sound == !findings.count);
	promise(!sound || (pack->machines && pack->labs && pack->title.in[PACK_JA]));
	for (size_t i = 0; sound && i < pack->labs; i++)
		fuzz_values(&pack->lab[i]);
	pack_findings_free(&findings);
	pack_free(pack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = str_copy_n((const char *)data, size);

	if (*text == '<')
		fuzz_xml(text);
	else
		fuzz_markdown(text);
	return 0;
}
