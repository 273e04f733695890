/* libmicrohttpd in somebody else's loop.
 *
 * MHD is started without a thread and with epoll: everything that it waits for is behind one epoll
 * fd, which sd-event watches. MHD_run() is called from a post source, that is once after each turn
 * in which anything happened, and only if MHD has work: its epoll fd was readable, its timeout ran
 * out, or we resumed a connection. The last is the trap: without a thread MHD has no way of being
 * woken (it drops MHD_USE_ITC silently), so a resumed connection would wait for the next unrelated
 * event. Hence listener_wake(), and hence the rule that connections are resumed on T0 only.
 *
 * The life of a request: on_url() makes it, since only there the raw address is seen; on_request()
 * is called with the headers (route_begin), with each piece of the body, and at its end
 * (route_finish). A refusal that is known before the body waits for the body's end: a reply that is
 * sent while the client is still writing gets lost in the reset connection. on_completed() frees
 * it, always.
 *
 * A suspended connection is not watched by MHD and does not time out; it cannot go away behind our
 * back, so tickets are safe, and a client that left is noticed when the reply is written.
 */
#define LOG_MODULE "http"

#include "http/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "http/api.h"
#include "http/gate.h"
#include "pack/archive.h"

/* ---- MHD in the loop ------------------------------------------------------------------------ */

void listener_wake(struct listener *listener)
{
	listener->dirty = true;
}

static int on_timer(sd_event_source *source, uint64_t at, void *context)
{
	struct listener *listener = context;

	(void)source, (void)at;
	listener->dirty = true;
	return 0;
}

static int on_epoll(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct listener *listener = context;

	(void)source, (void)fd, (void)events;
	listener->dirty = true;
	return 0;
}

static void arm_timer(struct listener *listener)
{
	MHD_UNSIGNED_LONG_LONG wait;

	if (!listener->dirty && MHD_get_timeout(listener->mhd, &wait) != MHD_YES) {
		sd_event_source_set_enabled(listener->timer, SD_EVENT_OFF);
		return;
	}
	loop_timer(core_loop(listener->server->core), &listener->timer, listener->dirty ? 0 : wait,
		   on_timer, listener);
}

/* What a handler does may make work for MHD again; a few turns of that here, then others get
 * theirs. */
static int on_post(sd_event_source *source, void *context)
{
	struct listener *listener = context;

	(void)source;
	if (!listener->dirty)
		return 0;
	for (int turn = 0; listener->dirty && turn < 4; turn++) {
		listener->dirty = false;
		MHD_run(listener->mhd);
	}
	arm_timer(listener);
	return 0;
}

/* ---- requests ------------------------------------------------------------------------------- */

static void *on_url(void *context, const char *url, struct MHD_Connection *connection)
{
	struct request *request = request_begin(context, url);

	request->connection = connection;
	return request;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode why)
{
	(void)context, (void)connection, (void)why;
	if (*state)
		request_free(*state);
	*state = NULL;
}

static enum MHD_Result queue(struct request *request)
{
	return MHD_queue_response(request->connection, request->status, request->response);
}

static void refuse(struct request *request)
{
	if (request->err.kind == ERR_INTERNAL)
		log_error("%s", request->err.message);
	reply_err(request, &request->err);
}

static uint64_t announced_length(const struct request *request)
{
	const char *text = request_header(request, "Content-Length");

	return text ? strtoull(text, NULL, 10) : 0;
}

static size_t body_most(const struct request *request)
{
	bool archive = request->route && request->route->body == BODY_ARCHIVE;

	return archive ? PACK_ARCHIVE_MAX : HTTP_BODY_MAX;
}

static int check_length(struct request *request, uint64_t length)
{
	if (length <= body_most(request))
		return 0;
	return err_set(&request->err, ERR_TOO_LARGE, "the body has %llu bytes or more; at most %zu are taken",
		       (unsigned long long)length, body_most(request));
}

static enum MHD_Result begin(struct request *request, const char *path, const char *method)
{
	uint64_t announced = announced_length(request);

	request->begun = true;
	if (route_begin(request, path, method, &request->err) < 0 ||
	    (!request->response && check_length(request, announced) < 0))
		refuse(request);
	return announced > HTTP_DRAIN_MAX && request->response ? queue(request) : MHD_YES;
}

/* A file takes it at once: this is memory of the kernel's, and not waited for. */
static int keep(struct request *request, const char *data, size_t length)
{
	if (request->upload < 0) {
		buf_append(&request->body, data, length);
		return 0;
	}
	while (length) {
		ssize_t written = write(request->upload, data, length);
		if (written < 0)
			return err_errno(&request->err, "the body cannot be written to the disk");
		data += written;
		length -= (size_t)written;
	}
	return 0;
}

static enum MHD_Result collect(struct request *request, const char *data, size_t *length)
{
	request->received += *length;
	request->drained += request->response ? *length : 0;
	if (request->drained > HTTP_DRAIN_MAX)
		return MHD_NO;
	if (!request->response &&
	    (check_length(request, request->received) < 0 || keep(request, data, *length) < 0)) {
		buf_free(&request->body);
		refuse(request);
	}
	*length = 0;
	return MHD_YES;
}

static enum MHD_Result finish(struct request *request, const char *path, const char *method)
{
	if (!request->response && !request->ticket &&
	    route_finish(request, path, method, &request->err) < 0)
		refuse(request);
	if (request->response)
		return queue(request);
	request->asleep = true;
	MHD_suspend_connection(request->connection);
	return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *data, size_t *length, void **state)
{
	struct request *request = *state;

	(void)context, (void)connection, (void)version;
	if (!request->begun)
		return begin(request, path, method);
	if (*length)
		return collect(request, data, length);
	return finish(request, path, method);
}

static void __attribute__((format(printf, 2, 0)))
on_log(void *context, const char *format, va_list args)
{
	char text[512];

	(void)context;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = 0;
	log_debug("%s", text);
}

/* ---- start and stop ------------------------------------------------------------------------- */

static int start_mhd(struct listener *listener, int fd, const struct server_config *config,
		     struct err *err)
{
	struct server *server = listener->server;
	bool tls = config->tls_cert && !listener->local;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_UPGRADE | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0);
	struct MHD_OptionItem options[] = {
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_url, listener },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, listener },
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, HTTP_CONNECTIONS_MAX, NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, HTTP_PER_ADDRESS_MAX, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, HTTP_CONNECTION_MEMORY, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_SECONDS, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ tls ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, server->tls_cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key },
		{ MHD_OPTION_END, 0, NULL },
	};

	/* The logger has to come before everything that may want to log. */
	listener->mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_request, listener,
					 MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_ARRAY,
					 options, MHD_OPTION_END);
	if (listener->mhd)
		return 0;
	return err_set(err, ERR_INTERNAL, "cannot start the HTTP server%s",
		       tls ? ": are --tls-cert and --tls-key PEM files that belong together?" : "");
}

static int listener_start(struct listener *listener, struct server *server, int fd,
			  const struct server_config *config, struct err *err)
{
	AUTO_CLOSE int mine = fd;
	sd_event *event = loop_event(core_loop(server->core));

	listener->server = server;
	if (fd < 0 || start_mhd(listener, fd, config, err) < 0)
		return -1;
	STEAL_FD(mine);
	int epoll_fd = MHD_get_daemon_info(listener->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	if (sd_event_add_io(event, &listener->io, epoll_fd, EPOLLIN, on_epoll, listener) < 0 ||
	    sd_event_add_post(event, &listener->post, on_post, listener) < 0)
		return err_set(err, ERR_INTERNAL, "cannot watch the HTTP server");
	return 0;
}

static void listener_stop(struct listener *listener)
{
	if (!listener->mhd)
		return;
	for (int turn = 0; turn < 4; turn++)
		MHD_run(listener->mhd);
	sd_event_source_disable_unref(listener->io);
	sd_event_source_disable_unref(listener->post);
	sd_event_source_disable_unref(listener->timer);
	MHD_stop_daemon(listener->mhd);
}

static void look_at_all(struct server *server, bool recheck)
{
	sse_tick(server, recheck);
	ws_tick(server, recheck);
	lines_tick(server, recheck);
}

void server_recheck(struct server *server)
{
	look_at_all(server, true);
}

static int on_tick(sd_event_source *source, uint64_t at, void *context)
{
	struct server *server = context;

	(void)source, (void)at;
	look_at_all(server, false);
	loop_timer(core_loop(server->core), &server->tick, HTTP_TICK_MS, on_tick, server);
	return 0;
}

static int read_pem(const char *path, char **text, struct err *err)
{
	struct buf buf = { 0 };

	if (!path)
		return 0;
	if (buf_read_file(&buf, path, 1 << 20, err) < 0) {
		buf_free(&buf);
		return -1;
	}
	*text = (char *)buf.data;
	return 0;
}

/* Every connection is a descriptor; the soft limit is 1024 on most systems. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 2048)
		log_warning("only %llu files may be open at once: large classes will not fit",
			    (unsigned long long)limit.rlim_cur);
}

static unsigned bound_port(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &length);
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
}

/* The URL that people are shown; an address that means "everywhere" cannot be visited. */
static int name_server(struct server *server, const struct server_config *config, int fd,
		       struct err *err)
{
	AUTO_FREE char *host = NULL;
	AUTO_FREE char *port = NULL;

	if (listen_split(config->listen, &host, &port, err) < 0)
		return -1;
	gate_names(server, host, config->base_url);
	server->secure =
		config->tls_cert || (config->base_url && str_starts(config->base_url, "https://"));
	if (config->base_url) {
		server->url = str_copy(config->base_url);
		size_t length = strlen(server->url);
		if (length && server->url[length - 1] == '/')
			server->url[length - 1] = 0;
		return 0;
	}
	server->url = str_fmt("http%s://%s:%u", config->tls_cert ? "s" : "",
			      server->any_literal ? "127.0.0.1" : host, bound_port(fd));
	return 0;
}

static int server_start(struct server *server, const struct server_config *config, struct err *err)
{
	AUTO_CLOSE int fd = -1;

	raise_limits();
	if (!config->tls_cert != !config->tls_key)
		return err_set(err, ERR_INVALID, "--tls-cert and --tls-key go together");
	if (read_pem(config->tls_cert, &server->tls_cert, err) < 0 ||
	    read_pem(config->tls_key, &server->tls_key, err) < 0)
		return -1;
	server->files = files_new(config->web_dir);
	fd = listen_tcp(config->listen, err);
	if (fd < 0 || name_server(server, config, fd, err) < 0 ||
	    listener_start(&server->tcp, server, STEAL_FD(fd), config, err) < 0)
		return -1;
	server->local.local = true;
	if (config->socket) {
		fd = listen_local(config->socket, err);
		if (fd < 0)
			return -1;
		server->socket_path = str_copy(config->socket);
		if (listener_start(&server->local, server, STEAL_FD(fd), config, err) < 0)
			return -1;
	}
	if (loop_timer(core_loop(server->core), &server->tick, HTTP_TICK_MS, on_tick, server) < 0)
		return err_set(err, ERR_INTERNAL, "cannot arm the server's timer");
	return 0;
}

struct server *server_new(struct core *core, struct auth *auth, struct hub *hub,
			  const struct server_config *config, struct err *err)
{
	struct server *server = mem_alloc(sizeof(*server));

	server->core = core;
	server->auth = auth;
	server->hub = hub;
	server->gateway = config->gateway;
	TAILQ_INIT(&server->streams);
	TAILQ_INIT(&server->sockets);
	TAILQ_INIT(&server->lines);
	LIST_INIT(&server->requests);
	if (server_start(server, config, err) < 0) {
		server_free(server);
		return NULL;
	}
	return server;
}

/* MHD insists that no connection is suspended when it stops. */
static void wake_sleepers(struct server *server)
{
	struct err err = ERR_INIT;
	struct request *request;

	err_set(&err, ERR_UNAVAILABLE, "the server is stopping");
	LIST_FOREACH(request, &server->requests, entry) {
		if (request->asleep && !request->response)
			reply_err(request, &err);
		request_resume(request);
	}
}

void server_free(struct server *server)
{
	if (!server)
		return;
	server->stopping = true;
	sd_event_source_disable_unref(server->tick);
	sse_stop(server);
	ws_stop(server);
	lines_stop(server);
	wake_sleepers(server);
	listener_stop(&server->tcp);
	listener_stop(&server->local);
	files_free(server->files);
	if (server->socket_path)
		unlink(server->socket_path);
	for (char **host = server->hosts; host && *host; host++)
		free(*host);
	free(server->hosts);
	free(server->socket_path);
	free(server->tls_cert);
	free(server->tls_key);
	free(server->url);
	free(server);
}

const char *server_url(const struct server *server)
{
	return server->url;
}
