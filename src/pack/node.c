#include "pack/reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

static const xmlNode *node_match(const xmlNode *node, const char *name)
{
	while (node && (node->type != XML_ELEMENT_NODE ||
			(name && !str_equal((const char *)node->name, name))))
		node = node->next;
	return node;
}

xmlNode *node_first(const xmlNode *parent, const char *name)
{
	return (xmlNode *)node_match(parent->children, name);
}

xmlNode *node_next(const xmlNode *node, const char *name)
{
	return (xmlNode *)node_match(node->next, name);
}

size_t node_count(const xmlNode *parent, const char *name)
{
	size_t count = 0;

	for (xmlNode *node = node_first(parent, name); node; node = node_next(node, name))
		count++;
	return count;
}

/* A copy from malloc, so that a pack does not depend on libxml2's allocator. */
static char *attr_copy(const xmlNode *node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp(node, BAD_CAST name);
	char *copy = str_copy((const char *)value);

	xmlFree(value);
	return copy;
}

char *node_attr(const struct source *source, const xmlNode *node, const char *name)
{
	char *value = attr_copy(node, name);

	if (value)
		reader_note(source->reader, value, source->file, node);
	return value;
}

long node_number(const xmlNode *node, const char *name, long otherwise)
{
	AUTO_FREE char *value = attr_copy(node, name);
	long number = otherwise;

	if (value)
		str_to_number(value, 0, 1000000000, &number);
	return number;
}

bool node_flag(const xmlNode *node, const char *name)
{
	AUTO_FREE char *value = attr_copy(node, name);

	return str_equal(value, "true");
}

char *node_script_path(const struct source *source, const xmlNode *node)
{
	AUTO_FREE char *script = attr_copy(node, "script");
	char *path = str_fmt("%s%s", source->folder, script ? script : "");

	reader_note(source->reader, path, source->file, node);
	return path;
}

char *node_script(const struct source *source, const xmlNode *parent, const char *name)
{
	xmlNode *node = node_first(parent, name);

	return node ? node_script_path(source, node) : NULL;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static size_t line_indent(const char *line)
{
	return strspn(line, " \t");
}

/* The indentation that all lines but the first share; empty lines do not count. */
static size_t shared_indent(const char *text)
{
	size_t least = SIZE_MAX;

	for (const char *line = strchr(text, '\n'); line; line = strchr(line, '\n')) {
		size_t indent = line_indent(++line);
		if (line[indent] && line[indent] != '\n' && indent < least)
			least = indent;
	}
	return least;
}

/* Markdown takes indentation for code, so what only serves the XML's looks goes: blank ends, the
 * first line's indentation, and what the others share. */
static char *text_unindent(const char *text)
{
	AUTO(buf) struct buf out = { 0 };
	size_t shared = shared_indent(text);

	text += strspn(text, " \t\r\n");
	while (*text) {
		size_t length = strcspn(text, "\n");
		buf_append(&out, text, length);
		text += length;
		if (!*text)
			break;
		buf_text(&out, "\n");
		text++;
		size_t indent = line_indent(text);
		text += indent < shared ? indent : shared;
	}
	while (out.length && isspace(out.data[out.length - 1]))
		out.data[--out.length] = 0;
	return out.data ? (char *)STEAL(out.data) : str_copy("");
}

static enum pack_lang node_lang(const xmlNode *node)
{
	xmlChar *value = xmlGetNsProp(node, BAD_CAST "lang", XML_XML_NAMESPACE);
	enum pack_lang lang = 0;

	while (lang < PACK_LANGS && !str_equal((const char *)value, pack_lang_names[lang]))
		lang++;
	xmlFree(value);
	return lang;
}

static void text_take(const struct source *source, const xmlNode *node, struct pack_text *text)
{
	enum pack_lang lang = node_lang(node);
	xmlChar *content = xmlNodeGetContent(node);

	if (lang < PACK_LANGS && text->in[lang]) {
		finding_add(source->reader, source->file, (int)xmlGetLineNo(node),
			    "a second <%s xml:lang=\"%s\">; expected one per language",
			    (const char *)node->name, pack_lang_names[lang]);
	} else if (lang < PACK_LANGS) {
		text->in[lang] = text_unindent((const char *)content);
		reader_note(source->reader, text->in[lang], source->file, node);
		if (!*text->in[lang])
			finding_add(source->reader, source->file, (int)xmlGetLineNo(node),
				    "<%s xml:lang=\"%s\"> is empty; expected words",
				    (const char *)node->name, pack_lang_names[lang]);
	}
	xmlFree(content);
}

void node_text(const struct source *source, const xmlNode *parent, const char *name,
	       struct pack_text *text)
{
	for (xmlNode *node = node_first(parent, name); node; node = node_next(node, name))
		text_take(source, node, text);
	for (int lang = 0; lang < PACK_LANGS; lang++)
		if (!text->in[lang])
			finding_add(source->reader, source->file, (int)xmlGetLineNo(parent),
				    "<%s> without <%s xml:lang=\"%s\">; expected one per language",
				    (const char *)parent->name, name, pack_lang_names[lang]);
}

void text_free(struct pack_text *text)
{
	for (int lang = 0; lang < PACK_LANGS; lang++)
		free(text->in[lang]);
}
