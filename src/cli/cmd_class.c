#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

char *class_path(const struct invocation *invocation, const char *action, struct err *err)
{
	long id;

	if (str_to_number(invocation->argument[0], 1, 1000000000, &id))
		return str_fmt("/classes/%ld%s", id, action);
	err_set(err, ERR_INVALID, "a class is named by its number (terakoya class list), not \"%s\"",
		invocation->argument[0]);
	return NULL;
}

int class_call(struct invocation *invocation, const char *method, const char *action, json_t *body,
	       json_t **reply, struct err *err)
{
	AUTO_FREE char *path = class_path(invocation, action, err);

	if (path)
		return client_call(invocation->client, method, path, body, reply, err);
	json_decref(body);
	return -1;
}

/* ---- create, list ----------------------------------------------------------------------------- */

static int take_names(FILE *in, const char *file, json_t *names, struct err *err)
{
	AUTO_FREE char *line = NULL;
	size_t room = 0;

	for (int number = 1; getline(&line, &room, in) > 0; number++) {
		line[strcspn(line, "\r\n")] = 0;
		if (*line && json_array_append_new(names, json_string(line)) < 0)
			return err_set(err, ERR_INVALID,
				       "%s, line %d is not UTF-8: save it as that, or give it as --roster, which takes "
				       "Shift_JIS, too",
				       file, number);
	}
	if (ferror(in))
		return err_errno(err, "%s cannot be read", file);
	return json_array_size(names) ? 0 : err_set(err, ERR_INVALID, "%s holds no names", file);
}

static int read_names(const char *file, json_t *names, struct err *err)
{
	bool standard = strcmp(file, "-") == 0;
	AUTO_FILE FILE *opened = standard ? NULL : fopen(file, "re");

	if (!standard && !opened)
		return err_errno(err, "the names cannot be read from %s", file);
	return take_names(standard ? stdin : opened, file, names, err);
}

int cmd_class_create(struct invocation *invocation, struct err *err)
{
	const char *seats = option_value(invocation, "seats"), *file = option_value(invocation, "names");
	const char *roster = option_value(invocation, "roster");
	const char *name = option_value(invocation, "name"), *version = option_value(invocation, "version");
	json_t *body = json_pack("{s:s}", "course", invocation->argument[0]), *class = NULL;
	json_t *names = json_array(), *people = NULL;
	long count = 0;
	int bad = 0;

	if (!seats && !file && !roster)
		bad = err_set(err, ERR_INVALID, "say how many seats (--seats N) or who comes (--roster FILE)");
	else if (file && roster)
		bad = err_set(err, ERR_INVALID, "--names and --roster both say who comes: give one of them");
	else if (roster)
		bad = roster_people(invocation, roster, &people, err);
	else if (seats && !str_to_number(seats, 0, 1000000, &count))
		bad = err_set(err, ERR_INVALID, "--seats takes a number, not \"%s\"", seats);
	else if (file)
		bad = read_names(file, names, err);
	if (seats)
		json_object_set_new(body, "seats", json_integer(count));
	if (file)
		json_object_set(body, "names", names);
	if (people)
		json_object_set_new(body, "people", people);
	if (option_value(invocation, "own-codes"))
		json_object_set_new(body, "joining", json_string("seat"));
	if (name)
		json_object_set_new(body, "name", json_string(name));
	if (version)
		json_object_set_new(body, "version", json_string(version));
	json_decref(names);
	if (bad) {
		json_decref(body);
		return -1;
	}
	if (client_call(invocation->client, "POST", "/classes", body, &class, err) < 0)
		return -1;
	if (!show_json(invocation, class))
		printf("class %lld  %s  %lld seats  join code %s\n", number_of(class, "id"),
		       text_of(class, "name"), number_of(class, "seats"), text_of(class, "code"));
	json_decref(class);
	return 0;
}

/* What does not fit is told as the refusal that it would be, by the exit code, too. */
int cmd_class_capacity(struct invocation *invocation, struct err *err)
{
	json_t *capacity = NULL;
	int result = 0;

	if (class_call(invocation, "GET", "/capacity", NULL, &capacity, err) < 0)
		return -1;
	if (!json_is_true(json_object_get(capacity, "fits")))
		result = err_set(err, ERR_CAPACITY, "%s", text_of(capacity, "verdict"));
	if (!show_json(invocation, capacity) && result == 0)
		printf("%s\n", text_of(capacity, "verdict"));
	json_decref(capacity);
	return result;
}

int cmd_class_codes(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "SEAT=number", "CODE=code", "NAME=name", NULL };
	AUTO_FREE char *path = class_path(invocation, "/codes", err);

	return path ? show_list(invocation, path, columns, err) : -1;
}

static bool confirm_joining(struct invocation *invocation, const char *wanted)
{
	return confirm(invocation,
		       str_equal(wanted, "seat") ?
			       "Let each join with a code of their own? The class's code lets nobody in any more. Who "
			       "is in stays; codes and links of seats go on working." :
			       "Let people join with the class's code? Whoever has it and types a name on the list sits "
			       "down at that seat. Codes and links of seats go on working.");
}

int cmd_class_joining(struct invocation *invocation, struct err *err)
{
	const char *wanted = invocation->argument[1];
	json_t *class = NULL;

	if (wanted && !str_equal(wanted, "class") && !str_equal(wanted, "seat"))
		return err_set(err, ERR_INVALID, "a class is joined by class or by seat, not by \"%s\"", wanted);
	if (wanted && !confirm_joining(invocation, wanted))
		return err_set(err, ERR_CONFLICT, "nothing was changed");
	json_t *body = wanted ? json_pack("{s:s}", "joining", wanted) : NULL;
	if (class_call(invocation, wanted ? "PATCH" : "GET", "", body, &class, err) < 0)
		return -1;
	if (!show_json(invocation, class))
		printf("class %lld  %s  joined with %s\n", number_of(class, "id"), text_of(class, "name"),
		       str_equal(text_of(class, "joining"), "seat") ? "each seat's own code; see class codes" :
								      text_of(class, "code"));
	json_decref(class);
	return 0;
}

int cmd_class_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "CLASS=id", "STATE=state", "SEATS=seats", "READY=ready",
					       "CODE=code", "NAME=name", NULL };
	const char *path = option_value(invocation, "closed") ? "/classes?closed=1" : "/classes";

	return show_list(invocation, path, columns, err);
}

/* ---- show, watch, launch ---------------------------------------------------------------------- */

static const char *seat_mark(const char *state)
{
	static const char *const marks[][2] = {
		{ "ready", "\033[32m●" }, { "failed", "\033[31m✕" },  { "lost", "\033[31m?" },
		{ "off", "\033[33m○" },	  { "waiting", "\033[2m·" }, { "absent", "\033[2m·" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (str_equal(state, marks[i][0]))
			return marks[i][1];
	return "\033[34m◌";
}

/* left: ms that it will still take; 0: nobody knows. */
static void print_head(json_t *class, json_int_t left)
{
	char seconds[32];
	json_int_t ready_ms = number_of(class, "ready_ms");

	printf("class %lld  %s  %s", number_of(class, "id"), text_of(class, "name"), text_of(class, "state"));
	if (str_equal(text_of(class, "state"), "closed")) {
		printf("\n");
		return;
	}
	printf("  join code %s  %lld of %lld ready", text_of(class, "code"), number_of(class, "ready"),
	       number_of(class, "seats"));
	if (ready_ms)
		printf(" in %s", show_seconds(ready_ms, seconds));
	else if (left)
		printf(", about %s left", show_seconds(left, seconds));
	printf("\n");
}

static void print_grid(json_t *class)
{
	json_t *seats = json_object_get(class, "seat"), *seat;
	size_t i;

	json_array_foreach(seats, i, seat)
		printf("%s %02lld\033[0m%s", seat_mark(text_of(seat, "state")), number_of(seat, "number"),
		       i % 15 == 14 ? "\n" : "  ");
	printf("%s", json_array_size(seats) % 15 ? "\n" : "");
}

static int tasks_of(json_t *class)
{
	json_t *lab;
	size_t i;
	int tasks = 0;

	json_array_foreach(json_object_get(class, "labs"), i, lab)
		tasks += (int)json_array_size(json_object_get(lab, "tasks"));
	return tasks;
}

static void print_seats(json_t *class)
{
	json_t *seat, *machine;
	size_t i, k;
	int tasks = tasks_of(class);

	json_array_foreach(json_object_get(class, "seat"), i, seat) {
		printf("%3lld  %-10s %2lld/%d tasks %4lld points  %s", number_of(seat, "number"),
		       text_of(seat, "state"), number_of(seat, "done"), tasks, number_of(seat, "points"),
		       text_of(seat, "name"));
		json_array_foreach(json_object_get(seat, "machines"), k, machine)
			if (*text_of(machine, "reason"))
				printf("  [%s: %s]", text_of(machine, "name"), text_of(machine, "reason"));
		printf("\n");
	}
}

int cmd_class_show(struct invocation *invocation, struct err *err)
{
	json_t *class = NULL;

	if (class_call(invocation, "GET", "", NULL, &class, err) < 0)
		return -1;
	if (!show_json(invocation, class)) {
		print_head(class, 0);
		print_seats(class);
	}
	json_decref(class);
	return 0;
}

/* Draws over what it drew before. */
static void redraw(json_t *class, bool seats, json_int_t left, int *lines)
{
	if (!isatty(STDOUT_FILENO))
		return;
	if (*lines)
		printf("\033[%dA\033[J", *lines);
	print_head(class, left);
	*lines = 1 + (int)(json_array_size(json_object_get(class, "seat")) + 14) / 15;
	print_grid(class);
	if (seats) {
		print_seats(class);
		*lines += (int)json_array_size(json_object_get(class, "seat"));
	}
	fflush(stdout);
}

int cmd_class_watch(struct invocation *invocation, struct err *err)
{
	int lines = 0;

	for (;;) {
		json_t *class = NULL;
		if (class_call(invocation, "GET", "", NULL, &class, err) < 0)
			return -1;
		if (invocation->json)
			json_dumpf(class, stdout, JSON_COMPACT), printf("\n"), fflush(stdout);
		else if (isatty(STDOUT_FILENO))
			redraw(class, true, 0, &lines);
		else
			print_head(class, 0), fflush(stdout);
		bool over = str_equal(text_of(class, "state"), "closed");
		json_decref(class);
		if (over)
			return 0;
		sleep(1);
	}
}

static int count_failed(json_t *class)
{
	json_t *seat;
	size_t i;
	int failed = 0;

	json_array_foreach(json_object_get(class, "seat"), i, seat)
		failed += str_equal(text_of(seat, "state"), "failed");
	return failed;
}

/* At the pace so far, of seats that become ready; 0 while there is no pace. */
static json_int_t time_left(json_t *class, uint64_t begun)
{
	json_int_t ready = number_of(class, "ready"), seats = number_of(class, "seats");

	if (!ready || ready >= seats || !str_equal(text_of(class, "state"), "preparing"))
		return 0;
	return (json_int_t)(clock_mono_ms() - begun) * (seats - ready) / ready;
}

/* Until the class has left a state. */
static int wait_for_class(struct invocation *invocation, const char *leaving, json_t **class,
			  struct err *err)
{
	uint64_t begun = clock_mono_ms();
	int lines = 0;

	for (;;) {
		if (class_call(invocation, "GET", "", NULL, class, err) < 0)
			return -1;
		if (!invocation->json)
			redraw(*class, false, time_left(*class, begun), &lines);
		if (!str_equal(text_of(*class, "state"), leaving))
			return 0;
		json_decref(*class);
		usleep(250000);
	}
}

int class_make(struct invocation *invocation, const char *action, struct err *err)
{
	json_t *class = NULL;

	json_t *body = option_value(invocation, "untested") ? json_pack("{s:b}", "untested", true) : json_object();

	if (class_call(invocation, "POST", action, body, NULL, err) < 0)
		return -1;
	if (option_value(invocation, "no-wait"))
		return cmd_class_show(invocation, err);
	if (wait_for_class(invocation, "preparing", &class, err) < 0)
		return -1;
	int failed = count_failed(class);
	if (!show_json(invocation, class) && !isatty(STDOUT_FILENO))
		print_head(class, 0);
	json_decref(class);
	if (failed)
		return err_set(err, ERR_GUEST, "%d seat%s failed; terakoya class show says why", failed,
			       failed == 1 ? "" : "s");
	return 0;
}

int cmd_class_launch(struct invocation *invocation, struct err *err)
{
	return class_make(invocation, "/launch", err);
}

/* ---- asking first ----------------------------------------------------------------------------- */

int class_ask(struct invocation *invocation, const char *act, const char *lost, struct err *err)
{
	json_t *class = NULL;

	if (option_value(invocation, "yes"))
		return 0;
	if (class_call(invocation, "GET", "", NULL, &class, err) < 0)
		return -1;
	AUTO_FREE char *question = str_fmt("%s class %s, “%s” (%s, %lld seats)? %s", act, invocation->argument[0],
					   text_of(class, "name"), text_of(class, "state"),
					   number_of(class, "seats"), lost);
	json_decref(class);
	if (confirm(invocation, question))
		return 0;
	return err_set(err, ERR_CONFLICT, "nothing was done to class %s", invocation->argument[0]);
}

/* ---- close, remove ---------------------------------------------------------------------------- */

int cmd_class_close(struct invocation *invocation, struct err *err)
{
	json_t *class = NULL;

	if (class_ask(invocation, "Close", "Its machines and what students left in them are removed; results stay.",
		      err) < 0)
		return -1;
	if (class_call(invocation, "POST", "/close", json_object(), NULL, err) < 0 ||
	    wait_for_class(invocation, "closing", &class, err) < 0)
		return -1;
	if (!show_json(invocation, class) && !isatty(STDOUT_FILENO))
		print_head(class, 0);
	json_decref(class);
	return 0;
}

int cmd_class_remove(struct invocation *invocation, struct err *err)
{
	if (class_ask(invocation, "Remove", "Its seats, everybody's results and certificates are gone for ever.", err) < 0)
		return -1;
	if (class_call(invocation, "DELETE", "", NULL, NULL, err) < 0)
		return -1;
	show_done(invocation, "class %s is removed", invocation->argument[0]);
	return 0;
}

/* ---- all seats at once ------------------------------------------------------------------------ */

static bool lab_is_fresh(json_t *class, const char *id)
{
	json_t *lab;
	size_t i;

	json_array_foreach(json_object_get(class, "labs"), i, lab)
		if (str_equal(text_of(lab, "id"), id))
			return json_is_true(json_object_get(lab, "fresh"));
	return false;
}

/* Only a lab that takes the machines away is asked about first. */
static int confirm_open(struct invocation *invocation, struct err *err)
{
	json_t *class = NULL;

	if (class_call(invocation, "GET", "", NULL, &class, err) < 0)
		return -1;
	bool fresh = lab_is_fresh(class, invocation->argument[1]);
	json_decref(class);
	if (fresh && !confirm(invocation, "This lab begins on fresh machines. Open it for everyone? What is in their "
					  "machines now is lost; results stay."))
		return err_set(err, ERR_CONFLICT, "nothing was opened");
	return 0;
}

int class_follow(struct invocation *invocation, const char *action, json_t *body, struct err *err)
{
	json_t *work = NULL;

	if (class_call(invocation, "POST", action, body, &work, err) < 0)
		return -1;
	int result = show_work(invocation, work, err);
	json_decref(work);
	return result;
}

static int open_class(struct invocation *invocation, struct err *err)
{
	json_t *class = NULL;

	if (class_call(invocation, "POST", "/open", json_object(), &class, err) < 0)
		return -1;
	if (!show_json(invocation, class))
		print_head(class, 0);
	json_decref(class);
	return 0;
}

int cmd_class_open(struct invocation *invocation, struct err *err)
{
	if (!invocation->argument[1])
		return open_class(invocation, err);
	AUTO_FREE char *action = address_of("/labs/%s/open", invocation->argument[1]);

	return confirm_open(invocation, err) < 0 ? -1 : class_follow(invocation, action, json_object(), err);
}

int cmd_class_catch_up(struct invocation *invocation, struct err *err)
{
	if (class_ask(invocation, "Reset every seat, and bring it to that lab, of",
		      "What is in the machines is lost; results stay.", err) < 0)
		return -1;
	return class_follow(invocation, "/catch-up", json_pack("{s:s}", "lab", invocation->argument[1]), err);
}
