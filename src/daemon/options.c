#include "daemon/options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"

#define DATA     TERAKOYA_PREFIX "/share/terakoya"
#define SSH_PORT 2222

enum key {
	KEY_STATE_DIR = 256,
	KEY_LISTEN,
	KEY_BASE_URL,
	KEY_PACKS,
	KEY_IMAGES,
	KEY_AGENT,
	KEY_WEB,
	KEY_LIBVIRT,
	KEY_SSH_PORT,
	KEY_TLS_CERT,
	KEY_TLS_KEY,
	KEY_TIME_ZONE,
	KEY_LOG_LEVEL,
	KEY_CLONES,
	KEY_NO_CLONE,
	KEY_ROUTES,
	KEY_MAN,
};

/* What was given, by flag or environment, before defaults and checks. */
static const struct {
	enum key key;
	const char *variable, *fallback;
} defaults[] = {
	{ KEY_STATE_DIR, "TERAKOYA_STATE_DIR", "/var/lib/terakoya" },
	{ KEY_LISTEN, "TERAKOYA_LISTEN", "127.0.0.1:8080" },
	{ KEY_BASE_URL, "TERAKOYA_BASE_URL", NULL },
	{ KEY_PACKS, "TERAKOYA_PACKS", DATA "/labs" },
	{ KEY_IMAGES, "TERAKOYA_IMAGES", DATA "/images" },
	{ KEY_AGENT, "TERAKOYA_AGENT", TERAKOYA_PREFIX "/lib/terakoya/terakoya-agent" },
	{ KEY_WEB, "TERAKOYA_WEB", DATA "/web" },
	{ KEY_LIBVIRT, "TERAKOYA_LIBVIRT", "qemu:///system" },
	{ KEY_SSH_PORT, "TERAKOYA_SSH_PORT", NULL },
	{ KEY_TLS_CERT, "TERAKOYA_TLS_CERT", NULL },
	{ KEY_TLS_KEY, "TERAKOYA_TLS_KEY", NULL },
	{ KEY_TIME_ZONE, "TERAKOYA_TIME_ZONE", NULL },
	{ KEY_LOG_LEVEL, "TERAKOYA_LOG_LEVEL", "info" },
	{ KEY_CLONES, "TERAKOYA_CLONES", NULL },
};

static const struct argp_option flags[] = {
	{ "state-dir", KEY_STATE_DIR, "DIRECTORY", 0,
	  "where everything that lives is kept (/var/lib/terakoya)", 0 },
	{ "listen", KEY_LISTEN, "ADDRESS:PORT", 0, "where browsers come in (127.0.0.1:8080)", 0 },
	{ "base-url", KEY_BASE_URL, "URL", 0,
	  "how people reach it, when that is another name or a proxy's", 0 },
	{ "packs", KEY_PACKS, "DIRECTORY", 0, "courses that ship", 0 },
	{ "images", KEY_IMAGES, "DIRECTORY", 0, "image recipes", 0 },
	{ "agent", KEY_AGENT, "FILE", 0, "the agent that is put into images", 0 },
	{ "web", KEY_WEB, "DIRECTORY", 0, "files of the page", 0 },
	{ "libvirt", KEY_LIBVIRT, "URI", 0, "libvirt's connection (qemu:///system)", 0 },
	{ "ssh-port", KEY_SSH_PORT, "PORT", 0,
	  "where students' ssh clients come in, on the address of --listen; 0: no ssh (2222)", 0 },
	{ "tls-cert", KEY_TLS_CERT, "FILE", 0, "certificate chain, PEM: serve HTTPS", 0 },
	{ "tls-key", KEY_TLS_KEY, "FILE", 0, "its private key, PEM", 0 },
	{ "time-zone", KEY_TIME_ZONE, "ZONE", 0, "of the machines (the host's)", 0 },
	{ "log-level", KEY_LOG_LEVEL, "LEVEL", 0, "error, warning, info or debug (info)", 0 },
	{ "clones", KEY_CLONES, "NUMBER", 0,
	  "machines that are made at once, 1 to 4 (one more than processors)", 0 },
	{ "no-clone", KEY_NO_CLONE, NULL, 0, "boot machines, also where this host could clone them",
	  0 },
	{ "routes", KEY_ROUTES, NULL, OPTION_HIDDEN, "print the table of routes as JSON", 0 },
	{ "man", KEY_MAN, NULL, OPTION_HIDDEN, "print the man page", 0 },
	{ 0 },
};

struct given {
	const char *value[ARRAY_SIZE(defaults)];
	bool routes, no_clone;
};

/* roff: a dash is a minus, and a backslash begins an escape. */
static void print_roff(const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '-' || *p == '\\')
			putchar('\\');
		putchar(*p);
	}
}

static void print_flag(const struct argp_option *flag)
{
	printf(".TP\n\\fB");
	print_roff("--");
	print_roff(flag->name);
	printf("\\fR%s%s\n", flag->arg ? " " : "", flag->arg ? flag->arg : "");
	print_roff(flag->doc);
	printf("\n");
}

static void print_variables(void)
{
	printf(".SH ENVIRONMENT\nA flag on the command line comes before its variable.\n");
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		for (const struct argp_option *flag = flags; flag->name; flag++)
			if (flag->key == (int)defaults[i].key) {
				printf(".TP\n%s\n", defaults[i].variable);
				AUTO_FREE char *line = str_fmt("as --%s\n", flag->name);
				print_roff(line);
			}
}

static void print_man(void)
{
	printf(".TH TERAKOYAD 8 \"\" \"Terakoya " TERAKOYA_VERSION "\" \"System Administration\"\n"
	       ".SH NAME\nterakoyad \\- gives every student of a class a lab of their own\n"
	       ".SH SYNOPSIS\n.B terakoyad\n[OPTION...]\n"
	       ".SH DESCRIPTION\nOne daemon on one Linux machine clones real virtual machines for the seats of "
	       "a class, and serves the page, the API and the terminals. It stays in the foreground; "
	       "systemd starts it as terakoyad.service. SIGTERM and SIGINT end it; machines go on, and "
	       "the next start finds them.\n.SH OPTIONS\n");
	for (const struct argp_option *flag = flags; flag->name; flag++)
		if (!(flag->flags & OPTION_HIDDEN))
			print_flag(flag);
	print_variables();
	printf(".SH FILES\nIn the state directory:\n"
	       ".TP\nterakoya.db\nthe database; see \\fBterakoya backup\\fR and \\fBterakoya restore\\fR\n"
	       ".TP\nimages/, templates/, pool/\ndisks that machines stand on, and their own\n"
	       ".TP\npacks/\ncourses besides those that ship\n"
	       ".TP\nterakoya.sock\nthe socket of \\fBterakoya\\fR(1)\n"
	       ".TP\nterakoyad.lock\nheld while it runs: a second daemon there is refused\n"
	       ".SH EXIT STATUS\n0 ended by a signal, 1 it could not start, 2 wrong usage.\n"
	       ".SH SEE ALSO\nterakoya(1), libvirtd(8)\n");
}

static error_t on_flag(int key, char *value, struct argp_state *state)
{
	struct given *given = state->input;

	if (key == KEY_ROUTES || key == KEY_NO_CLONE) {
		*(key == KEY_ROUTES ? &given->routes : &given->no_clone) = true;
		return 0;
	}
	if (key == KEY_MAN) {
		print_man();
		exit(0);
	}
	if (key == ARGP_KEY_ARG)
		argp_error(state, "there is no place for \"%s\"", value);
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		if ((int)defaults[i].key == key) {
			given->value[i] = value;
			return 0;
		}
	}
	return ARGP_ERR_UNKNOWN;
}

static const char *value_of(const struct given *given, enum key key)
{
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		if (defaults[i].key != key)
			continue;
		const char *variable = getenv(defaults[i].variable);
		return given->value[i]		 ? given->value[i]
		       : !str_is_empty(variable) ? variable
						 : defaults[i].fallback;
	}
	return NULL;
}

static int set_ssh_port(struct options *options, const char *text, struct err *err)
{
	long port = SSH_PORT;

	if (text && !str_to_number(text, 0, 65535, &port))
		return err_set(err, ERR_INVALID, "--ssh-port must be a port, or 0 for no ssh");
	options->ssh_port = (unsigned)port;
	options->ssh_port_given = text != NULL;
	return 0;
}

static int set_clones(struct options *options, const char *text, struct err *err)
{
	long clones = 0;

	if (text && !str_to_number(text, 1, 4, &clones))
		return err_set(err, ERR_INVALID, "--clones must be a number from 1 to 4");
	options->clones = (unsigned)clones;
	return 0;
}

static int set_log_level(const char *name, struct err *err)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_equal(names[i], name)) {
			log_set_level((enum log_level)i);
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "--log-level must be error, warning, info or debug");
}

/* Absolute, without asking whether it is there: what needs a file says so better. */
static char *absolute(const char *path)
{
	AUTO_FREE char *here = getcwd(NULL, 0);

	return *path == '/' || !here ? str_copy(path) : str_fmt("%s/%s", here, path);
}

/* libvirt's QEMU user has to pass through; what is private below has modes of its own. */
static int make_state_dir(struct options *options, const char *path, struct err *err)
{
	AUTO_FREE char *wanted = absolute(path);

	if (mkdir(wanted, 0755) < 0 && access(wanted, W_OK) < 0)
		return err_errno(err, "cannot use the state directory %s", wanted);
	options->state_dir = realpath(wanted, NULL);
	if (!options->state_dir)
		return err_errno(err, "cannot use the state directory %s", wanted);
	options->socket = str_fmt("%s/terakoya.sock", options->state_dir);
	options->lock = str_fmt("%s/terakoyad.lock", options->state_dir);
	return 0;
}

int options_read(struct options *options, int argc, char **argv, struct err *err)
{
	static const struct argp argp = {
		.options = flags,
		.parser = on_flag,
		.doc = "terakoyad - gives every student of a class a lab of their own\v"
		       "Every flag can be set as an environment variable, too: TERAKOYA_STATE_DIR "
		       "and so on.",
	};
	struct given given = { 0 };

	argp_program_version = "terakoyad " TERAKOYA_VERSION;
	argp_parse(&argp, argc, argv, 0, NULL, &given);
	options->routes = given.routes;
	options->no_clone = given.no_clone;
	if (set_log_level(value_of(&given, KEY_LOG_LEVEL), err) < 0 ||
	    set_ssh_port(options, value_of(&given, KEY_SSH_PORT), err) < 0 ||
	    set_clones(options, value_of(&given, KEY_CLONES), err) < 0)
		return -1;
	options->packs = absolute(value_of(&given, KEY_PACKS));
	options->images = absolute(value_of(&given, KEY_IMAGES));
	options->agent = absolute(value_of(&given, KEY_AGENT));
	options->web = absolute(value_of(&given, KEY_WEB));
	options->listen = value_of(&given, KEY_LISTEN);
	options->base_url = value_of(&given, KEY_BASE_URL);
	options->uri = value_of(&given, KEY_LIBVIRT);
	options->tls_cert = value_of(&given, KEY_TLS_CERT);
	options->tls_key = value_of(&given, KEY_TLS_KEY);
	options->time_zone = value_of(&given, KEY_TIME_ZONE);
	return options->routes ? 0 : make_state_dir(options, value_of(&given, KEY_STATE_DIR), err);
}

void options_free(struct options *options)
{
	free(options->state_dir);
	free(options->packs);
	free(options->images);
	free(options->agent);
	free(options->web);
	free(options->socket);
	free(options->lock);
}
