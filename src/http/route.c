#include "http/route.h"

#include <sodium.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/course.h"
#include "core/packs.h"
#include "http/api.h"
#include "http/gate.h"

#define V1    "/api/v1"
#define SEAT  V1 "/seats/{seat}"
#define LAB   SEAT "/labs/{lab}"
#define TASK  LAB "/tasks/{task}"
#define ACCOUNT V1 "/accounts/{login}"
#define CLASS V1 "/classes/{class}"
#define ORGANISATION V1 "/organisations/{organisation}"
#define PACK  V1 "/packs/{course}/{version}"

static const struct route routes[] = {
	{ "GET", V1 "/health", RULE_PUBLIC, api_health, NULL, false },
	{ "GET", V1 "/check", RULE_PUBLIC, api_check, NULL, false },
	{ "GET", V1 "/check/stream", RULE_PUBLIC, api_check_stream, NULL, false },
	{ "GET", "/ws/check", RULE_PUBLIC, api_check_socket, NULL, false },

	{ "GET", V1 "/site", RULE_PUBLIC, api_site, NULL, false },

	{ "POST", V1 "/session", RULE_PUBLIC, api_session_sign_in, NULL, true },
	{ "POST", V1 "/session/join", RULE_PUBLIC, api_session_join, NULL, true },
	{ "GET", V1 "/session", RULE_SIGNED_IN, api_session_get, NULL, false },
	{ "PATCH", V1 "/session", RULE_SIGNED_IN, api_session_patch, NULL, true },
	{ "DELETE", V1 "/session", RULE_SIGNED_IN, api_session_delete, NULL, false },

	{ "GET", V1 "/host", RULE_STAFF, api_host, NULL, false },
	{ "GET", V1 "/host/doctor", RULE_ADMIN, api_host_doctor, NULL, false },
	{ "GET", V1 "/stats", RULE_STAFF, api_stats, NULL, false },
	{ "GET", V1 "/audit", RULE_CLASS_OWNER, api_audit, "class actor since before limit", false },
	{ "GET", V1 "/audit/verify", RULE_ADMIN, api_audit_verify, NULL, false },
	{ "POST", V1 "/audit/forget", RULE_ADMIN, api_audit_forget, NULL, true },
	{ "POST", V1 "/backup", RULE_ADMIN, api_backup, NULL, true },
	{ "POST", V1 "/restore", RULE_ADMIN, api_restore, NULL, true },
	{ "GET", V1 "/settings", RULE_ADMIN, api_settings, NULL, false },
	{ "PATCH", V1 "/settings", RULE_ADMIN, api_settings_patch, NULL, true },
	{ "GET", V1 "/accounts", RULE_ADMIN, api_accounts, NULL, false },
	{ "PUT", ACCOUNT, RULE_ADMIN, api_account_put, NULL, true },
	{ "PATCH", ACCOUNT, RULE_ADMIN, api_account_patch, NULL, true },
	{ "DELETE", ACCOUNT, RULE_ADMIN, api_account_delete, NULL, false },
	{ "POST", ACCOUNT "/password", RULE_ADMIN, api_account_password, NULL, true },
	{ "GET", ACCOUNT "/sessions", RULE_ADMIN, api_account_sessions, NULL, false },
	{ "DELETE", ACCOUNT "/sessions", RULE_ADMIN, api_account_sign_out, "session", false },

	{ "GET", V1 "/organisations", RULE_INSTRUCTOR, api_organisations, NULL, false },
	{ "POST", V1 "/organisations", RULE_INSTRUCTOR, api_organisation_post, NULL, true },
	{ "PATCH", ORGANISATION, RULE_ADMIN, api_organisation_patch, NULL, true },
	{ "DELETE", ORGANISATION, RULE_ADMIN, api_organisation_delete, NULL, false },
	{ "POST", ORGANISATION "/merge", RULE_ADMIN, api_organisation_merge, NULL, true },

	{ "GET", V1 "/courses", RULE_STAFF, api_courses, NULL, false },
	{ "GET", V1 "/courses/problems", RULE_STAFF, api_course_problems, NULL, false },
	{ "GET", V1 "/courses/{course}/capacity", RULE_STAFF, api_course_capacity, "seats", false },
	{ "POST", V1 "/courses/{course}/bake", RULE_INSTRUCTOR, api_course_bake, NULL, true },
	{ "GET", V1 "/courses/{course}/proof", RULE_STAFF, api_course_proof_get, "version", false },
	{ "POST", V1 "/courses/{course}/proof", RULE_INSTRUCTOR, api_course_proof_post, NULL, true },
	{ "DELETE", V1 "/courses/{course}/proof", RULE_INSTRUCTOR, api_course_proof_delete, NULL, false },
	{ "GET", V1 "/images", RULE_STAFF, api_images, NULL, false },
	{ "GET", V1 "/images/{image}", RULE_INSTRUCTOR, api_image, NULL, false },
	{ "DELETE", V1 "/images/{image}", RULE_ADMIN, api_image_delete, "digest", false },
	{ "GET", V1 "/images/{image}/log", RULE_STAFF, api_image_log, "after", false },
	{ "POST", V1 "/images/{image}/build", RULE_INSTRUCTOR, api_image_build, NULL, true },
	{ "GET", V1 "/templates", RULE_STAFF, api_templates, NULL, false },
	{ "POST", V1 "/trials", RULE_ADMIN, api_trial_post, NULL, true },
	{ "GET", V1 "/trials/{trial}", RULE_ADMIN, api_trial_get, NULL, false },
	{ "DELETE", V1 "/trials/{trial}", RULE_ADMIN, api_trial_delete, NULL, false },
	{ "POST", V1 "/trials/{trial}/reload", RULE_ADMIN, api_trial_reload, NULL, false },
	{ "POST", V1 "/trials/{trial}/solve", RULE_ADMIN, api_trial_solve, NULL, true },
	{ "GET", V1 "/works", RULE_STAFF, api_works, NULL, false },
	{ "GET", V1 "/works/{work}", RULE_STAFF, api_work, NULL, false },

	{ "GET", V1 "/packs", RULE_STAFF, api_packs, NULL, false },
	{ "POST", V1 "/packs", RULE_ADMIN, api_pack_import, NULL, BODY_ARCHIVE },
	{ "GET", PACK "/archive", RULE_INSTRUCTOR, api_pack_export, NULL, false },
	{ "GET", PACK, RULE_STAFF, api_pack_get, NULL, false },
	{ "GET", PACK "/labs/{lab}", RULE_STAFF, api_pack_lab, "language", false },
	{ "POST", PACK "/activate", RULE_ADMIN, api_pack_activate, NULL, false },
	{ "DELETE", PACK, RULE_ADMIN, api_pack_remove, NULL, false },

	{ "POST", V1 "/roster/preview", RULE_INSTRUCTOR, api_roster_preview, NULL, BODY_CSV },
	{ "GET", V1 "/classes", RULE_STAFF, api_classes, "closed", false },
	{ "POST", V1 "/classes", RULE_INSTRUCTOR, api_class_post, NULL, true },
	{ "GET", CLASS, RULE_CLASS_STAFF, api_class_get, NULL, false },
	{ "GET", CLASS "/capacity", RULE_CLASS_STAFF, api_class_capacity, NULL, false },
	{ "PATCH", CLASS, RULE_CLASS_OWNER, api_class_patch, NULL, true },
	{ "DELETE", CLASS, RULE_CLASS_OWNER, api_class_delete, NULL, false },
	{ "POST", CLASS "/launch", RULE_CLASS_OWNER, api_class_launch, NULL, true },
	{ "POST", CLASS "/prepare", RULE_CLASS_OWNER, api_class_prepare, NULL, true },
	{ "POST", CLASS "/open", RULE_CLASS_OWNER, api_class_open, NULL, false },
	{ "POST", CLASS "/freeze", RULE_CLASS_OWNER, api_class_freeze, NULL, false },
	{ "POST", CLASS "/resume", RULE_CLASS_OWNER, api_class_resume, NULL, false },
	{ "PUT", CLASS "/schedule", RULE_CLASS_OWNER, api_class_schedule, NULL, true },
	{ "POST", CLASS "/extend", RULE_CLASS_OWNER, api_class_extend, NULL, true },
	{ "POST", CLASS "/pause", RULE_CLASS_OWNER, api_class_pause, NULL, false },
	{ "POST", CLASS "/continue", RULE_CLASS_OWNER, api_class_continue, NULL, false },
	{ "POST", CLASS "/close", RULE_CLASS_OWNER, api_class_close, NULL, false },
	{ "POST", CLASS "/catch-up", RULE_CLASS_OWNER, api_class_catch_up, NULL, true },
	{ "POST", CLASS "/labs/{lab}/open", RULE_CLASS_OWNER, api_class_open_lab, NULL, false },

	{ "GET", CLASS "/codes", RULE_CLASS_OWNER, api_class_codes, NULL, false },
	{ "POST", CLASS "/cards", RULE_CLASS_OWNER, api_class_cards, NULL, true },
	{ "GET", CLASS "/entrance", RULE_CLASS_STAFF, api_class_entrance, NULL, false },

	{ "GET", CLASS "/staff", RULE_CLASS_OWNER, api_staff_get, NULL, false },
	{ "PUT", CLASS "/staff/{login}", RULE_CLASS_OWNER, api_staff_put, NULL, false },
	{ "DELETE", CLASS "/staff/{login}", RULE_CLASS_OWNER, api_staff_delete, NULL, false },

	{ "GET", CLASS "/activity", RULE_CLASS_STAFF, api_class_activity, "limit", false },
	{ "GET", CLASS "/messages", RULE_CLASS_STAFF, api_class_messages, NULL, false },
	{ "POST", CLASS "/messages", RULE_CLASS_STAFF, api_class_message_post, NULL, true },
	{ "DELETE", CLASS "/messages/{message}", RULE_CLASS_STAFF, api_message_delete, NULL, false },

	{ "GET", V1 "/results", RULE_ORGANISATION, api_results, NULL, false },
	{ "GET", CLASS "/results", RULE_ORGANISATION, api_class_results, NULL, false },
	{ "GET", CLASS "/results.csv", RULE_ORGANISATION, api_class_results_csv, "form language east", false },
	{ "PUT", CLASS "/retention", RULE_CLASS_OWNER, api_class_retention, NULL, true },
	{ "GET", CLASS "/certificates", RULE_CLASS_OWNER, api_certificates_get, NULL, false },
	{ "POST", CLASS "/certificates", RULE_CLASS_OWNER, api_certificates_post, NULL, true },
	{ "DELETE", CLASS "/certificates/{certificate}", RULE_CLASS_OWNER, api_certificate_delete, NULL, false },
	{ "GET", V1 "/certificates/{certificate}", RULE_PUBLIC, api_certificate_get, NULL, false },

	{ "GET", SEAT, RULE_SEAT, api_seat_get, NULL, false },
	{ "PATCH", SEAT, RULE_CLASS_STAFF, api_seat_patch, NULL, true },
	{ "POST", SEAT "/reset", RULE_SEAT, api_seat_reset, NULL, true },
	{ "POST", SEAT "/power", RULE_SEAT, api_seat_power, NULL, true },
	{ "POST", SEAT "/hand", RULE_SEAT, api_seat_hand, NULL, true },
	{ "POST", SEAT "/catch-up", RULE_SEAT, api_seat_catch_up, NULL, true },
	{ "POST", SEAT "/join-link", RULE_CLASS_STAFF, api_seat_join_link, NULL, false },
	{ "POST", SEAT "/ssh", RULE_CLASS_STAFF, api_seat_ssh, NULL, false },
	{ "GET", SEAT "/keys", RULE_SEAT, api_seat_keys, NULL, false },
	{ "POST", SEAT "/keys", RULE_SEAT, api_seat_key_post, NULL, true },
	{ "DELETE", SEAT "/keys/{key}", RULE_SEAT, api_seat_key_delete, NULL, false },
	{ "POST", SEAT "/messages", RULE_CLASS_STAFF, api_seat_message_post, NULL, true },
	{ "POST", SEAT "/messages/{message}/read", RULE_SEAT, api_message_read, NULL, false },
	{ "GET", SEAT "/attempts", RULE_SEAT, api_seat_attempts, NULL, false },
	{ "GET", SEAT "/workspace", RULE_SEAT, api_seat_workspace, NULL, false },
	{ "GET", LAB, RULE_SEAT, api_lab_get, "language", false },
	{ "POST", LAB "/open", RULE_SEAT, api_lab_open, NULL, true },
	{ "POST", TASK "/check", RULE_SEAT, api_task_check, NULL, true },
	{ "POST", TASK "/hints/{hint}", RULE_SEAT, api_task_hint, NULL, false },

	{ "GET", V1 "/events", RULE_SEAT, api_events, "class seat", false },
	{ "GET", V1 "/terminal", RULE_SEAT, api_terminal_output,
	  "machine terminal offset watch rows columns line poll known", false },
	{ "POST", V1 "/terminal", RULE_SEAT, api_terminal_input, "machine line", true },
	{ "GET", "/ws/terminal", RULE_SEAT, api_terminal,
	  "machine terminal offset watch rows columns line", false },
};

/* ---- matching ------------------------------------------------------------------------------- */

struct segment {
	const char *text;
	size_t length;
};

/* Cuts the next segment off; false at the end. "/a//b" has an empty one, which matches nothing. */
static bool next_segment(const char **path, struct segment *segment)
{
	if (**path != '/')
		return false;
	segment->text = *path + 1;
	segment->length = strcspn(segment->text, "/");
	*path = segment->text + segment->length;
	return true;
}

static bool path_fits(const char *pattern, const char *path)
{
	struct segment want, have;

	while (next_segment(&pattern, &want)) {
		if (!next_segment(&path, &have) || !have.length)
			return false;
		if (*want.text != '{' &&
		    (want.length != have.length || memcmp(want.text, have.text, have.length)))
			return false;
	}
	return !*path;
}

const struct route *route_find(const char *method, const char *path, char allow[64])
{
	const char *wanted = strcmp(method, "HEAD") ? method : "GET";

	*allow = 0;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!path_fits(routes[i].path, path))
			continue;
		if (strcmp(routes[i].method, wanted) == 0)
			return &routes[i];
		snprintf(allow + strlen(allow), 64 - strlen(allow), "%s%s", *allow ? ", " : "",
			 strcmp(routes[i].method, "GET") ? routes[i].method : "GET, HEAD");
	}
	return NULL;
}

json_t *route_table(void)
{
	json_t *table = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		json_t *query = json_array();
		AUTO_FREE char *names = str_copy(routes[i].query ? routes[i].query : "");
		char *rest = names;
		for (char *name; (name = strsep(&rest, " "));)
			if (*name)
				json_array_append_new(query, json_string(name));
		json_array_append_new(table, json_pack("{s:s, s:s, s:s, s:o, s:b}", "method",
						       routes[i].method, "path", routes[i].path,
						       "rule", rule_name(routes[i].rule), "query",
						       query, "body", routes[i].body != BODY_NONE));
	}
	for (const struct access_row *row = access_rows; row->kind; row++)
		json_array_append_new(table, json_pack("{s:s, s:s, s:s, s:[], s:b}", "method", row->kind, "path",
						       row->name, "rule", rule_name(row->rule), "query",
						       "body", false));
	return table;
}

/* ---- looking up what is named --------------------------------------------------------------- */

/* Those that the one who asks has nothing to do with are not there. */
static struct class *seen_class(const struct request *request, struct class *class)
{
	return class && access_to_class(class, &request->actor) ? class : NULL;
}

static struct seat *seen_seat(const struct request *request, struct seat *seat)
{
	return seat && access_to_seat(seat, &request->actor) ? seat : NULL;
}

static bool find_machine(struct request *request, int64_t id)
{
	struct machine *machine = core_machine(request->server->core, id);

	if (!machine || !seen_seat(request, machine->seat))
		return false;
	request->machine = machine;
	request->seat = machine->seat;
	return true;
}

static bool find_lab(struct request *request, const char *value)
{
	struct class *class = request->seat ? request->seat->class : request->class;
	const struct pack *pack = class ? class->pack : NULL;

	if (!class && *request->version)
		pack = request->pack = course_version(request->server->core, request->name, request->version);
	request->lab = pack ? pack_lab(pack, value) : NULL;
	return request->lab;
}

static bool find_by_id(struct request *request, const char *name, const char *value)
{
	struct core *core = request->server->core;
	long id;

	if (!str_to_number(value, 0, INT64_MAX, &id))
		return false;
	request->number = id;
	if (strcmp(name, "class") == 0)
		return (request->class = seen_class(request, core_class(core, id)));
	if (strcmp(name, "seat") == 0)
		return (request->seat = seen_seat(request, core_seat(core, id)));
	if (strcmp(name, "machine") == 0)
		return find_machine(request, id);
	return true;
}

static bool find_thing(struct request *request, const char *name, const char *value)
{
	if (strcmp(name, "lab") == 0)
		return find_lab(request, value);
	if (strcmp(name, "task") == 0)
		return request->lab && (request->task = pack_task(request->lab, value));
	if (strcmp(name, "version") == 0) {
		snprintf(request->version, sizeof(request->version), "%s", value);
		return strlen(value) < sizeof(request->version);
	}
	if (strcmp(name, "course") && strcmp(name, "image") && strcmp(name, "login") &&
	    strcmp(name, "certificate"))
		return find_by_id(request, name, value);
	snprintf(request->name, sizeof(request->name), "%s", value);
	return strlen(value) < sizeof(request->name);
}

static void bind_thing(struct request *request, const char *name, const char *value,
		       struct err *missing)
{
	if (!find_thing(request, name, value) && missing->kind == ERR_NONE)
		err_set(missing, ERR_NOT_FOUND, "there is no %s \"%.64s\"", name, value);
}

static void bind_path(struct request *request, const char *path, struct err *missing)
{
	const char *pattern = request->route->path;
	struct segment want, have;

	while (next_segment(&pattern, &want) && next_segment(&path, &have)) {
		if (*want.text != '{')
			continue;
		AUTO_FREE char *name = str_copy_n(want.text + 1, want.length - 2);
		AUTO_FREE char *value = str_copy_n(have.text, have.length);
		bind_thing(request, name, value, missing);
	}
}

static bool is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; at && length && (at = strstr(at, name)); at += length)
		if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return true;
	return false;
}

struct query {
	struct request *request;
	struct err *missing, *unknown;
};

static enum MHD_Result bind_parameter(void *context, enum MHD_ValueKind kind, const char *name,
				      const char *value)
{
	struct query *query = context;

	(void)kind;
	if (!is_listed(query->request->route->query, name))
		err_set(query->unknown, ERR_INVALID, "there is no parameter %.64s here", name);
	else if (strcmp(name, "class") == 0 || strcmp(name, "seat") == 0 ||
		 strcmp(name, "machine") == 0)
		bind_thing(query->request, name, value ? value : "", query->missing);
	return MHD_YES;
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* A student's stream without a seat in its address is the own seat's. */
static void default_seat(struct request *request)
{
	if (request->actor.role == ROLE_STUDENT && request->route->rule == RULE_SEAT && !request->seat)
		request->seat = core_seat(request->server->core, request->actor.seat);
}

/* The role first: who is not let in at all does not learn whether there is such a class. */
static int check_rule(struct request *request, const struct err *missing, struct err *err)
{
	enum rule rule = request->route->rule;

	if (rule == RULE_PUBLIC)
		return 0;
	if (!request->signed_in)
		return err_set(err, ERR_UNAUTHENTICATED, "sign in first");
	if (missing->kind)
		return access_role(rule, request->actor.role, err);
	default_seat(request);
	return access_check(rule, &request->actor, request->class, request->seat, err);
}

/* ---- the two steps -------------------------------------------------------------------------- */

static int refuse_method(struct request *request, const char *method, const char *allow)
{
	AUTO_FREE char *detail = str_fmt("%.16s is not possible here; %s is", method, allow);

	reply_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method-not-allowed", detail);
	reply_header(request, "Allow", allow);
	return 0;
}

static bool is_under(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 && (!path[length] || path[length] == '/');
}

/* Who asks, for what, and whether they may. */
static int admit(struct request *request, const char *path, struct err *err)
{
	struct err missing = ERR_INIT, unknown = ERR_INIT;
	struct query query = { request, &missing, &unknown };

	request->class = NULL;
	request->seat = NULL;
	request->machine = NULL;
	request->pack = NULL;
	request->lab = NULL;
	request->task = NULL;
	if (gate_actor(request, err) < 0)
		return -1;
	bind_path(request, path, &missing);
	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, bind_parameter,
				  &query);
	if (check_rule(request, &missing, err) < 0 || gate_write(request, err) < 0)
		return -1;
	if (!missing.kind && !unknown.kind)
		return 0;
	*err = missing.kind ? missing : unknown;
	return -1;
}

/* A body comes when its client likes: the class that it is about may have been removed by then, and who sends it signed
 * out, or taken off the class. */
static bool had_to_wait(const struct request *request)
{
	return request_header(request, "Content-Length") || request_header(request, "Transfer-Encoding");
}

int route_begin(struct request *request, const char *path, const char *method, struct err *err)
{
	char allow[64] = "";

	request->head = strcmp(method, "HEAD") == 0;
	if (gate_host(request, err) < 0)
		return -1;
	if (request->bad_url)
		return err_set(err, ERR_INVALID, "the address is malformed or over %d bytes long",
			       HTTP_URL_MAX);
	if (!is_under(path, "/api") && !is_under(path, "/ws"))
		return 0;
	if (!request->hides_slash) /* nothing of ours has a slash in its name */
		request->route = route_find(method, path, allow);
	if (!request->route && *allow)
		return refuse_method(request, method, allow);
	if (!request->route)
		return err_set(err, ERR_NOT_FOUND, "there is nothing at %.200s", path);
	if (admit(request, path, err) < 0)
		return -1;
	if (request->route->body != BODY_ARCHIVE)
		return 0;
	return packs_file(request->server->core, &request->upload, err);
}

static bool is_of_type(const char *type, const char *wanted)
{
	size_t length = strlen(wanted);

	if (!type || strncasecmp(type, wanted, length))
		return false;
	return !type[length] || type[length] == ';' || type[length] == ' ';
}

int route_finish(struct request *request, const char *path, const char *method, struct err *err)
{
	const struct buf *body = &request->body;

	if (!request->route)
		return files_serve(request, path, method, err);
	if (had_to_wait(request) && admit(request, path, err) < 0)
		return -1;
	if (request->route->body == BODY_ARCHIVE)
		return request->route->handler(request, err);
	const char *wanted = request->route->body == BODY_CSV ? "text/csv" : "application/json";
	if (body->length && !is_of_type(request_header(request, "Content-Type"), wanted)) {
		AUTO_FREE char *detail = str_fmt("the body must be %s", wanted);
		reply_problem(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail);
		return 0;
	}
	if (request->route->body == BODY_CSV)
		return request->route->handler(request, err);
	if (body->length && json_read((char *)body->data, body->length, &request->json, err) < 0)
		return -1;
	if (!request->json)
		request->json = json_object();
	if (!request->route->body && json_object_size(request->json))
		return err_set(err, ERR_INVALID, "%s %s takes no fields", request->route->method,
			       request->route->path);
	return request->route->handler(request, err);
}
