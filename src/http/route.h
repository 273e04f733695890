/* One table says what can be asked, and who may ask it. The rule of a route is checked here, before
 * its handler runs; handlers check nothing about people.
 *
 * Path variables and query parameters are looked up here as well: {class}, {seat}, {lab}, {task},
 * {machine} become pointers in struct request, {course}, {image}, {login} a name, {work}, {hint} a
 * number.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "core/access.h"
#include "http/request.h"

/* What a request may carry; anything else is refused. */
enum route_body {
	BODY_NONE,    /* written as false in the table */
	BODY_JSON,    /* true: an object, in request->json */
	BODY_CSV,     /* a roster in any encoding, in request->body */
	BODY_ARCHIVE, /* a pack, at most PACK_ARCHIVE_MAX bytes, in the file request->upload */
};

struct route {
	const char *method; /* HEAD comes with GET */
	const char *path;   /* "/api/v1/seats/{seat}/hand" */
	enum rule rule;
	/* 0 when it has answered or taken a ticket; -1 with err. */
	int (*handler)(struct request *request, struct err *err);
	const char *query; /* names of parameters, with spaces between; others are refused; NULL:
			      none */
	enum route_body body;
};

/* Finds the route, checks the rule, looks things up: all that can be refused before the body. A
 * path that is not the API's stays without a route: it is a file of the page. */
int route_begin(struct request *request, const char *path, const char *method, struct err *err);
/* Reads the body and calls the handler, or serves the file. */
int route_finish(struct request *request, const char *path, const char *method, struct err *err);

/* The first route whose path fits; *wrong_method is set when only the method does not, and allow[]
 * says which would. For tests, too. */
const struct route *route_find(const char *method, const char *path, char allow[64]);

/* [{"method", "path", "rule", "query": [...], "body": bool}], what `terakoyad --routes` prints; at its end what is
 * no route, by kind and name: {"method": "ssh", "path": "shell", ...}. */
json_t *route_table(void);

#endif
