/* Signing in and out, joining a class, and who one is. */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/password.h"
#include "http/api.h"
#include "store/people.h"

const char *session_cookie(const struct server *server)
{
	return server->secure ? "__Host-terakoya_session" : "terakoya_session";
}

static void set_cookie(struct request *request, const char *token, long long seconds)
{
	const struct server *server = request->server;
	AUTO_FREE char *cookie =
		str_fmt("%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s",
			session_cookie(server), token, seconds, server->secure ? "; Secure" : "");

	reply_header(request, "Set-Cookie", cookie);
}

static void read_person(struct request *request, const struct actor *actor, struct person *person)
{
	struct err ignored = ERR_INIT;

	*person = (struct person){ 0 };
	if (actor->person &&
	    people_get(core_store(request->server->core), actor->person, person, &ignored) < 0)
		*person = (struct person){ 0 };
}

void session_language(const struct request *request, char language[3])
{
	struct person person;

	read_person((struct request *)request, &request->actor, &person);
	strcpy(language, str_equal(person.language, "ja") ? "ja" : "en");
	person_free(&person);
}

static json_t *view_session(struct request *request, const struct actor *actor, const char *csrf)
{
	struct seat *seat = actor->seat ? core_seat(request->server->core, actor->seat) : NULL;
	struct person person;

	read_person(request, actor, &person);
	json_t *json = json_pack(
		"{s:{s:I, s:s, s:s, s:s}, s:s, s:o, s:o}", "person", "id",
		(json_int_t)actor->person, "name", person.name ? person.name : actor->name, "role",
		role_names[actor->role], "language", str_equal(person.language, "ja") ? "ja" : "en",
		"csrf", csrf, "seat", actor->seat ? json_integer(actor->seat) : json_null(),
		"class", seat ? json_integer(seat->class->row.id) : json_null());
	person_free(&person);
	return json;
}

static void reply_session(struct request *request, const struct auth_session *session)
{
	reply_json(request, MHD_HTTP_OK, view_session(request, &session->actor, session->csrf));
	set_cookie(request, session->token, AUTH_SESSION_MS / 1000);
}

/* ---- in and out ----------------------------------------------------------------------------- */

static void on_signed_in(void *context, const struct auth_session *session, const struct err *err)
{
	struct request *request = ticket_redeem(context);

	if (!request)
		return;
	if (session)
		reply_session(request, session);
	else
		reply_err(request, err);
	request_resume(request);
}

int api_session_sign_in(struct request *request, struct err *err)
{
	const char *login, *password;
	const struct field fields[] = {
		{ "login", FIELD_TEXT, true, 1, 64, &login },
		{ "password", FIELD_SECRET, true, 1, PASSWORD_MAX, &password },
	};
	char address[64];

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0)
		return -1;
	request_address(request, address);
	auth_sign_in(request->server->auth, login, password, address, on_signed_in,
		     request_defer(request));
	return 0;
}

static int check_language(const char *language, struct err *err)
{
	if (str_equal(language, "en") || str_equal(language, "ja"))
		return 0;
	return err_set(err, ERR_INVALID, "language must be en or ja");
}

/* The session without a seat, or with another, ends. */
static int join_account(struct request *request, const char *code, const char *token, const char *address,
			struct err *err)
{
	struct auth *auth = request->server->auth;
	struct auth_session session;

	if (auth_join_account(auth, &request->actor, code, token, address, &session, err) < 0)
		return -1;
	auth_sign_out(auth, request->token);
	server_recheck(request->server);
	reply_session(request, &session);
	return 0;
}

int api_session_join(struct request *request, struct err *err)
{
	const char *code = NULL, *token = NULL, *name = NULL, *language = "en";
	const struct field fields[] = {
		{ "code", FIELD_TEXT, false, 1, 32, &code },
		{ "token", FIELD_TEXT, false, 1, 64, &token },
		{ "name", FIELD_TEXT, false, 0, 100, &name },
		{ "language", FIELD_TEXT, false, 2, 2, &language },
	};
	struct auth *auth = request->server->auth;
	struct auth_session session;
	char address[64];

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    check_language(language, err) < 0)
		return -1;
	if (!code == !token)
		return err_set(err, ERR_INVALID, "either code or token must be given");
	request_address(request, address);
	if (request->signed_in && auth_is_account(auth, &request->actor))
		return join_account(request, code, token, address, err);
	int failed = token ? auth_join_token(auth, token, name, language, address, &session, err)
			   : auth_join_code(auth, code, name, language, address, &session, err);
	if (failed)
		return -1;
	reply_session(request, &session);
	return 0;
}

int api_session_get(struct request *request, struct err *err)
{
	(void)err;
	reply_json(request, MHD_HTTP_OK, view_session(request, &request->actor, request->csrf));
	if (!request->listener->local)
		set_cookie(request, request->token, AUTH_SESSION_MS / 1000);
	return 0;
}

int api_session_patch(struct request *request, struct err *err)
{
	const char *language;
	const struct field fields[] = { { "language", FIELD_TEXT, true, 2, 2, &language } };

	if (fields_read(request->json, fields, ARRAY_SIZE(fields), err) < 0 ||
	    check_language(language, err) < 0)
		return -1;
	if (!request->actor.person)
		return err_set(err, ERR_CONFLICT,
			       "the command line has no language of its own here");
	if (people_set_language(core_store(request->server->core), request->actor.person, language,
				err) < 0)
		return -1;
	return api_session_get(request, err);
}

int api_session_delete(struct request *request, struct err *err)
{
	(void)err;
	if (!request->listener->local)
		auth_sign_out(request->server->auth, request->token);
	server_recheck(request->server);
	reply_empty(request, MHD_HTTP_NO_CONTENT);
	set_cookie(request, "", 0);
	return 0;
}
