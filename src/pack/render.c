/* Markdown to HTML that may be put into a page as it is.
 *
 * md4c does the work, with raw HTML off: every '<', '&' and '"' of the text comes out escaped, so a
 * tag in its output was made by md4c, and tags can be found by their first bytes. That is what the
 * second pass relies on: it takes the address out of links that lead elsewhere than http, https or
 * a relative place, and of all images; makes links that leave the page open beside it; and turns a
 * paragraph {{task:id}} into the element that the page fills with that task.
 *
 * {{name}} is filled in before md4c sees the text, so that it works in code, too. Values are plain
 * words (the schema says so, and it is asked again here), so none can become markup.
 *
 * md4c 0.4.8 cannot be stopped from its callback, so what makes its work or its output grow faster
 * than its input is refused first: very long lines (a long link definition, used a thousand times),
 * very wide tables (a column more in every row), and a wall of brackets. tests/unit/
 * test_pack_text.c tries these.
 */
#include "pack/reader.h"

#include <md4c-html.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define FILLED_MAX     (2 * PACK_MARKDOWN_MAX)
#define LINE_BYTES_MAX 8192
#define COLUMNS_MAX    64
#define BRACKETS_MAX   4096
#define HTML_MAX       (8 * 1024 * 1024)

/* ---- {{name}} -------------------------------------------------------------------------------- */

static bool value_is_plain(const char *value)
{
	return value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789_.-")] == 0;
}

/* The value that the text at p, behind "{{", names; NULL when there is none. */
static const char *value_at(const struct pack_values *values, const char *p, size_t *used)
{
	size_t length = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (!str_starts(p + length, "}}"))
		return NULL;
	for (size_t i = 0; values && i < values->count; i++) {
		const struct pack_value *value = &values->item[i];
		if (strlen(value->name) == length && strncmp(value->name, p, length) == 0 &&
		    value_is_plain(value->value)) {
			*used = length + 2;
			return value->value;
		}
	}
	return NULL;
}

static void names_fill(const char *text, const struct pack_values *values, struct buf *out)
{
	while (*text && out->length <= FILLED_MAX) {
		size_t plain = strcspn(text, "{"), used = 0;
		buf_append(out, text, plain);
		text += plain;
		const char *value =
			str_starts(text, "{{") ? value_at(values, text + 2, &used) : NULL;
		if (value) {
			buf_text(out, value);
			text += 2 + used;
		} else if (*text) {
			buf_append(out, text++, 1);
		}
	}
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static int bounds_check(const struct buf *text, struct err *err)
{
	size_t line = 0, columns = 0, brackets = 0;

	if (text->length > FILLED_MAX)
		return err_set(err, ERR_TOO_LARGE, "the Markdown is larger than 128 KiB");
	for (size_t i = 0; i < text->length; i++) {
		char c = (char)text->data[i];
		line = c == '\n' ? 0 : line + 1;
		columns = c == '\n' ? 0 : columns + (c == '|');
		brackets += c == '[';
		if (line > LINE_BYTES_MAX || columns > COLUMNS_MAX || brackets > BRACKETS_MAX)
			return err_set(err, ERR_TOO_LARGE,
				       "the Markdown has a line of more than %d bytes or %d "
				       "columns, or more than %d brackets",
				       LINE_BYTES_MAX, COLUMNS_MAX, BRACKETS_MAX);
	}
	return 0;
}

/* ---- the second pass ------------------------------------------------------------------------- */

struct pass {
	const char *p; /* where in md4c's output */
	struct buf *out;
	unsigned dropped;
};

static bool is_external(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* "guide.html#part": no scheme, no host. */
static bool is_relative(const char *url)
{
	return url[strcspn(url, ":/?#")] != ':' && !str_starts(url, "//");
}

static void pass_link(struct pass *pass)
{
	const char *start = pass->p + strlen("<a href=\""), *end = strchr(start, '"');
	AUTO_FREE char *url = str_copy_n(start, (size_t)(end - start));

	buf_text(pass->out, "<a");
	if (is_external(url))
		buf_fmt(pass->out, " href=\"%s\" target=\"_blank\" rel=\"noopener noreferrer\"",
			url);
	else if (is_relative(url))
		buf_fmt(pass->out, " href=\"%s\"", url);
	else
		pass->dropped++;
	pass->p = end + 1;
}

/* The words that stand for the image stay. */
static void pass_image(struct pass *pass)
{
	buf_text(pass->out, "<img");
	pass->p = strchr(pass->p + strlen("<img src=\""), '"') + 1;
	pass->dropped++;
}

static bool pass_task(struct pass *pass)
{
	const char *id = pass->p + strlen("<p>{{task:");
	size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (!length || !str_starts(id + length, "}}</p>"))
		return false;
	buf_fmt(pass->out, "<div class=\"task\" data-task=\"%.*s\"></div>", (int)length, id);
	pass->p = id + length + strlen("}}</p>");
	return true;
}

static unsigned pass_run(const char *html, struct buf *out)
{
	struct pass pass = { .p = html, .out = out };

	while (*pass.p) {
		size_t plain = strcspn(pass.p, "<");
		buf_append(out, pass.p, plain);
		pass.p += plain;
		if (str_starts(pass.p, "<a href=\""))
			pass_link(&pass);
		else if (str_starts(pass.p, "<img src=\""))
			pass_image(&pass);
		else if (str_starts(pass.p, "<p>{{task:") && pass_task(&pass))
			continue;
		else if (*pass.p)
			buf_append(out, pass.p++, 1);
	}
	return pass.dropped;
}

/* ---- all together ---------------------------------------------------------------------------- */

static void on_html(const MD_CHAR *text, MD_SIZE size, void *data)
{
	struct buf *html = data;

	if (html->length <= HTML_MAX)
		buf_append(html, text, size);
}

/* "<p>words</p>\n" to "words"; anything else than one paragraph stays as it is. */
static void paragraph_drop(struct buf *html)
{
	static const char tail[] = "</p>\n";
	size_t length = sizeof(tail) - 1;

	if (html->length < 3 + length || memcmp(html->data, "<p>", 3) != 0 ||
	    !str_ends((char *)html->data, tail) || strstr((char *)html->data + 1, "<p>"))
		return;
	html->length -= length;
	html->data[html->length] = 0;
	buf_consume(html, 3);
}

int render_markdown(const char *markdown, const struct pack_values *values, bool inline_only,
		    struct buf *html, unsigned *dropped, struct err *err)
{
	AUTO(buf) struct buf filled = { 0 };
	AUTO(buf) struct buf raw = { 0 };
	unsigned flags =
		MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS;

	names_fill(markdown, values, &filled);
	if (bounds_check(&filled, err) < 0)
		return -1;
	if (md_html((char *)filled.data, (MD_SIZE)filled.length, on_html, &raw, flags,
		    MD_HTML_FLAG_SKIP_UTF8_BOM) != 0)
		return err_set(err, ERR_INTERNAL, "md4c cannot render this Markdown");
	if (raw.length > HTML_MAX)
		return err_set(err, ERR_TOO_LARGE, "the Markdown becomes more than 8 MiB of HTML");
	if (inline_only)
		paragraph_drop(&raw);
	*dropped = raw.length ? pass_run((char *)raw.data, html) : 0;
	return 0;
}

int pack_render(const char *markdown, const struct pack_values *values, bool inline_only,
		struct buf *html, struct err *err)
{
	unsigned dropped;

	if (strlen(markdown) > PACK_MARKDOWN_MAX)
		return err_set(err, ERR_TOO_LARGE, "the Markdown is larger than 128 KiB");
	return render_markdown(markdown, values, inline_only, html, &dropped, err);
}
