/* The page's files: held in memory as ready replies, read anew when they change on disk.
 *
 * A path from the network is never joined to the directory before every one of its segments has
 * been checked, so nothing outside of it and no hidden file can be named. A path without an
 * extension that is no file is a view of the single page, which gets index.html.
 *
 * The policy (CSP) forbids everything, then allows our own origin. The import map is the one inline
 * script; its hash is computed from index.html as it is on disk. Inline styles are forbidden too:
 * what xterm.js would write into <style> elements, web/terminal/policy.js puts into adopted style
 * sheets.
 */
#define LOG_MODULE "http"

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "http/api.h"

#define FILE_MAX (8 * 1024 * 1024)
#define ETAG_MAX 48

struct variant {
	struct MHD_Response *response; /* NULL: there is none */
	char etag[ETAG_MAX];
};

struct file {
	LIST_ENTRY(file) entry;
	char *path; /* "js/main.js" */
	struct timespec changed;
	struct variant plain, gzip;
};

struct files {
	char *directory; /* NULL: no page */
	LIST_HEAD(, file) list;
	char *policy;
};

static const struct {
	const char *extension, *type;
} types[] = {
	{ "html", "text/html; charset=utf-8" },
	{ "js", "text/javascript; charset=utf-8" },
	{ "mjs", "text/javascript; charset=utf-8" },
	{ "css", "text/css; charset=utf-8" },
	{ "json", "application/json" },
	{ "map", "application/json" },
	{ "webmanifest", "application/manifest+json" },
	{ "svg", "image/svg+xml" },
	{ "png", "image/png" },
	{ "jpg", "image/jpeg" },
	{ "webp", "image/webp" },
	{ "ico", "image/x-icon" },
	{ "woff2", "font/woff2" },
	{ "wasm", "application/wasm" },
	{ "txt", "text/plain; charset=utf-8" },
};

static const char *type_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < ARRAY_SIZE(types); i++)
		if (strcmp(dot + 1, types[i].extension) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* ---- the policy ----------------------------------------------------------------------------- */

static void add_hash(struct buf *policy, const char *text, size_t length)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	char base64[sodium_base64_ENCODED_LEN(sizeof(digest), sodium_base64_VARIANT_ORIGINAL)];

	crypto_hash_sha256(digest, (const uint8_t *)text, length);
	sodium_bin2base64(base64, sizeof(base64), digest, sizeof(digest),
			  sodium_base64_VARIANT_ORIGINAL);
	buf_fmt(policy, " 'sha256-%s'", base64);
}

static char *make_policy(const char *index)
{
	struct buf policy = { 0 };
	const char *at = index, *end;

	buf_text(&policy, "default-src 'none'; script-src 'self'");
	while ((at = strcasestr(at, "<script")) && (end = strchr(at, '>'))) {
		AUTO_FREE char *tag = str_copy_n(at, (size_t)(end - at));
		at = strcasestr(end, "</script");
		if (!at)
			break;
		if (!strcasestr(tag, " src"))
			add_hash(&policy, end + 1, (size_t)(at - end - 1));
	}
	buf_text(&policy,
		 "; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
		 "manifest-src 'self'; base-uri 'none'; form-action 'self'; "
		 "frame-ancestors 'none'");
	return (char *)policy.data;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void make_etag(struct variant *variant, const struct buf *content)
{
	uint8_t digest[16];
	char hex[2 * sizeof(digest) + 1];

	crypto_generichash(digest, sizeof(digest), content->data, content->length, NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
	snprintf(variant->etag, sizeof(variant->etag), "\"%s\"", hex);
}

static void variant_make(struct files *files, struct file *file, struct variant *variant,
			 struct buf *content, const char *encoding)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		content->length, content->data, MHD_RESPMEM_MUST_FREE);

	make_etag(variant, content);
	*content = (struct buf){ 0 };
	reply_strict(response);
	MHD_add_response_header(response, "Content-Type", type_of(file->path));
	MHD_add_response_header(response, "Content-Security-Policy", files->policy);
	MHD_add_response_header(response, "Cache-Control", "no-cache");
	MHD_add_response_header(response, "Vary", "Accept-Encoding");
	MHD_add_response_header(response, "ETag", variant->etag);
	if (encoding)
		MHD_add_response_header(response, "Content-Encoding", encoding);
	variant->response = response;
}

static void variant_drop(struct variant *variant)
{
	if (variant->response)
		MHD_destroy_response(variant->response);
	*variant = (struct variant){ 0 };
}

static void read_gzip(struct files *files, struct file *file, const char *full)
{
	AUTO_FREE char *path = str_fmt("%s.gz", full);
	AUTO(buf) struct buf content = { 0 };
	struct stat status;

	if (stat(path, &status) == 0 && status.st_mtim.tv_sec >= file->changed.tv_sec &&
	    buf_read_file(&content, path, FILE_MAX, NULL) == 0)
		variant_make(files, file, &file->gzip, &content, "gzip");
}

static int file_read(struct files *files, struct file *file, const char *full,
		     const struct stat *status, struct err *err)
{
	AUTO(buf) struct buf content = { 0 };

	if (buf_read_file(&content, full, FILE_MAX, err) < 0)
		return -1;
	variant_drop(&file->plain);
	variant_drop(&file->gzip);
	file->changed = status->st_mtim;
	if (strcmp(file->path, "index.html") == 0) {
		free(files->policy);
		files->policy = make_policy(content.data ? (char *)content.data : "");
	}
	variant_make(files, file, &file->plain, &content, NULL);
	read_gzip(files, file, full);
	return 0;
}

static struct file *file_known(struct files *files, const char *path)
{
	struct file *file;

	LIST_FOREACH(file, &files->list, entry)
		if (strcmp(file->path, path) == 0)
			return file;
	return NULL;
}

static void file_free(struct file *file)
{
	variant_drop(&file->plain);
	variant_drop(&file->gzip);
	free(file->path);
	free(file);
}

/* The file as it is on disk now; NULL when there is none that may be read. */
static struct file *file_get(struct files *files, const char *path)
{
	AUTO_FREE char *full = str_fmt("%s/%s", files->directory, path);
	struct file *file = file_known(files, path);
	struct err err = ERR_INIT;
	struct stat status;

	bool there = stat(full, &status) == 0 && S_ISREG(status.st_mode);
	if (there && file && !memcmp(&file->changed, &status.st_mtim, sizeof(file->changed)))
		return file;
	if (there && !file) {
		file = mem_alloc(sizeof(*file));
		file->path = str_copy(path);
		LIST_INSERT_HEAD(&files->list, file, entry);
	}
	if (there && file_read(files, file, full, &status, &err) == 0)
		return file;
	if (err.kind)
		log_warning("%s", err.message);
	if (file) {
		LIST_REMOVE(file, entry);
		file_free(file);
	}
	return NULL;
}

/* ---- serving -------------------------------------------------------------------------------- */

static bool path_is_safe(const char *path)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-@+";

	for (;;) {
		size_t length = strspn(path, allowed);
		if (!length || *path == '.')
			return false;
		if (!path[length])
			return true;
		if (path[length] != '/')
			return false;
		path += length + 1;
	}
}

static bool is_view(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *dot = strrchr(slash ? slash : path, '.');

	return !dot || isdigit((unsigned char)dot[1]); /* of a course's version */
}

static bool accepts_gzip(const struct request *request)
{
	const char *list = request_header(request, "Accept-Encoding");
	const char *gzip = list ? strcasestr(list, "gzip") : NULL;

	return gzip && strncmp(gzip + 4, ";q=0", 4) && strncmp(gzip + 4, "; q=0", 5);
}

static bool client_has(const struct request *request, const char *etag)
{
	const char *list = request_header(request, "If-None-Match");

	return list && (strcmp(list, "*") == 0 || strstr(list, etag));
}

static void serve(struct request *request, const struct variant *variant)
{
	if (client_has(request, variant->etag)) {
		reply_empty(request, MHD_HTTP_NOT_MODIFIED);
		MHD_del_response_header(request->response, "Cache-Control", "no-store");
		reply_header(request, "Cache-Control", "no-cache");
		reply_header(request, "Vary", "Accept-Encoding");
		reply_header(request, "ETag", variant->etag);
		return;
	}
	/* A reference of its own: the queue and the cache each hold one. */
	request->response = variant->response;
	request->status = MHD_HTTP_OK;
	request->shared = true;
}

int files_serve(struct request *request, const char *path, const char *method, struct err *err)
{
	struct files *files = request->server->files;
	struct file *file = NULL;

	if (strcmp(method, "GET") && strcmp(method, "HEAD")) {
		reply_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method-not-allowed",
			      "the page can only be read");
		reply_header(request, "Allow", "GET, HEAD");
		return 0;
	}
	path += strspn(path, "/");
	if (files->directory && *path && path_is_safe(path))
		file = file_get(files, path);
	if (files->directory && !file && is_view(path))
		file = file_get(files, "index.html");
	if (!file)
		return err_set(err, ERR_NOT_FOUND, "there is no file %.200s", path);
	serve(request, file->gzip.response && accepts_gzip(request) ? &file->gzip : &file->plain);
	return 0;
}

struct files *files_new(const char *directory)
{
	struct files *files = mem_alloc(sizeof(*files));

	LIST_INIT(&files->list);
	files->directory = str_copy(directory);
	files->policy = make_policy("");
	if (!directory || !file_get(files, "index.html"))
		log_warning("there is no page: %s/index.html is missing",
			    directory ? directory : "");
	return files;
}

void files_free(struct files *files)
{
	if (!files)
		return;
	while (!LIST_EMPTY(&files->list)) {
		struct file *file = LIST_FIRST(&files->list);
		LIST_REMOVE(file, entry);
		file_free(file);
	}
	free(files->policy);
	free(files->directory);
	free(files);
}
