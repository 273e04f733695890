#include "http/request.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "http/ws.h"

struct ticket {
	struct request *request; /* NULL: it has gone */
};

/* An encoded NUL would cut the path short behind our back; nothing here needs one, or a backslash.
 */
static bool url_is_bad(const char *url)
{
	return strlen(url) > HTTP_URL_MAX || strstr(url, "%00") || strchr(url, '\\') ||
	       !str_is_clean_utf8(url, strlen(url));
}

/* MHD decodes it, and then it is one that separates: "a%2Fb" would be found where "a/b" is. */
static bool url_hides_slash(const char *url)
{
	const char *query = strchr(url, '?'), *slash = strcasestr(url, "%2f");

	return slash && (!query || slash < query);
}

struct request *request_begin(struct listener *listener, const char *raw_url)
{
	struct request *request = mem_alloc(sizeof(*request));

	request->upload = -1;
	request->listener = listener;
	request->server = listener->server;
	request->bad_url = url_is_bad(raw_url);
	request->hides_slash = url_hides_slash(raw_url);
	LIST_INSERT_HEAD(&request->server->requests, request, entry);
	return request;
}

void request_free(struct request *request)
{
	if (request->ticket)
		request->ticket->request = NULL;
	if (request->response && !request->shared)
		MHD_destroy_response(request->response);
	if (request->ws)
		ws_abandon(request->ws);
	LIST_REMOVE(request, entry);
	json_decref(request->json);
	if (request->upload >= 0)
		close(request->upload);
	buf_free(&request->body);
	free(request);
}

const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_query(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

int request_query_number(const struct request *request, const char *name, long low, long high,
			 long fallback, long *value, struct err *err)
{
	const char *text = request_query(request, name);

	*value = fallback;
	if (text && !str_to_number(text, low, high, value))
		return err_set(err, ERR_INVALID, "%s must be a whole number from %ld to %ld", name,
			       low, high);
	return 0;
}

int request_language(const struct request *request, enum pack_lang *lang, struct err *err)
{
	const char *language = request_query(request, "language");

	*lang = str_equal(language, pack_lang_names[PACK_JA]) ? PACK_JA : PACK_EN;
	if (language && !str_equal(language, pack_lang_names[*lang]))
		return err_set(err, ERR_INVALID, "language must be en or ja");
	return 0;
}

/* Read by hand: MHD's own cookie parser rejects the whole line for one odd neighbour. */
bool request_cookie(const struct request *request, const char *name, char *value, size_t room)
{
	const char *at = request_header(request, "Cookie");
	size_t name_length = strlen(name);

	while (at && *at) {
		at += strspn(at, "; \t");
		size_t length = strcspn(at, ";");
		if (length > name_length && at[name_length] == '=' &&
		    strncmp(at, name, name_length) == 0) {
			size_t size = length - name_length - 1;
			if (size >= room)
				return false;
			memcpy(value, at + name_length + 1, size);
			value[size] = 0;
			return true;
		}
		at += length;
	}
	return false;
}

void request_address(const struct request *request, char address[64])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *peer = info ? info->client_addr : NULL;

	snprintf(address, 64, "local");
	if (request->listener->local || !peer)
		return;
	if (peer->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, address, 64);
	else if (peer->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)peer)->sin6_addr, address, 64);
}

struct ticket *request_defer(struct request *request)
{
	request->ticket = mem_alloc(sizeof(*request->ticket));
	request->ticket->request = request;
	return request->ticket;
}

struct request *ticket_redeem(struct ticket *ticket)
{
	struct request *request = ticket->request;

	if (request)
		request->ticket = NULL;
	free(ticket);
	return request;
}

void request_resume(struct request *request)
{
	if (!request->asleep)
		return;
	request->asleep = false;
	MHD_resume_connection(request->connection);
	listener_wake(request->listener);
}
