#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"

int seat_find(struct invocation *invocation, const char *name, json_t **seat, struct err *err)
{
	const char *slash = strchr(name, '/');
	AUTO_FREE char *class_text = slash ? str_copy_n(name, (size_t)(slash - name)) : NULL;
	json_t *class = NULL, *one;
	long class_id, number;
	size_t i;

	if (!slash || !str_to_number(class_text, 1, 1000000000, &class_id) ||
	    !str_to_number(slash + 1, 1, 10000, &number))
		return err_set(err, ERR_INVALID, "a seat is named CLASS/SEAT, for example 3/7, not \"%s\"", name);
	AUTO_FREE char *path = str_fmt("/classes/%ld", class_id);
	if (client_call(invocation->client, "GET", path, NULL, &class, err) < 0)
		return -1;
	*seat = NULL;
	json_array_foreach(json_object_get(class, "seat"), i, one)
		if (number_of(one, "number") == number)
			*seat = json_incref(one);
	json_decref(class);
	if (!*seat)
		return err_set(err, ERR_NOT_FOUND, "class %ld has no seat %ld", class_id, number);
	return 0;
}

static int seat_post(struct invocation *invocation, const char *action, json_t *body, json_t **reply,
		     struct err *err)
{
	json_t *seat;

	if (seat_find(invocation, invocation->argument[0], &seat, err) < 0) {
		json_decref(body);
		return -1;
	}
	AUTO_FREE char *path = str_fmt("/seats/%lld/%s",
				       number_of(seat, "id"), action);
	json_decref(seat);
	return client_call(invocation->client, "POST", path, body, reply, err);
}

/* Until the seat is ready again, or will not be. */
static int wait_until_ready(struct invocation *invocation, json_t **seat, struct err *err)
{
	for (;;) {
		if (seat_find(invocation, invocation->argument[0], seat, err) < 0)
			return -1;
		const char *state = json_string_value(json_object_get(*seat, "state"));
		if (str_equal(state, "ready") || str_equal(state, "failed"))
			return 0;
		json_decref(*seat);
		usleep(100000);
	}
}

int cmd_seat_reset(struct invocation *invocation, struct err *err)
{
	uint64_t started = clock_mono_ms();
	json_t *body = json_object(), *seat = NULL;

	if (!confirm(invocation, "Give the seat a clean machine? Everything in the present one is lost.")) {
		json_decref(body);
		return err_set(err, ERR_CONFLICT, "nothing was reset");
	}
	if (invocation->arguments > 1)
		json_object_set_new(body, "machine", json_string(invocation->argument[1]));
	if (seat_post(invocation, "reset", body, NULL, err) < 0 ||
	    wait_until_ready(invocation, &seat, err) < 0)
		return -1;
	bool failed = str_equal(json_string_value(json_object_get(seat, "state")), "failed");
	if (!show_json(invocation, seat) && !failed)
		printf("seat %s is ready again after %.1f s\n", invocation->argument[0],
		       (double)(clock_mono_ms() - started) / 1000);
	json_decref(seat);
	return failed ? err_set(err, ERR_GUEST, "the new machine failed; terakoya class show says why") : 0;
}

int cmd_seat_catch_up(struct invocation *invocation, struct err *err)
{
	json_t *body = json_pack("{s:s}", "lab", invocation->argument[1]), *work = NULL;

	if (!confirm(invocation, "Reset the seat and bring it to that task? What is in its machines is lost.")) {
		json_decref(body);
		return err_set(err, ERR_CONFLICT, "nothing was changed");
	}
	if (invocation->arguments > 2)
		json_object_set_new(body, "task", json_string(invocation->argument[2]));
	if (seat_post(invocation, "catch-up", body, &work, err) < 0)
		return -1;
	int result = show_work(invocation, work, err);
	json_decref(work);
	return result;
}

static bool confirm_power(struct invocation *invocation, const char *action)
{
	if (str_equal(action, "off"))
		return confirm(invocation, "Switch the machine off? Running programs end at once, and what they did not "
					   "save is lost; the disk stays.");
	return !str_equal(action, "reboot") ||
	       confirm(invocation, "Reboot the machine? Running programs and open shells end; saved files stay.");
}

int cmd_seat_power(struct invocation *invocation, struct err *err)
{
	const char *machine = invocation->argument[1], *action = invocation->argument[2];

	if (!confirm_power(invocation, action))
		return err_set(err, ERR_CONFLICT, "nothing was switched");
	if (seat_post(invocation, "power", json_pack("{s:s, s:s}", "machine", machine, "action", action), NULL,
		      err) < 0)
		return -1;
	show_done(invocation, "%s of seat %s: %s", machine, invocation->argument[0], action);
	return 0;
}

int cmd_seat_link(struct invocation *invocation, struct err *err)
{
	json_t *reply = NULL;

	if (seat_post(invocation, "join-link", json_object(), &reply, err) < 0)
		return -1;
	if (!show_json(invocation, reply))
		printf("%s\n", json_string_value(json_object_get(reply, "url")));
	json_decref(reply);
	return 0;
}

int cmd_seat_ssh(struct invocation *invocation, struct err *err)
{
	json_t *reply = NULL;

	if (seat_post(invocation, "ssh", json_object(), &reply, err) < 0)
		return -1;
	if (!show_json(invocation, reply))
		printf("%s\npassword:  %s\nhost key:  %s\n",
		       json_string_value(json_object_get(reply, "command")),
		       json_string_value(json_object_get(reply, "password")),
		       json_string_value(json_object_get(reply, "fingerprint")));
	json_decref(reply);
	return 0;
}
