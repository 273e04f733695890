/* The command line: one table of commands, one file per subject, one client for the daemon's API over its
 * unix socket. The table is also where --help and the man page come from. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

#define OPTIONS_MAX   6
#define ARGUMENTS_MAX 33 /* a class, and PLANS_MAX things that are planned for it */

struct client;

struct option_spec {
	const char *name;     /* without the dashes */
	const char *argument; /* "N"; NULL: a switch */
	const char *help;
};

struct invocation {
	const struct command *command;
	const char *argument[ARGUMENTS_MAX]; /* those behind the command's words */
	int arguments;
	const char *option[OPTIONS_MAX]; /* by place in command->option: value, "" for a switch, NULL */
	const char *state_dir;
	const char *socket;
	bool json;
	struct client *client; /* connects when it is first used */
};

struct command {
	const char *words;     /* "class create" */
	const char *arguments; /* "COURSE", "CLASS/SEAT [MACHINE]" */
	int least, most;       /* arguments */
	const char *summary;   /* one line, no dot */
	const char *details;   /* a paragraph for the man page; NULL */
	struct option_spec option[OPTIONS_MAX];
	/* 0, or -1 with err; the exit code follows from err's kind. */
	int (*run)(struct invocation *invocation, struct err *err);
};

/* The value of a command's option, NULL when it was not given. */
const char *option_value(const struct invocation *invocation, const char *name);

/* ---- client.c ---- */

struct client *client_new(const char *socket_path);
void client_free(struct client *client);
/* A path in which each "%s" (there may be nothing else) is one more argument, with whatever would end this part of an
 * address, or mean something in it, escaped. The caller frees. */
char *address_of(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
/* One request. body is stolen, may be NULL. *reply may be NULL for answers without a body; reply itself may
 * be NULL. Errors carry the daemon's kind and words; ERR_UNAVAILABLE says how to start the daemon. */
int client_call(struct client *client, const char *method, const char *path, json_t *body, json_t **reply,
		struct err *err);
/* A POST with a body that is no JSON. */
int client_send(struct client *client, const char *path, const char *type, const void *data, size_t length,
		json_t **reply, struct err *err);
/* Sends a pack's archive, from where the file is to its end. *created: 201 rather than 200. *reply is set
 * also when it is refused, and may be NULL then: the problem's members. */
int client_send_file(struct client *client, const char *path, FILE *file, bool *created, json_t **reply,
		     struct err *err);
/* Writes what is at path into file. */
int client_get_file(struct client *client, const char *path, FILE *file, struct err *err);
/* A WebSocket on the unix socket: a connected descriptor, the handshake done. */
int client_websocket(struct client *client, const char *path, const char *protocol, int *fd,
		     struct err *err);

/* ---- show.c ---- */

/* With --json: prints the value and gives true. Borrows. */
bool show_json(const struct invocation *invocation, json_t *value);
/* What there is to say of a command that has no object to show: a line, or {"done": line} with --json. */
void show_done(const struct invocation *invocation, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A table of objects: columns are "Title=path.to.member" strings, NULL-terminated. */
void show_table(json_t *rows, const char *const *columns);
/* Gets a list from the API and shows it: as such a table, or as it is with --json. */
int show_list(struct invocation *invocation, const char *path, const char *const *columns,
	      struct err *err);
/* Follows long work (an image, a template) until its end, with a progress bar on a terminal. */
int show_work(struct invocation *invocation, json_t *work, struct err *err);
/* "12.3 GB", "4 min 05 s", "2026-06-09 13:30" (here; "" for 0) */
const char *show_bytes(json_int_t bytes, char text[32]);
const char *show_seconds(json_int_t ms, char text[32]);
const char *show_time(json_int_t ms, char text[32]);
/* A member of an object; "" or 0 where there is none of that kind. */
const char *text_of(const json_t *object, const char *name);
long long number_of(const json_t *object, const char *name);
/* Asks on the terminal; true for yes. Without a terminal: false, and what to do is said. */
bool confirm(const struct invocation *invocation, const char *question);

/* ---- the commands ---- */

int cmd_doctor(struct invocation *invocation, struct err *err);
int cmd_image_build(struct invocation *invocation, struct err *err);
int cmd_image_remove(struct invocation *invocation, struct err *err);
int cmd_image_list(struct invocation *invocation, struct err *err);
int cmd_image_show(struct invocation *invocation, struct err *err);
int cmd_course_list(struct invocation *invocation, struct err *err);
int cmd_pack_list(struct invocation *invocation, struct err *err);
int cmd_pack_import(struct invocation *invocation, struct err *err);
int cmd_pack_export(struct invocation *invocation, struct err *err);
int cmd_pack_activate(struct invocation *invocation, struct err *err);
int cmd_pack_remove(struct invocation *invocation, struct err *err);
int cmd_template_bake(struct invocation *invocation, struct err *err);
int cmd_template_list(struct invocation *invocation, struct err *err);
int cmd_class_create(struct invocation *invocation, struct err *err);
int cmd_class_capacity(struct invocation *invocation, struct err *err);
int cmd_class_codes(struct invocation *invocation, struct err *err);
int cmd_class_joining(struct invocation *invocation, struct err *err);
int cmd_class_list(struct invocation *invocation, struct err *err);
int cmd_class_launch(struct invocation *invocation, struct err *err);
int cmd_class_show(struct invocation *invocation, struct err *err);
int cmd_class_watch(struct invocation *invocation, struct err *err);
int cmd_class_staff(struct invocation *invocation, struct err *err);
int cmd_class_results(struct invocation *invocation, struct err *err);
int cmd_class_close(struct invocation *invocation, struct err *err);
int cmd_class_remove(struct invocation *invocation, struct err *err);
int cmd_class_prepare(struct invocation *invocation, struct err *err);
int cmd_class_freeze(struct invocation *invocation, struct err *err);
int cmd_class_resume(struct invocation *invocation, struct err *err);
int cmd_class_pause(struct invocation *invocation, struct err *err);
int cmd_class_continue(struct invocation *invocation, struct err *err);
int cmd_class_extend(struct invocation *invocation, struct err *err);
int cmd_class_schedule(struct invocation *invocation, struct err *err);
/* cmd_class.c: "/classes/3" and action, of the class that the first argument names; the caller frees. NULL with err. */
char *class_path(const struct invocation *invocation, const char *action, struct err *err);
int class_call(struct invocation *invocation, const char *method, const char *action, json_t *body,
	       json_t **reply, struct err *err);
/* Asks before something is done to that class, which the question names: "ACT class 3, “June” (open, 30 seats)?
 * LOST". 0 to go on; -1 with err when the answer was no, or there is no such class. */
int class_ask(struct invocation *invocation, const char *act, const char *lost, struct err *err);
/* Calls what the first argument names, and waits until the class has left that state. */
int class_follow(struct invocation *invocation, const char *action, json_t *body, struct err *err);
int class_make(struct invocation *invocation, const char *action, struct err *err);
int cmd_class_open(struct invocation *invocation, struct err *err);
int cmd_class_message(struct invocation *invocation, struct err *err);
int cmd_class_messages(struct invocation *invocation, struct err *err);
int cmd_class_catch_up(struct invocation *invocation, struct err *err);
int cmd_lab_new(struct invocation *invocation, struct err *err);
int cmd_lab_try(struct invocation *invocation, struct err *err);
int cmd_lab_lint(struct invocation *invocation, struct err *err);
int cmd_lab_test(struct invocation *invocation, struct err *err);
int cmd_seat_reset(struct invocation *invocation, struct err *err);
int cmd_seat_catch_up(struct invocation *invocation, struct err *err);
int cmd_seat_power(struct invocation *invocation, struct err *err);
int cmd_seat_link(struct invocation *invocation, struct err *err);
int cmd_seat_ssh(struct invocation *invocation, struct err *err);
int cmd_shell(struct invocation *invocation, struct err *err);
int cmd_setting_list(struct invocation *invocation, struct err *err);
int cmd_setting_set(struct invocation *invocation, struct err *err);
int cmd_account_set(struct invocation *invocation, struct err *err);
int cmd_account_list(struct invocation *invocation, struct err *err);
int cmd_account_password(struct invocation *invocation, struct err *err);
int cmd_account_remove(struct invocation *invocation, struct err *err);
int cmd_account_sessions(struct invocation *invocation, struct err *err);
int cmd_account_sign_out(struct invocation *invocation, struct err *err);
int cmd_organisation_list(struct invocation *invocation, struct err *err);
int cmd_organisation_add(struct invocation *invocation, struct err *err);
int cmd_organisation_rename(struct invocation *invocation, struct err *err);
int cmd_organisation_merge(struct invocation *invocation, struct err *err);
int cmd_organisation_remove(struct invocation *invocation, struct err *err);
int cmd_key_list(struct invocation *invocation, struct err *err);
int cmd_key_add(struct invocation *invocation, struct err *err);
int cmd_key_remove(struct invocation *invocation, struct err *err);
int cmd_audit_list(struct invocation *invocation, struct err *err);
int cmd_audit_verify(struct invocation *invocation, struct err *err);
int cmd_audit_forget(struct invocation *invocation, struct err *err);
int cmd_backup(struct invocation *invocation, struct err *err);
int cmd_restore(struct invocation *invocation, struct err *err);
int cmd_version(struct invocation *invocation, struct err *err);

/* What a roster file says (- for standard input): the people as a class takes them. When anything is wrong with
 * it, each bad line is told on stderr, and ERR_INVALID. */
int roster_people(struct invocation *invocation, const char *file, json_t **people, struct err *err);

/* cmd_course.c: a POST that starts long work, with --force and --version as they were given, and follows it. */
int work_begin(struct invocation *invocation, const char *path, struct err *err);

/* By name or number. */
int organisation_find(struct invocation *invocation, const char *what, json_int_t *id, struct err *err);

/* "3/07" or "3/7": the seat's view, as part of its class. *seat is a new reference. */
int seat_find(struct invocation *invocation, const char *name, json_t **seat, struct err *err);

#endif
