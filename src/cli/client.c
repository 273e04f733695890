/* The daemon's API over its unix socket: HTTP by libcurl, WebSocket by an upgrade on a plain connection.
 * Who we are is known to the daemon from the socket itself, so that there is nothing to sign in with. */
#include "cli/cli.h"

#include <curl/curl.h>
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"

#define REPLY_MAX (64 * 1024 * 1024)

struct client {
	char *path;
	CURL *curl;
};

struct client *client_new(const char *socket_path)
{
	struct client *client = mem_alloc(sizeof(*client));

	client->path = str_copy(socket_path);
	return client;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	if (client->curl)
		curl_easy_cleanup(client->curl);
	free(client->path);
	free(client);
}

static void add_part(struct buf *path, const char *text)
{
	for (const char *p = text; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
		buf_fmt(path, plain || strchr("-._~", *p) ? "%c" : "%%%02X", (unsigned char)*p);
	}
}

/* RFC 3986, 2.3. A part "..", too, stays what it is: CURLOPT_PATH_AS_IS. */
char *address_of(const char *pattern, ...)
{
	AUTO(buf) struct buf path = { 0 };
	const char *gap;
	va_list parts;

	va_start(parts, pattern);
	for (; (gap = strstr(pattern, "%s")); pattern = gap + 2) {
		buf_append(&path, pattern, (size_t)(gap - pattern));
		add_part(&path, va_arg(parts, const char *));
	}
	va_end(parts);
	buf_text(&path, pattern);
	return str_copy((char *)path.data);
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct buf *body = context;

	(void)size;
	if (body->length + count > REPLY_MAX)
		return 0;
	buf_append(body, data, count);
	return count;
}

static enum err_kind kind_from_name(const char *name, long status)
{
	for (int kind = 0; kind < ERR_KINDS; kind++)
		if (str_equal(name, err_kind_name(kind)))
			return kind;
	return status == 404 ? ERR_NOT_FOUND : status < 500 ? ERR_INVALID : ERR_INTERNAL;
}

static int problem(json_t *reply, long status, struct err *err)
{
	const char *detail = json_string_value(json_object_get(reply, "detail"));
	const char *kind = json_string_value(json_object_get(reply, "kind"));

	return err_set(err, kind_from_name(kind, status), "%s", detail ? detail : "the daemon refused");
}

static int away(const struct client *client, const char *why, struct err *err)
{
	return err_set(err, ERR_UNAVAILABLE,
		       "terakoyad does not answer at %s (%s); start it (systemctl start terakoyad, or make demo), "
		       "or name its state directory with --state-dir",
		       client->path, why);
}

/* A request that speaks to the socket, without a body yet. */
static CURL *prepare(struct client *client, const char *method, const char *url, struct curl_slist *headers)
{
	if (!client->curl)
		client->curl = curl_easy_init();
	curl_easy_reset(client->curl);
	curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, client->path);
	curl_easy_setopt(client->curl, CURLOPT_URL, url);
	curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(client->curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
	return client->curl;
}

static void want_body(CURL *curl, struct buf *body)
{
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
}

/* Takes the headers. */
static int perform(struct client *client, struct curl_slist *headers, long *status, struct err *err)
{
	CURLcode code = curl_easy_perform(client->curl);

	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		return away(client, curl_easy_strerror(code), err);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, status);
	return 0;
}

static json_t *parse(const struct buf *answer)
{
	return answer->length ? json_loadb((char *)answer->data, answer->length, JSON_DECODE_ANY, NULL) :
				NULL;
}

/* data NULL: no body. */
static int exchange(struct client *client, const char *method, const char *path, const char *type,
		    const char *data, size_t length, json_t **reply, struct err *err)
{
	AUTO_FREE char *url = str_fmt("http://localhost/api/v1%s", path);
	AUTO_FREE char *header = str_fmt("Content-Type: %s", type);
	AUTO(buf) struct buf answer = { 0 };
	long status = 0;

	struct curl_slist *headers = curl_slist_append(curl_slist_append(NULL, header), "Expect:");
	CURL *curl = prepare(client, method, url, headers);
	want_body(curl, &answer);
	if (data) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, data);
	}
	if (perform(client, headers, &status, err) < 0)
		return -1;
	json_t *value = parse(&answer);
	if (status >= 400) {
		problem(value, status, err);
		json_decref(value);
		return -1;
	}
	if (reply)
		*reply = value;
	else
		json_decref(value);
	return 0;
}

int client_call(struct client *client, const char *method, const char *path, json_t *body, json_t **reply,
		struct err *err)
{
	AUTO_FREE char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	return exchange(client, method, path, "application/json", text, text ? strlen(text) : 0, reply, err);
}

int client_send(struct client *client, const char *path, const char *type, const void *data, size_t length,
		json_t **reply, struct err *err)
{
	return exchange(client, "POST", path, type, data, length, reply, err);
}

/* ---- files ------------------------------------------------------------------------------------ */

int client_send_file(struct client *client, const char *path, FILE *file, bool *created, json_t **reply,
		     struct err *err)
{
	AUTO_FREE char *url = str_fmt("http://localhost/api/v1%s", path);
	AUTO(buf) struct buf answer = { 0 };
	struct stat information;
	long status = 0;

	if (fstat(fileno(file), &information) < 0 || !S_ISREG(information.st_mode))
		return err_set(err, ERR_INVALID, "it is not a file");
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/gzip");
	headers = curl_slist_append(headers, "Expect:");
	CURL *curl = prepare(client, "POST", url, headers);
	want_body(curl, &answer);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READDATA, file);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)information.st_size);
	if (perform(client, headers, &status, err) < 0)
		return -1;
	*reply = parse(&answer);
	*created = status == 201;
	return status >= 400 ? problem(*reply, status, err) : 0;
}

/* Where the answer goes is known when its status is: a refusal is not the file. */
struct download {
	CURL *curl;
	FILE *file;
	struct buf refusal;
	long status;
	int error; /* errno of a write that failed */
};

static size_t take_file(char *data, size_t size, size_t count, void *context)
{
	struct download *download = context;

	curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &download->status);
	if (download->status >= 400)
		return take_body(data, size, count, &download->refusal);
	size_t written = fwrite(data, size, count, download->file);
	if (written < count)
		download->error = errno;
	return written;
}

int client_get_file(struct client *client, const char *path, FILE *file, struct err *err)
{
	AUTO_FREE char *url = str_fmt("http://localhost/api/v1%s", path);
	struct download download = { .file = file };

	download.curl = prepare(client, "GET", url, NULL);
	curl_easy_setopt(download.curl, CURLOPT_WRITEFUNCTION, take_file);
	curl_easy_setopt(download.curl, CURLOPT_WRITEDATA, &download);
	int result = perform(client, NULL, &download.status, err);
	if (ferror(file)) {
		result = err_set(err, ERR_INTERNAL, "the answer cannot be written: %s", strerror(download.error));
	} else if (result == 0 && download.status >= 400) {
		json_t *reply = parse(&download.refusal);
		result = problem(reply, download.status, err);
		json_decref(reply);
	}
	buf_free(&download.refusal);
	return result;
}

/* ---- WebSocket -------------------------------------------------------------------------------- */

static int dial(const struct client *client, int *fd, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(client->path) >= sizeof(address.sun_path))
		return err_set(err, ERR_INVALID, "the socket's path is too long: %s", client->path);
	strcpy(address.sun_path, client->path);
	AUTO_CLOSE int dialled = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (dialled < 0 || connect(dialled, (struct sockaddr *)&address, sizeof(address)) < 0)
		return away(client, strerror(errno), err);
	*fd = STEAL_FD(dialled);
	return 0;
}

/* Reads the answer's head, byte by byte so that nothing behind it is taken. */
static int read_head(int fd, char *head, size_t room)
{
	size_t length = 0;

	while (length + 1 < room) {
		if (read(fd, head + length, 1) != 1)
			return -1;
		head[++length] = 0;
		if (length >= 4 && memcmp(head + length - 4, "\r\n\r\n", 4) == 0)
			return 0;
	}
	return -1;
}

/* What stands behind the head of a refusal is problem+json, as far as it has come. */
static int refused(int fd, const char *head, struct err *err)
{
	char body[4096];
	ssize_t length = read(fd, body, sizeof(body));
	json_t *value = length > 0 ? json_loadb(body, (size_t)length, 0, NULL) : NULL;
	long status = 0;

	if (strlen(head) > 12)
		status = strtol(head + 9, NULL, 10);
	problem(value, status, err);
	json_decref(value);
	return -1;
}

/* The key's answer is not checked: the other end is a socket that only the daemon can listen on. */
int client_websocket(struct client *client, const char *path, const char *protocol, int *fd,
		     struct err *err)
{
	unsigned char nonce[16];
	char key[sodium_base64_ENCODED_LEN(16, sodium_base64_VARIANT_ORIGINAL)], head[4096];
	int dialled;

	randombytes_buf(nonce, sizeof(nonce));
	sodium_bin2base64(key, sizeof(key), nonce, sizeof(nonce), sodium_base64_VARIANT_ORIGINAL);
	AUTO_FREE char *request = str_fmt("GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
					  "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
					  "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
					  path, key, protocol);
	if (dial(client, &dialled, err) < 0)
		return -1;
	AUTO_CLOSE int owned = dialled;
	if (write(owned, request, strlen(request)) != (ssize_t)strlen(request) ||
	    read_head(owned, head, sizeof(head)) < 0)
		return away(client, "the connection was closed", err);
	if (!str_starts(head, "HTTP/1.1 101"))
		return refused(owned, head, err);
	*fd = STEAL_FD(owned);
	return 0;
}
