/* Seats and their machines. */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/class.h"
#include "core/course.h"
#include "http/api.h"
#include "http/seat_ssh.h"

static int reply_seat(struct request *request, unsigned status)
{
	reply_json(request, status, view_seat(request->seat));
	return 0;
}

int api_seat_get(struct request *request, struct err *err)
{
	(void)err;
	return reply_seat(request, MHD_HTTP_OK);
}

int api_seat_patch(struct request *request, struct err *err)
{
	struct class_person wanted = { 0 };
	const struct field fields[] = {
		{ "name", FIELD_TEXT, false, 0, 100, &wanted.name },
		{ "mail", FIELD_TEXT, false, 0, 254, &wanted.mail },
		{ "organisation", FIELD_TEXT, false, 0, 100, &wanted.organisation },
		{ "language", FIELD_TEXT, false, 0, 2, &wanted.language },
	};

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    seat_change(request->server->core, &request->actor, request->seat, &wanted, err) < 0)
		return -1;
	return reply_seat(request, MHD_HTTP_OK);
}

static int need_machine(struct request *request, const char *name, struct err *err)
{
	if (!name || seat_machine(request->seat, name))
		return 0;
	return err_set(err, ERR_NOT_FOUND, "this seat has no machine \"%s\"", name);
}

int api_seat_reset(struct request *request, struct err *err)
{
	const char *machine = NULL;
	const struct field fields[] = { { "machine", FIELD_TEXT, false, 1, 32, &machine } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    need_machine(request, machine, err) < 0 ||
	    seat_reset(request->server->core, &request->actor, request->seat, machine, err) < 0)
		return -1;
	return reply_seat(request, MHD_HTTP_ACCEPTED);
}

static int power_by_name(const char *name, enum seat_power *power, struct err *err)
{
	static const char *const names[] = {
		[SEAT_POWER_ON] = "on",
		[SEAT_POWER_OFF] = "off",
		[SEAT_POWER_REBOOT] = "reboot",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*power = (enum seat_power)i;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "action must be on, off or reboot");
}

int api_seat_power(struct request *request, struct err *err)
{
	const char *machine, *action;
	const struct field fields[] = {
		{ "machine", FIELD_TEXT, true, 1, 32, &machine },
		{ "action", FIELD_TEXT, true, 1, 16, &action },
	};
	enum seat_power power = SEAT_POWER_ON;

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    power_by_name(action, &power, err) < 0 || need_machine(request, machine, err) < 0 ||
	    seat_power(request->server->core, &request->actor, request->seat, machine, power, err) <
		    0)
		return -1;
	return reply_seat(request, MHD_HTTP_ACCEPTED);
}

int api_seat_hand(struct request *request, struct err *err)
{
	bool raised;
	const struct field fields[] = { { "raised", FIELD_BOOL, true, 0, 0, &raised } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    seat_raise_hand(request->server->core, request->seat, raised, err) < 0)
		return -1;
	return reply_seat(request, MHD_HTTP_OK);
}

int api_seat_catch_up(struct request *request, struct err *err)
{
	const char *lab_id, *task_id = NULL;
	const struct field fields[] = {
		{ "lab", FIELD_TEXT, true, 1, 64, &lab_id },
		{ "task", FIELD_TEXT, false, 1, 64, &task_id },
	};
	struct work *work;

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	const struct pack_lab *lab = pack_lab(request->seat->class->pack, lab_id);
	const struct pack_task *task = lab && task_id ? pack_task(lab, task_id) : NULL;
	if (!lab || (task_id && !task))
		return err_set(err, ERR_NOT_FOUND, "the course has no %s \"%s\"", lab ? "task" : "lab",
			       lab ? task_id : lab_id);
	if (seat_catch_up(request->server->core, &request->actor, request->seat, lab, task, &work, err) < 0)
		return -1;
	reply_json(request, MHD_HTTP_ACCEPTED, view_work(work));
	return 0;
}

int api_seat_join_link(struct request *request, struct err *err)
{
	char token[65];

	if (seat_join_token(request->server->core, &request->actor, request->seat, token, err) < 0)
		return -1;
	AUTO_FREE char *url = str_fmt("%s/j/%s", request->server->url, token);
	reply_json(request, MHD_HTTP_CREATED, json_pack("{s:s}", "url", url));
	return 0;
}

static void on_password(void *context, const char *password, const struct err *err)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	request->seat = core_seat(request->server->core, request->number); /* it may have gone */
	if (password && request->seat)
		reply_json(request, MHD_HTTP_CREATED, view_ssh(request, request->seat, password));
	else
		reply_err(request, err);
	request_resume(request);
}

int api_seat_ssh(struct request *request, struct err *err)
{
	if (!request->server->gateway)
		return err_set(err, ERR_UNAVAILABLE,
			       "this daemon has no ssh: start terakoyad with --ssh-port=2222");
	auth_seat_password(request->server->auth, &request->actor, request->seat, on_password,
			   request_defer(request));
	return 0;
}
