/* Validation. The RELAX NG schema decides whether a document is valid; what libxml2 says about one
 * that is not ("Extra element check in interleave") helps nobody, so explain.c looks again and says
 * it in an author's words. Only where it finds nothing is libxml2's own sentence passed on. */
#include "pack/reader.h"

#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "pack/schemas.h"

static inline void rng_parser_cleanup(xmlRelaxNGParserCtxt **parser)
{
	xmlRelaxNGFreeParserCtxt(*parser);
}

static inline void rng_cleanup(xmlRelaxNG **schema)
{
	xmlRelaxNGFree(*schema);
}

static inline void rng_valid_cleanup(xmlRelaxNGValidCtxt **valid)
{
	xmlRelaxNGFreeValidCtxt(*valid);
}

struct complaint {
	char *message; /* the first */
	int line;
};

static inline void complaint_cleanup(struct complaint *complaint)
{
	free(complaint->message);
}

static void on_invalid(void *data, xmlError *error)
{
	struct complaint *complaint = data;

	if (complaint->message || !error->message)
		return;
	complaint->message = str_copy_n(error->message, strcspn(error->message, "\n"));
	complaint->line = error->line;
}

static xmlDoc *schema_document(enum schema schema)
{
	static const char *const text[] = { schema_course, schema_lab };
	static const char *const end[] = { schema_course_end, schema_lab_end };

	_Static_assert(ARRAY_SIZE(text) == SCHEMAS, "a text for each schema");
	return xmlReadMemory(text[schema], (int)(end[schema] - text[schema] - 1), "schema.rng",
			     NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
}

/* The parser works on a copy: it takes the document apart. */
static bool document_is_valid(const xmlDoc *rules, xmlDoc *document, struct complaint *complaint)
{
	AUTO(rng_parser) xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewDocParserCtxt((xmlDoc *)rules);
	AUTO(rng) xmlRelaxNG *schema = xmlRelaxNGParse(parser);
	AUTO(rng_valid) xmlRelaxNGValidCtxt *valid = xmlRelaxNGNewValidCtxt(schema);

	xmlRelaxNGSetValidStructuredErrors(valid, (xmlStructuredErrorFunc)on_invalid, complaint);
	return schema && xmlRelaxNGValidateDoc(valid, document) == 0;
}

bool schema_validate(struct reader *reader, enum schema schema, const char *file, xmlDoc *document)
{
	AUTO(complaint) struct complaint complaint = { 0 };
	AUTO(xml_doc) xmlDoc *rules = schema_document(schema);
	size_t before = reader->findings->count;

	if (document_is_valid(rules, document, &complaint))
		return true;
	explain(reader, rules, file, document);
	if (reader->findings->count == before)
		finding_add(reader, file, complaint.line, "%s; expected what docs/authors.md shows",
			    complaint.message ? complaint.message : "it does not fit the schema");
	return false;
}
