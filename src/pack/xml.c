/* From bytes to a document, as if the author were an enemy.
 *
 * No DTD at all: the parser is stopped where a DOCTYPE begins, so that no entity is ever declared
 * and "a thousand million laughs" or a file of the host cannot be asked for. Depth and the number
 * of elements are counted as they open. Nothing is fetched from anywhere. libxml2's own state is
 * touched only through the parser's context; nothing global is set.
 */
#include "pack/reader.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

struct parse {
	struct reader *reader;
	const char *file;
	unsigned depth, elements;
	bool told; /* one finding per file: what follows a syntax error is only its echo */
};

static inline void xml_ctxt_cleanup(xmlParserCtxt **ctxt)
{
	xmlFreeParserCtxt(*ctxt);
}

static void parse_stop(xmlParserCtxt *ctxt, const char *message)
{
	struct parse *parse = ctxt->_private;

	if (!parse->told)
		finding_add(parse->reader, parse->file, xmlSAX2GetLineNumber(ctxt), "%s", message);
	parse->told = true;
	xmlStopParser(ctxt);
}

static void on_doctype(void *data, const xmlChar *name, const xmlChar *public_id,
		       const xmlChar *system_id)
{
	(void)name, (void)public_id, (void)system_id;
	parse_stop(data, "a DOCTYPE or entity declaration; expected neither: write characters as "
			 "UTF-8, and <, & as &lt;, &amp;");
}

static void on_start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		     int namespaces, const xmlChar **namespace, int attributes, int defaulted,
		     const xmlChar **attribute)
{
	xmlParserCtxt *ctxt = data;
	struct parse *parse = ctxt->_private;

	if (++parse->depth > PACK_XML_DEPTH)
		parse_stop(ctxt, "elements are nested more than 64 deep; expected fewer");
	else if (++parse->elements > PACK_XML_ELEMENTS)
		parse_stop(ctxt, "more than 10000 elements; expected fewer");
	else
		xmlSAX2StartElementNs(data, name, prefix, uri, namespaces, namespace, attributes,
				      defaulted, attribute);
}

static void on_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	xmlParserCtxt *ctxt = data;
	struct parse *parse = ctxt->_private;

	parse->depth--;
	xmlSAX2EndElementNs(data, name, prefix, uri);
}

/* libxml2's sentences about well-formedness are good; they only end in a newline. */
static void on_error(void *data, xmlError *error)
{
	xmlParserCtxt *ctxt = data;
	struct parse *parse = ctxt->_private;

	if (parse->told || error->level < XML_ERR_ERROR)
		return;
	parse->told = true;
	int length = error->message ? (int)strcspn(error->message, "\n") : 0;
	finding_add(parse->reader, parse->file, error->line,
		    "%.*s; expected well-formed XML in UTF-8", length,
		    error->message ? error->message : "");
}

xmlDoc *xml_read(struct reader *reader, const struct pack_file *file)
{
	struct parse parse = { .reader = reader, .file = file->path };
	AUTO(xml_ctxt) xmlParserCtxt *ctxt = xmlNewParserCtxt();

	ctxt->_private = &parse;
	ctxt->sax->internalSubset = on_doctype;
	ctxt->sax->startElementNs = on_start;
	ctxt->sax->endElementNs = on_end;
	ctxt->sax->serror = (xmlStructuredErrorFunc)on_error;
	const char *bytes = file->content.length ? (const char *)file->content.data : "";
	AUTO(xml_doc)
	xmlDoc *document =
		xmlCtxtReadMemory(ctxt, bytes, (int)file->content.length, file->path, "UTF-8",
				  XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES);
	if (!parse.told && !(document && xmlDocGetRootElement(document)))
		finding_add(reader, file->path, 0,
			    "it is not XML; expected well-formed XML in UTF-8");
	else if (!parse.told)
		return STEAL(document);
	return NULL;
}
