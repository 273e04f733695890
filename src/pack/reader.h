/* Inside pack/: how a pack is read. pack_open() takes these steps, each of which adds its findings
 * and lets the next one say what it can:
 *
 *	tree.c    the directory's files into memory, bounded; links and strange names refused
 *	xml.c     bytes to a document, bounded, without DTD; schema.c validates it, explain.c says
 *	          in an author's words what does not fit
 *	course.c  course.xml into structs; lab.c each lab.xml
 *	check.c   what a schema cannot say about the environment and the days; tasks.c about labs;
 *	          script.c about scripts; guide.c about guides
 *	digest.c  the digest
 *
 * After the first step everything works on memory, which is also how the fuzzer comes in. Packs that come
 * and go as one file are archive.h's; bundle.h says how.
 */
#ifndef PACK_READER_H
#define PACK_READER_H

#include <libxml/tree.h>

#include "pack/pack.h"

#define PACK_FILE_MAX     (1024 * 1024)
#define PACK_TOTAL_MAX    (32 * 1024 * 1024)
#define PACK_FILES_MAX    2048
#define PACK_FOLDERS_MAX  8 /* deep */
#define PACK_SCRIPT_MAX   (256 * 1024)
#define PACK_MARKDOWN_MAX (128 * 1024)
#define PACK_XML_DEPTH    64
#define PACK_XML_ELEMENTS 10000
#define PACK_LABS_MAX     64
#define PACK_TASKS_MAX    64
#define PACK_FINDINGS_MAX 200
#define PACK_MACHINES_MAX 16
#define PACK_NICS_MAX     8

/* Where in the pack a thing was declared, so that a check can point at it. The key is the address
 * of a struct or a string that the pack owns. */
struct place {
	const void *thing;
	const char *file; /* a pack_file's path */
	int line;
};

struct reader {
	struct pack *pack;
	struct pack_findings *findings;
	struct place *place;
	size_t places, place_room;
	bool skip_shell; /* the fuzzer: `sh -n` would take most of its time */
};

/* ---- findings.c ------------------------------------------------------------------------------ */

void finding_add(struct reader *reader, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Points at where thing was declared. */
void finding_at(struct reader *reader, const void *thing, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The first of them as an error; there is one. Returns -1. */
int findings_to_err(const struct pack_findings *findings, struct err *err);
void reader_note(struct reader *reader, const void *thing, const char *file, const xmlNode *node);
const struct place *reader_place(const struct reader *reader, const void *thing); /* or NULL */

/* ---- tree.c ---------------------------------------------------------------------------------- */

/* Fills pack->file. -1 only when the directory itself cannot be read. */
int tree_read(struct reader *reader, struct err *err);
const struct pack_file *tree_file(const struct pack *pack, const char *path);
/* For tests and the fuzzer; tree_sort() ends the adding. */
void tree_add(struct pack *pack, const char *path, bool executable, const void *data,
	      size_t length);
void tree_sort(struct pack *pack);

/* ---- xml.c, schema.c, explain.c -------------------------------------------------------------- */

/* The document, or NULL after a finding. */
xmlDoc *xml_read(struct reader *reader, const struct pack_file *file);

enum schema { SCHEMA_COURSE, SCHEMA_LAB, SCHEMAS };
/* True when the document is valid; else there is at least one finding. */
bool schema_validate(struct reader *reader, enum schema schema, const char *file, xmlDoc *document);
/* Walks document beside the schema and adds a finding for everything that does not fit. */
void explain(struct reader *reader, const xmlDoc *schema, const char *file, const xmlDoc *document);

static inline void xml_doc_cleanup(xmlDoc **document)
{
	xmlFreeDoc(*document);
}

/* ---- node.c: from elements to values --------------------------------------------------------- */

/* An element that is being read, and where its file and its texts' findings go. */
struct source {
	struct reader *reader;
	const char *file;   /* path of the XML file */
	const char *folder; /* in front of the paths of scripts: "first-steps/", or "" */
};

xmlNode *node_first(const xmlNode *parent, const char *name); /* NULL name: any element */
xmlNode *node_next(const xmlNode *node, const char *name);
size_t node_count(const xmlNode *parent, const char *name);
char *node_attr(const struct source *source, const xmlNode *node, const char *name); /* noted */
long node_number(const xmlNode *node, const char *name, long otherwise);
bool node_flag(const xmlNode *node, const char *name);
/* The `script` attribute of the child called name, as a path in the pack; NULL without a child. */
char *node_script(const struct source *source, const xmlNode *parent, const char *name);
char *node_script_path(const struct source *source, const xmlNode *node);
/* The children called name, one per language, into text. */
void node_text(const struct source *source, const xmlNode *parent, const char *name,
	       struct pack_text *text);

/* ---- course.c, lab.c ------------------------------------------------------------------------- */

void course_read(struct reader *reader, const char *file, const xmlDoc *document);
void lab_read(struct reader *reader, struct pack_lab *lab, const char *file,
	      const xmlDoc *document);
void lab_free(struct pack_lab *lab);
void text_free(struct pack_text *text);

/* ---- checks ---------------------------------------------------------------------------------- */

void check_course(struct reader *reader);
void check_lab(struct reader *reader, const struct pack_lab *lab);
/* What a script says of a number from 0 to 99, outside its comments. */
#define CODE_NAMED 1 /* it appears, perhaps as a value that is computed: `exit $x`, awk's exit */
#define CODE_EXIT  2 /* as `exit NN` */
/* Points at thing where the script is missing. codes may be NULL. True when the file is there. */
bool check_script(struct reader *reader, const void *thing, const char *path, uint8_t codes[100]);
void check_guides(struct reader *reader, const struct pack_lab *lab);
/* Every {{name}} in text is a parameter of the lab; lab NULL: none is allowed. */
void check_names(struct reader *reader, const struct pack_lab *lab, const char *file, int line,
		 const char *text);

/* Titles and summaries are shown before there is a seat, so they have no parameters. */
void check_plain(struct reader *reader, const struct pack_text *text);
/* It can be rendered, and none of its links leads where it may not. */
void check_markdown(struct reader *reader, const char *file, int line, const char *text);
/* The "}}" that ends the name at p, at most 80 bytes away; NULL else. */
const char *name_end(const char *p);

/* ---- the rest -------------------------------------------------------------------------------- */

void digest_pack(struct pack *pack);
/* Reads pack->file into the rest of pack; true without findings. */
bool pack_assemble(struct reader *reader);
/* As pack_render(), and counts the links and images whose address was taken away. */
int render_markdown(const char *markdown, const struct pack_values *values, bool inline_only,
		    struct buf *html, unsigned *dropped, struct err *err);

#endif
