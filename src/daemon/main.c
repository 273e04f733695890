/* terakoyad: reads its options, locks its state, starts the parts from the bottom up, runs the
 * loop, and ends them from the top down. Machines are not touched by its end: the next start finds
 * them. A backup is put in place between an end and a start.
 */
#define LOG_MODULE "terakoyad"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "core/archive.h"
#include "core/auth.h"
#include "core/core.h"
#include "daemon/options.h"

#include "http/route.h"
#include "http/server.h"
#include "ssh/gateway.h"
#include "store/backup.h"
#include "term/hub.h"
#include "virt/holder.h"

struct daemon {
	struct options options;
	int lock;
	struct loop *loop;
	struct core *core;
	struct auth *auth;
	struct hub *hub;
	struct gateway *gateway;
	struct server *server;
};

/* The lock ends with the process, however that ends. */
static int lock_state(struct daemon *daemon, struct err *err)
{
	daemon->lock = open(daemon->options.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (daemon->lock < 0)
		return err_errno(err, "cannot open %s", daemon->options.lock);
	if (flock(daemon->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return err_errno(err, "cannot lock %s", daemon->options.lock);
	return err_set(
		err, ERR_CONFLICT,
		"another terakoyad works on %s: stop it first, or choose another --state-dir",
		daemon->options.state_dir);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *signal, void *context)
{
	struct daemon *daemon = context;

	(void)source;
	log_info("stopping: %s", strsignal((int)signal->ssi_signo));
	sd_notify(0, "STOPPING=1");
	loop_stop(daemon->loop, 0);
	return 0;
}

/* Blocked before any thread is started, so that only the loop sees them. */
static void block_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int watch_signals(struct daemon *daemon, struct err *err)
{
	sd_event *event = loop_event(daemon->loop);

	if (sd_event_add_signal(event, NULL, SIGTERM, on_signal, daemon) < 0 ||
	    sd_event_add_signal(event, NULL, SIGINT, on_signal, daemon) < 0)
		return err_set(err, ERR_INTERNAL, "cannot watch for signals");
	return 0;
}

static int start_server(struct daemon *daemon, struct err *err)
{
	const struct options *options = &daemon->options;
	const struct server_config config = {
		.listen = options->listen,
		.socket = options->socket,
		.web_dir = options->web,
		.base_url = options->base_url,
		.tls_cert = options->tls_cert,
		.tls_key = options->tls_key,
		.gateway = daemon->gateway,
	};

	daemon->server = server_new(daemon->core, daemon->auth, daemon->hub, &config, err);
	return daemon->server ? 0 : -1;
}

/* That nobody asked for the usual port is no reason to do without a daemon where something else has it. */
static int start_gateway(struct daemon *daemon, struct err *err)
{
	const struct options *options = &daemon->options;
	const struct gateway_config config = {
		.listen = options->listen,
		.port = options->ssh_port,
		.state_dir = options->state_dir,
	};

	if (!options->ssh_port)
		return 0;
	daemon->gateway = gateway_new(daemon->core, daemon->auth, daemon->hub, &config, err);
	if (daemon->gateway || options->ssh_port_given || err->kind != ERR_CONFLICT)
		return daemon->gateway ? 0 : -1;
	log_warning("there is no ssh: %s", err->message);
	*err = (struct err)ERR_INIT;
	return 0;
}

static int start(struct daemon *daemon, struct err *err)
{
	const struct options *options = &daemon->options;
	const struct core_config config = {
		.state_dir = options->state_dir,
		.packs_dir = options->packs,
		.images_dir = options->images,
		.agent = options->agent,
		.uri = options->uri,
		.time_zone = options->time_zone,
		.never_clone = options->no_clone,
		.clones = options->clones,
	};

	if (lock_state(daemon, err) < 0)
		return -1;
	daemon->loop = loop_new(err);
	if (!daemon->loop || watch_signals(daemon, err) < 0)
		return -1;
	daemon->core = core_new(daemon->loop, &config, err);
	if (!daemon->core)
		return -1;
	daemon->auth = auth_new(daemon->core, err);
	if (!daemon->auth)
		return -1;
	daemon->hub = hub_new(daemon->core);
	if (start_gateway(daemon, err) < 0)
		return -1;
	return start_server(daemon, err);
}

/* The lock and the options stay: it may begin anew. */
static void stop(struct daemon *daemon)
{
	server_free(daemon->server);
	gateway_free(daemon->gateway);
	hub_free(daemon->hub);
	auth_free(daemon->auth);
	core_free(daemon->core);
	loop_free(daemon->loop);
}

static void take_backup(const struct daemon *daemon)
{
	AUTO_FREE char *database = str_fmt("%s/terakoya.db", daemon->options.state_dir);
	struct store_restored restored;
	struct err err = ERR_INIT;

	if (store_restore_finish(database, &restored, &err) < 0)
		log_error("the backup was not put in the place of the database, which is as it was: %s", err.message);
	else
		log_info("restored; the database of before is kept as %s", restored.kept);
}

/* As the same process, which whoever started it waits for; with nothing of this life but its arguments. */
static int begin_anew(char **argv)
{
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	execv("/proc/self/exe", argv);
	log_error("cannot begin anew: %m; start terakoyad again");
	return 1;
}

static int print_routes(void)
{
	json_t *table = route_table();

	json_dumpf(table, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(table);
	return 0;
}

static int serve(struct daemon *daemon)
{
	struct err err = ERR_INIT;

	if (start(daemon, &err) < 0) {
		log_error("%s", err.message);
		return 1;
	}
	log_info("serving %s and %s", server_url(daemon->server), daemon->options.socket);
	sd_notifyf(0, "READY=1\nSTATUS=serving %s", server_url(daemon->server));
	return loop_run(daemon->loop);
}

int main(int argc, char **argv)
{
	struct daemon daemon = { .lock = -1 };
	struct err err = ERR_INIT;

	if (argc > 0 && str_equal(argv[0], HOLDER_NAME))
		return holder_main(argc, argv);
	block_signals();
	if (sodium_init() < 0 || options_read(&daemon.options, argc, argv, &err) < 0) {
		fprintf(stderr, "terakoyad: %s\n", err.message);
		options_free(&daemon.options);
		return 2;
	}
	int code = daemon.options.routes ? print_routes() : serve(&daemon);
	stop(&daemon);
	if (code == ARCHIVE_RESTORE)
		take_backup(&daemon);
	close_fd_cleanup(&daemon.lock);
	options_free(&daemon.options);
	return code == ARCHIVE_RESTORE ? begin_anew(argv) : code;
}
