/* Says in an author's words why a document does not fit its schema.
 *
 * A validator works with derivatives of patterns and knows only that it got stuck. An author wants
 * to read "<chek> is not known in <task>; expected title, text, check, ...". So this walks the
 * document with the schema's own XML at its side: each <element> of the schema is a shape, the list
 * of attributes and children (parts) that may appear in it, in order. That is enough for the
 * schemas that we write: an element name means the same wherever it appears in a file, and children
 * come in order. It is not a second validator: schema.c has decided already, and asks here only for
 * the words.
 */
#include "pack/reader.h"

#include <libxml/xmlregexp.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define PARTS_MAX 32

/* One attribute or child element that a shape may have. */
struct part {
	const xmlNode *node;
	bool attribute, required, many;
	unsigned rank; /* place in the order; alternatives share one */
};

struct shape {
	struct part part[PARTS_MAX];
	size_t parts;
	unsigned ranks;
	bool text; /* holds characters */
};

struct explainer {
	struct reader *reader;
	const xmlNode *grammar;
	const char *file;
};

static inline void xml_char_cleanup(xmlChar **text)
{
	xmlFree(*text);
}

static bool node_is(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && str_equal((const char *)node->name, name);
}

/* A schema node's attribute, without a copy: this is asked many times per element. */
static const char *rule_attr(const xmlNode *node, const char *name)
{
	for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
		if (str_equal((const char *)attr->name, name) && attr->children)
			return (const char *)attr->children->content;
	return NULL;
}

static const char *rule_name(const xmlNode *node)
{
	return node->type == XML_ELEMENT_NODE ? rule_attr(node, "name") : NULL;
}

/* The schema's <define name="..."> or <element name="...">, wherever it stands. */
static const xmlNode *schema_find(const xmlNode *below, const char *kind, const char *name)
{
	for (const xmlNode *node = below->children; node; node = node->next) {
		if (node_is(node, kind) && str_equal(rule_name(node), name))
			return node;
		const xmlNode *found = schema_find(node, kind, name);
		if (found)
			return found;
	}
	return NULL;
}

static const xmlNode *schema_follow(const struct explainer *explainer, const xmlNode *reference)
{
	return schema_find(explainer->grammar, "define", rule_name(reference));
}

/* ---- from a pattern to a shape --------------------------------------------------------------- */

static void shape_collect(const struct explainer *explainer, const xmlNode *pattern,
			  struct part like, struct shape *shape);

static void shape_collect_one(const struct explainer *explainer, const xmlNode *node,
			      struct part like, struct shape *shape)
{
	bool optional = node_is(node, "optional"), star = node_is(node, "zeroOrMore");

	if (node_is(node, "attribute") || node_is(node, "element")) {
		like.node = node;
		like.attribute = node_is(node, "attribute");
		if (shape->parts < PARTS_MAX)
			shape->part[shape->parts++] = like;
	} else if (node_is(node, "ref")) {
		shape_collect(explainer, schema_follow(explainer, node), like, shape);
	} else if (optional || star || node_is(node, "oneOrMore") || node_is(node, "choice")) {
		like.required = like.required && !optional && !star && !node_is(node, "choice");
		like.many = like.many || star || node_is(node, "oneOrMore");
		shape_collect(explainer, node, like, shape);
	} else if (node_is(node, "data")) {
		shape->text = true;
	}
}

/* Alternatives of a choice share a rank; elsewhere each next pattern ranks behind the last. */
static void shape_collect(const struct explainer *explainer, const xmlNode *pattern,
			  struct part like, struct shape *shape)
{
	bool together = node_is(pattern, "choice");

	for (const xmlNode *node = pattern->children; node; node = node->next) {
		like.rank = together ? like.rank : shape->ranks++;
		shape_collect_one(explainer, node, like, shape);
	}
}

static bool shape_of(const struct explainer *explainer, const char *name, struct shape *shape)
{
	const xmlNode *element = schema_find(explainer->grammar, "element", name);

	*shape = (struct shape){ 0 };
	if (element)
		shape_collect(explainer, element, (struct part){ .required = true }, shape);
	return element;
}

static const struct part *shape_part(const struct shape *shape, bool attribute, const char *name)
{
	for (size_t i = 0; i < shape->parts; i++)
		if (shape->part[i].attribute == attribute &&
		    str_equal(rule_name(shape->part[i].node), name))
			return &shape->part[i];
	return NULL;
}

/* "title, text, check", in order. */
static char *shape_list(const struct shape *shape, bool attribute)
{
	AUTO(buf) struct buf list = { 0 };

	for (size_t i = 0; i < shape->parts; i++) {
		if (shape->part[i].attribute != attribute)
			continue;
		buf_fmt(&list, "%s%s", list.length ? ", " : "", rule_name(shape->part[i].node));
	}
	if (!list.length)
		buf_text(&list, attribute ? "no attribute" : "no element");
	return (char *)STEAL(list.data);
}

/* ---- values of attributes -------------------------------------------------------------------- */

static const char *part_expected(const struct part *part)
{
	const xmlNode *note = part->node->children;

	while (note && !node_is(note, "documentation"))
		note = note->next;
	return note && note->children ? (const char *)note->children->content : "another value";
}

static bool pattern_matches(const xmlNode *param, const char *value)
{
	AUTO(xml_char) xmlChar *text = xmlNodeGetContent(param);
	xmlRegexp *regexp = xmlRegexpCompile(text);
	bool matches = regexp && xmlRegexpExec(regexp, BAD_CAST value) == 1;

	xmlRegFreeRegexp(regexp);
	return matches;
}

static bool data_fits(const xmlNode *data, const char *value)
{
	long low = 0, high = 0, number;

	for (const xmlNode *param = data->children; param; param = param->next) {
		AUTO(xml_char) xmlChar *text = xmlNodeGetContent(param);
		if (str_equal(rule_name(param), "pattern"))
			return pattern_matches(param, value);
		str_to_number((const char *)text, 0, 1000000000,
			      str_equal(rule_name(param), "minInclusive") ? &low : &high);
	}
	return !str_equal(rule_attr(data, "type"), "integer") ||
	       str_to_number(value, low, high, &number);
}

/* Whether value is what pattern says. words gathers the alternatives on the way. */
static bool value_fits(const struct explainer *explainer, const xmlNode *pattern, const char *value,
		       struct buf *words)
{
	for (const xmlNode *node = pattern->children; node; node = node->next) {
		AUTO(xml_char) xmlChar *text = xmlNodeGetContent(node);
		if (node_is(node, "data") && data_fits(node, value))
			return true;
		if (node_is(node, "value")) {
			buf_fmt(words, "%s%s", words->length ? ", " : ": ", (const char *)text);
			if (str_equal((const char *)text, value))
				return true;
		}
		if (node_is(node, "choice") && value_fits(explainer, node, value, words))
			return true;
		if (node_is(node, "ref") &&
		    value_fits(explainer, schema_follow(explainer, node), value, words))
			return true;
	}
	return false;
}

static void explain_value(const struct explainer *explainer, const xmlNode *node,
			  const struct part *part, const char *name, const char *value)
{
	AUTO(buf) struct buf words = { 0 };

	if (value_fits(explainer, part->node, value, &words))
		return;
	finding_add(explainer->reader, explainer->file, (int)xmlGetLineNo(node),
		    "%s=\"%.80s\" in <%s>; expected %s%s", name, value, (const char *)node->name,
		    part_expected(part), words.length ? (const char *)words.data : "");
}

static void explain_attributes(const struct explainer *explainer, const xmlNode *node,
			       const struct shape *shape)
{
	for (const xmlAttr *attr = node->properties; attr; attr = attr->next) {
		const char *prefix = attr->ns ? (const char *)attr->ns->prefix : NULL;
		AUTO_FREE char *name = str_fmt("%s%s%s", prefix ? prefix : "", prefix ? ":" : "",
					       (const char *)attr->name);
		AUTO(xml_char) xmlChar *value = xmlNodeGetContent((const xmlNode *)attr);
		const struct part *part = shape_part(shape, true, name);
		if (part) {
			explain_value(explainer, node, part, name, (const char *)value);
			continue;
		}
		AUTO_FREE char *list = shape_list(shape, true);
		finding_add(explainer->reader, explainer->file, (int)xmlGetLineNo(node),
			    "<%s> has no attribute %s; expected %s", (const char *)node->name, name,
			    list);
	}
}

static bool node_has_attribute(const xmlNode *node, const char *name)
{
	if (str_equal(name, "xml:lang"))
		return xmlHasNsProp(node, BAD_CAST "lang", XML_XML_NAMESPACE);
	return xmlHasNsProp(node, BAD_CAST name, NULL);
}

/* ---- children -------------------------------------------------------------------------------- */

static void explain_missing(const struct explainer *explainer, const xmlNode *node,
			    const struct shape *shape)
{
	int line = (int)xmlGetLineNo(node);

	for (size_t i = 0; i < shape->parts; i++) {
		const struct part *part = &shape->part[i];
		const char *name = rule_name(part->node);
		if (!part->required)
			continue;
		if (part->attribute && !node_has_attribute(node, name))
			finding_add(explainer->reader, explainer->file, line,
				    "<%s> without the attribute %s; expected %s",
				    (const char *)node->name, name, part_expected(part));
		if (!part->attribute && !node_first(node, name))
			finding_add(explainer->reader, explainer->file, line,
				    "<%s> without a <%s>; expected one in it",
				    (const char *)node->name, name);
	}
}

static void explain_child(const struct explainer *explainer, const xmlNode *child,
			  const struct shape *shape, unsigned *rank)
{
	const char *name = (const char *)child->name, *parent = (const char *)child->parent->name;
	const struct part *part = shape_part(shape, false, name);
	int line = (int)xmlGetLineNo(child);
	AUTO_FREE char *list = !part || part->rank < *rank ? shape_list(shape, false) : NULL;

	if (!part)
		finding_add(explainer->reader, explainer->file, line,
			    "<%s> is not known in <%s>; expected %s", name, parent, list);
	else if (part->rank < *rank)
		finding_add(explainer->reader, explainer->file, line,
			    "<%s> comes too late in <%s>; expected this order: %s", name, parent,
			    list);
	else if (!part->many && node_first(child->parent, name) != child)
		finding_add(explainer->reader, explainer->file, line,
			    "a second <%s> in <%s>; expected one", name, parent);
	*rank = part && part->rank > *rank ? part->rank : *rank;
}

static void explain_text(const struct explainer *explainer, const xmlNode *node,
			 const xmlNode *parent)
{
	if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) &&
	    !xmlIsBlankNode(node))
		finding_add(explainer->reader, explainer->file, (int)xmlGetLineNo(parent),
			    "text directly in <%s>; expected only elements",
			    (const char *)parent->name);
}

/* Depth is bounded by the parser. */
static void explain_element(const struct explainer *explainer, const xmlNode *node)
{
	struct shape shape;
	unsigned rank = 0;

	if (explainer->reader->findings->count > PACK_FINDINGS_MAX ||
	    !shape_of(explainer, (const char *)node->name, &shape))
		return;
	explain_attributes(explainer, node, &shape);
	explain_missing(explainer, node, &shape);
	for (const xmlNode *child = node->children; child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE) {
			explain_child(explainer, child, &shape, &rank);
			if (shape_part(&shape, false, (const char *)child->name))
				explain_element(explainer, child);
		} else if (!shape.text) {
			explain_text(explainer, child, node);
		}
	}
}

void explain(struct reader *reader, const xmlDoc *schema, const char *file, const xmlDoc *document)
{
	const xmlNode *grammar = xmlDocGetRootElement((xmlDoc *)schema);
	const xmlNode *root = xmlDocGetRootElement((xmlDoc *)document);
	struct explainer explainer = { .reader = reader, .grammar = grammar, .file = file };
	const xmlNode *start = node_first(grammar, "start");
	const char *name = rule_name(node_first(start, NULL)), *ns = rule_attr(grammar, "ns");

	if (!node_is(root, name))
		finding_add(reader, file, (int)xmlGetLineNo(root),
			    "<%s> at the top; expected <%s xmlns=\"%s\">", (const char *)root->name,
			    name, ns);
	else if (!root->ns || !str_equal((const char *)root->ns->href, ns))
		finding_add(reader, file, (int)xmlGetLineNo(root),
			    "<%s> has another namespace; expected xmlns=\"%s\"",
			    (const char *)root->name, ns);
	else
		explain_element(&explainer, root);
}
