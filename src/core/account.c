#include "core/account.h"

#include <stdio.h>
#include <string.h>

#define LOG_MODULE "account"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/auth_internal.h"
#include "core/class.h"
#include "core/name.h"
#include "core/note.h"
#include "core/organisation.h"
#include "core/staff.h"

#define SESSION_ID 16 /* hex digits of the hash that name a session; of no use as a cookie */

static void account_note(struct auth *auth, const struct actor *actor, const char *action,
			 const char *login, const char *detail)
{
	AUTO_FREE char *object = str_fmt("login %s", login);

	note(auth->core, actor, action, 0, 0, object, detail);
}

/* ---- making and changing -------------------------------------------------------------------- */

struct setting {
	struct job job;
	struct auth *auth; /* for done(): lanes end before auth goes */
	struct actor actor;
	char login[LOGIN_MAX + 1], name[NAME_BYTES]; /* name "": as it is */
	enum role role;                               /* ROLE_NONE: as it is */
	int64_t organisation;
	bool asked;                           /* for a password, also where the account is there */
	char *password, hash[PASSWORD_HASH]; /* NULL: it stays */
	bool made;
	int result;
	struct err err;
	account_fn *done;
	void *context;
};

static void setting_hash(struct job *job)
{
	struct setting *setting = (struct setting *)job;

	if (setting->password)
		setting->result = password_hash(setting->password, setting->hash, &setting->err);
}

/* What is not named stays as it is. What somebody may do is looked up whenever they do it, so sessions stay, too. */
static int account_apply(struct auth *auth, const struct actor *actor, const struct person *old, const char *name,
			 enum role role, int64_t organisation, struct err *err)
{
	if (role == ROLE_NONE)
		role = old->role;
	if (organisation == ACCOUNT_KEEP)
		organisation = old->organisation;
	if (old->id == actor->person && role != old->role)
		return err_set(err, ERR_CONFLICT, "nobody changes the own role: ask another admin, or "
						  "use the command line");
	if (organisation_exists(auth->core, organisation, err) < 0 ||
	    people_set_account(auth->store, old->id, *name ? name : old->name, role, err) < 0 ||
	    people_set_organisation(auth->store, old->id, organisation, err) < 0)
		return -1;
	AUTO_FREE char *detail = str_fmt("{\"role\":\"%s\"}", role_names[role]);
	account_note(auth, actor, "account.set", old->login, detail);
	return 0;
}

static int setting_insert(struct setting *setting, struct err *err)
{
	const struct person person = { .login = setting->login,
				       .name = *setting->name ? setting->name : setting->login,
				       .language = (char *)"en",
				       .role = setting->role == ROLE_NONE ? ROLE_INSTRUCTOR : setting->role,
				       .password = setting->hash,
				       .created_at = clock_real_ms(),
				       .organisation = setting->organisation == ACCOUNT_KEEP ?
							       0 :
							       setting->organisation };
	AUTO_FREE char *detail = str_fmt("{\"role\":\"%s\"}", role_names[person.role]);
	int64_t id;

	if (!setting->password)
		return err_set(err, ERR_NOT_FOUND, "there is no account %s any more", setting->login);
	if (people_add(setting->auth->store, &person, &id, err) < 0)
		return -1;
	account_note(setting->auth, &setting->actor, "account.set", setting->login, detail);
	return 0;
}

static bool setting_names_more(const struct setting *setting)
{
	return *setting->name || setting->role != ROLE_NONE || setting->organisation != ACCOUNT_KEEP;
}

/* Inserts or changes; the sessions of an account whose password changes end. */
static int setting_write(struct setting *setting, struct err *err)
{
	struct store *store = setting->auth->store;
	AUTO(person) struct person old = { 0 };

	if (people_by_login(store, setting->login, &old, NULL) < 0)
		return setting_insert(setting, err);
	if (setting_names_more(setting) && account_apply(setting->auth, &setting->actor, &old, setting->name, setting->role,
							 setting->organisation, err) < 0)
		return -1;
	setting->made &= setting->asked;
	if (!setting->asked)
		return 0;
	if (people_set_password(store, old.id, setting->hash, err) < 0 || sessions_remove_of(store, old.id, err) < 0)
		return -1;
	account_note(setting->auth, &setting->actor, "account.password", setting->login, "");
	return 0;
}

static int setting_save(struct setting *setting, struct err *err)
{
	struct store *store = setting->auth->store;

	return store_begin(store, err) < 0 ? -1 : store_end(store, setting_write(setting, err), err);
}

static void setting_free(struct setting *setting)
{
	if (setting->password) {
		sodium_memzero(setting->password, strlen(setting->password));
		free(setting->password);
	}
	free(setting);
}

static void setting_done(struct job *job)
{
	struct setting *setting = (struct setting *)job;

	if (setting->result == 0)
		setting->result = setting_save(setting, &setting->err);
	if (setting->result == 0 && setting->password)
		throttle_clear(setting->auth->logins, setting->login);
	setting->done(setting->context, setting->made ? setting->password : NULL,
		      setting->result < 0 ? &setting->err : NULL);
	setting_free(setting);
}

static int wanted_check(const struct account_wanted *wanted, struct setting *setting,
			struct err *err)
{
	if (login_clean(wanted->login, setting->login, err) < 0)
		return -1;
	if (wanted->name && name_clean(wanted->name, setting->name, err) < 0)
		return -1;
	if (wanted->role < ROLE_NONE || wanted->role >= ROLES)
		return err_set(err, ERR_INVALID, "the role must be one of student, observer, "
						 "assistant, instructor and admin");
	setting->role = wanted->role;
	setting->organisation = wanted->organisation;
	return wanted->password ? password_acceptable(wanted->password, err) : 0;
}

static void setting_choose_password(struct setting *setting, const struct account_wanted *wanted, bool there)
{
	char made[PASSWORD_MADE];

	setting->asked = wanted->password || wanted->make_password;
	if (there && !setting->asked)
		return;
	setting->made = !wanted->password;
	password_make(made);
	setting->password = str_copy(wanted->password ? wanted->password : made);
	sodium_memzero(made, sizeof(made));
}

int account_set(struct auth *auth, const struct actor *actor, const struct account_wanted *wanted,
		account_fn *done, void *context, struct err *err)
{
	AUTO_FREE struct setting *setting = mem_alloc(sizeof(*setting));
	AUTO(person) struct person old = { 0 };

	if (wanted_check(wanted, setting, err) < 0)
		return -1;
	if (wanted->organisation != ACCOUNT_KEEP && organisation_exists(auth->core, wanted->organisation, err) < 0)
		return -1;
	bool there = people_by_login(auth->store, setting->login, &old, NULL) == 0;
	if (!there && wanted->there)
		return err_set(err, ERR_NOT_FOUND, "there is no account %s", setting->login);
	setting->job.work = setting_hash;
	setting->job.done = setting_done;
	setting->auth = auth;
	setting->actor = *actor;
	setting_choose_password(setting, wanted, there);
	setting->done = done;
	setting->context = context;
	lanes_submit(auth->lane, &STEAL(setting)->job);
	return 0;
}

/* ---- taking away ---------------------------------------------------------------------------- */

static int account_find(struct auth *auth, const char *login, struct person *person,
			struct err *err)
{
	if (people_by_login(auth->store, login, person, NULL) == 0)
		return 0;
	return err_set(err, ERR_NOT_FOUND, "there is no account %.64s", login);
}

int account_change(struct auth *auth, const struct actor *actor, const char *login,
		   const char *name, enum role role, int64_t organisation, struct err *err)
{
	AUTO(person) struct person person = { 0 };
	char shown[NAME_BYTES] = "";

	if (account_find(auth, login, &person, err) < 0 || (name && name_clean(name, shown, err) < 0))
		return -1;
	if (store_begin(auth->store, err) < 0)
		return -1;
	return store_end(auth->store, account_apply(auth, actor, &person, shown, role, organisation, err), err);
}

/* As the database has it now: whoever sat there has never been. */
static void class_forget(struct class *class, int64_t person)
{
	if (class->row.instructor == person)
		class->row.instructor = 0;
	staff_forget(class, person);
	for (size_t i = 0; i < class->seats; i++) {
		if (class->seat[i].row.person != person)
			continue;
		class->seat[i].row.person = 0;
		seat_publish(&class->seat[i]);
	}
}

int account_remove(struct auth *auth, const struct actor *actor, const char *login,
		   struct err *err)
{
	AUTO(person) struct person person = { 0 };
	struct class *class;

	if (account_find(auth, login, &person, err) < 0)
		return -1;
	if (person.id == actor->person)
		return err_set(err, ERR_CONFLICT, "nobody removes the own account: ask another admin, "
						  "or use the command line");
	if (people_remove(auth->store, person.id, err) < 0)
		return -1;
	LIST_FOREACH(class, core_classes(auth->core), entry)
		class_forget(class, person.id);
	account_note(auth, actor, "account.remove", person.login, "");
	return 0;
}

int account_sign_out(struct auth *auth, const struct actor *actor, const char *login,
		     const char *session, int64_t *ended, struct err *err)
{
	AUTO(person) struct person person = { 0 };

	*ended = 0;
	if (account_find(auth, login, &person, err) < 0)
		return -1;
	if ((!session || strlen(session) == SESSION_ID) &&
	    sessions_end(auth->store, person.id, session ? session : "", ended, err) < 0)
		return -1;
	if (session && !*ended)
		return err_set(err, ERR_NOT_FOUND, "%s has no session %.16s", person.login, session);
	if (*ended)
		account_note(auth, actor, "account.sign-out", person.login, "");
	return 0;
}

/* ---- looking -------------------------------------------------------------------------------- */

static unsigned classes_of(struct auth *auth, int64_t person)
{
	struct class *class;
	unsigned count = 0;

	LIST_FOREACH(class, core_classes(auth->core), entry)
		count += class->row.instructor == person && class->state != CLASS_CLOSED;
	return count;
}

static json_t *view_account(struct auth *auth, const struct account_row *row)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:i}", "id",
			 (json_int_t)row->person.id, "login", row->person.login,
			 "name", row->person.name, "role", role_names[row->person.role], "organisation",
			 view_organisation(auth->core, row->person.organisation), "language",
			 row->person.language, "created_at", (json_int_t)row->person.created_at,
			 "sessions", (json_int_t)row->sessions, "seen_at", (json_int_t)row->seen_at,
			 "classes", (int)classes_of(auth, row->person.id));
}

json_t *account_list(struct auth *auth, struct err *err)
{
	struct account_row *rows;
	size_t count;

	if (people_accounts(auth->store, clock_real_ms(), &rows, &count, err) < 0)
		return NULL;
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, view_account(auth, &rows[i]));
		person_free(&rows[i].person);
	}
	free(rows);
	return list;
}

static json_t *view_session(const struct session *row, const uint8_t own[32])
{
	char id[2 * sizeof(row->id_hash) + 1];

	sodium_bin2hex(id, sizeof(id), row->id_hash, sizeof(row->id_hash));
	id[SESSION_ID] = 0;
	return json_pack("{s:s, s:I, s:I, s:I, s:b}", "id", id, "created_at",
			 (json_int_t)row->created_at, "seen_at", (json_int_t)row->seen_at,
			 "expires_at", (json_int_t)row->expires_at, "current",
			 memcmp(own, row->id_hash, sizeof(row->id_hash)) == 0);
}

json_t *account_sessions(struct auth *auth, const char *login, const char *token, struct err *err)
{
	AUTO(person) struct person person = { 0 };
	uint8_t own[32];
	struct session *rows;
	size_t count;

	if (account_find(auth, login, &person, err) < 0 ||
	    sessions_of(auth->store, person.id, clock_real_ms(), &rows, &count, err) < 0)
		return NULL;
	session_token_hash(token ? token : "", own);
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, view_session(&rows[i], own));
	free(rows);
	return list;
}
