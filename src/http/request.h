/* One HTTP request from its first line to its answer.
 *
 * A handler answers at once (reply.h), or takes a ticket with request_defer(): then the connection
 * sleeps until somebody holds the ticket's answer. A ticket outlives everything: when the server
 * has gone meanwhile, ticket_redeem() says so.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <jansson.h>

#include "base/buf.h"
#include "http/inside.h"

#define REQUEST_DEPTH_MAX 16 /* of nested JSON */

struct ticket;
struct ws;

struct request {
	LIST_ENTRY(request) entry;
	struct server *server;
	struct listener *listener;
	struct MHD_Connection *connection;
	const struct route *route; /* NULL: a static file, or nothing */
	bool begun, head, bad_url, hides_slash;
	struct err err; /* of a refusal; the body is thrown away then */

	/* who asks */
	bool signed_in;
	struct actor actor;
	char token[AUTH_TOKEN_CHARS + 1], csrf[AUTH_TOKEN_CHARS + 1];

	/* what the path and the query name, looked up by route.c; NULL or 0 where they name none */
	struct class *class;
	struct seat *seat;
	struct machine *machine;
	const struct pack *pack; /* of a lab that is named with a course's version */
	const struct pack_lab *lab;
	const struct pack_task *task;
	char name[64]; /* course, image or login */
	char version[16]; /* of a course */
	long number;   /* the last id in the path: of a work, a seat; or a hint */

	/* what it carries */
	struct buf body;
	size_t received; /* bytes of the body so far, kept or not */
	size_t drained;	 /* those that came after it was refused */
	json_t *json;	 /* the body, when there is one */
	int upload;	 /* or the file that it was written to; -1: none */

	/* the answer */
	struct MHD_Response *response;
	bool shared; /* the response belongs to the cache of static files */
	unsigned status;
	struct ticket *ticket;
	bool asleep;
	struct ws *ws; /* a WebSocket that has not begun yet */
};

struct request *request_begin(struct listener *listener, const char *raw_url);
void request_free(struct request *request);

const char *request_header(const struct request *request, const char *name); /* NULL: none */
const char *request_query(const struct request *request, const char *name);  /* NULL: none */
/* A number from the query; fallback when it is absent; ERR_INVALID names it. */
int request_query_number(const struct request *request, const char *name, long low, long high,
			 long fallback, long *value, struct err *err);
/* language=en|ja; English when it is absent. */
int request_language(const struct request *request, enum pack_lang *lang, struct err *err);
/* The value of one cookie, copied; false when there is none of at most room - 1 bytes. */
bool request_cookie(const struct request *request, const char *name, char *value, size_t room);
/* The client's address as text, for throttling; "local" on the unix socket. */
void request_address(const struct request *request, char address[64]);

/* ---- bodies --------------------------------------------------------------------------------- */

/* Parses a body as JSON: bounded in size and depth, an object, no duplicate names. The caller owns
 * *json. This is all that ever reads JSON from the network: tests/fuzz/fuzz_json.c aims here. */
int json_read(const char *text, size_t length, json_t **json, struct err *err);

enum field_type {
	FIELD_TEXT,   /* const char **: clean UTF-8, low..high characters */
	FIELD_SECRET, /* const char **: any text, low..high bytes */
	FIELD_NUMBER, /* long *: whole, low..high */
	FIELD_BOOL,   /* bool * */
	FIELD_NAMES,  /* json_t **: 1..high texts of 1..100 characters; borrowed */
	FIELD_LIST,   /* json_t **: low..high objects, to be read one by one; borrowed */
};

struct field {
	const char *name;
	enum field_type type;
	bool required;
	long low, high;
	void *value; /* untouched when the field is absent */
};

/* Reads the members of an object by a table; ERR_INVALID names the field, what it must be, and any
 * field that the table does not know. Texts belong to the object. */
int fields_read(const json_t *object, const struct field *fields, size_t count, struct err *err);

/* ---- later answers -------------------------------------------------------------------------- */

/* After the handler returned 0 without an answer the request sleeps until the ticket is redeemed,
 * which has to happen exactly once (it may be before the handler returns). */
struct ticket *request_defer(struct request *request);
/* Frees the ticket. NULL: nobody waits any more. Else reply, then request_resume(). */
struct request *ticket_redeem(struct ticket *ticket);
void request_resume(struct request *request);

#endif
