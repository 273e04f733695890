#include "store/people.h"

#include <assert.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/query.h"

const char *const role_names[] = {
	[ROLE_NONE] = "none",		[ROLE_STUDENT] = "student",
	[ROLE_OBSERVER] = "observer",	[ROLE_ASSISTANT] = "assistant",
	[ROLE_INSTRUCTOR] = "instructor", [ROLE_ADMIN] = "admin",
};
static_assert(ARRAY_SIZE(role_names) == ROLES, "every role has a name");

void person_free(struct person *person)
{
	if (!person)
		return;
	free(person->login);
	free(person->name);
	free(person->language);
	free(person->password);
	*person = (struct person){ 0 };
}

static enum role role_from(const char *name)
{
	for (enum role role = 0; role < ROLES; role++)
		if (str_equal(name, role_names[role]))
			return role;
	return ROLE_NONE;
}

int people_add(struct store *store, const struct person *person, int64_t *id, struct err *err)
{
	struct err why = ERR_INIT;

	if (store_run(store, &why,
		      "INSERT INTO person (login, name, language, role, password, created_at,"
		      " organisation) VALUES (?, ?, ?, ?, ?, ?, ?)",
		      "sssssin", person->login, person->name, person->language,
		      role_names[person->role], person->password, person->created_at,
		      person->organisation) == 0) {
		*id = store_last_id(store);
		return 0;
	}
	if (why.kind == ERR_CONFLICT)
		err_set(&why, ERR_CONFLICT, "the sign-in name %s is taken", person->login);
	if (err)
		*err = why;
	return -1;
}

/* One person by a query that names all columns in this order. */
#define PERSON_COLUMNS "id, login, name, language, role, password, created_at, organisation"

static int person_read(struct query *q, struct person *person)
{
	AUTO_FREE char *role = NULL;
	int got = query_next(q);

	if (got == 0)
		err_set(q->err, ERR_NOT_FOUND, "there is no such person");
	if (got <= 0)
		return -1;
	query_read(q, "isssssin", &person->id, &person->login, &person->name, &person->language,
		   &role, &person->password, &person->created_at, &person->organisation);
	person->role = role_from(role);
	return 0;
}

int people_get(struct store *store, int64_t id, struct person *person, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, "SELECT " PERSON_COLUMNS " FROM person WHERE id = ?", "i", id);

	return person_read(&q, person);
}

int people_by_login(struct store *store, const char *login, struct person *person, struct err *err)
{
	AUTO(query) struct query q = query_of(
		store, err, "SELECT " PERSON_COLUMNS " FROM person WHERE login = ?", "s", login);

	return person_read(&q, person);
}

int people_set_account(struct store *store, int64_t id, const char *name, enum role role,
		       struct err *err)
{
	return store_change(store, err, "person",
			    "UPDATE person SET name = ?, role = ? WHERE id = ?", "ssi", name,
			    role_names[role], id);
}

int people_set_organisation(struct store *store, int64_t id, int64_t organisation, struct err *err)
{
	return store_change(store, err, "person", "UPDATE person SET organisation = ? WHERE id = ?",
			    "ni", organisation, id);
}

int people_set_password(struct store *store, int64_t id, const char *hash, struct err *err)
{
	return store_change(store, err, "person", "UPDATE person SET password = ? WHERE id = ?",
			    "si", hash, id);
}

int people_set_language(struct store *store, int64_t id, const char *language, struct err *err)
{
	return store_change(store, err, "person", "UPDATE person SET language = ? WHERE id = ?",
			    "si", language, id);
}

int people_count(struct store *store, enum role role, int64_t *count, struct err *err)
{
	AUTO(query) struct query q = query_of(
		store, err, "SELECT count(*) FROM person WHERE role = ?", "s", role_names[role]);

	if (query_next(&q) <= 0)
		return -1;
	query_read(&q, "i", count);
	return 0;
}

int people_remove(struct store *store, int64_t id, struct err *err)
{
	return store_change(store, err, "person", "DELETE FROM person WHERE id = ?", "i", id);
}

static void account_read(struct query *q, void *into)
{
	struct account_row *row = into;
	AUTO_FREE char *role = NULL;

	query_read(q, "issssinii", &row->person.id, &row->person.login, &row->person.name,
		   &row->person.language, &role, &row->person.created_at,
		   &row->person.organisation, &row->sessions, &row->seen_at);
	row->person.role = role_from(role);
}

static void account_release(void *row)
{
	person_free(&((struct account_row *)row)->person);
}

int people_accounts(struct store *store, int64_t now, struct account_row **rows, size_t *count,
		    struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), account_read, account_release };
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT p.id, login, name, language, role, p.created_at, organisation, count(s.person),"
		" coalesce(max(s.seen_at), 0) FROM person p"
		" LEFT JOIN session s ON s.person = p.id AND s.expires_at > ?"
		" WHERE login IS NOT NULL GROUP BY p.id ORDER BY login",
		"i", now);

	return query_list(&q, &kind, rows, count);
}

/* ---- sessions ------------------------------------------------------------------------------- */

int sessions_add(struct store *store, const struct session *session, struct err *err)
{
	return store_run(store, err,
			 "INSERT INTO session (id_hash, csrf, person, seat, created_at, expires_at,"
			 " seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
			 "hhiniii", session->id_hash, session->csrf, session->person, session->seat,
			 session->created_at, session->expires_at, session->seen_at);
}

int sessions_get(struct store *store, const uint8_t id_hash[32], struct session *session,
		 struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT id_hash, csrf, person, seat, created_at, expires_at, seen_at"
			 " FROM session WHERE id_hash = ?",
			 "h", id_hash);
	int got = query_next(&q);

	if (got == 0)
		err_set(err, ERR_NOT_FOUND, "there is no such session");
	if (got <= 0)
		return -1;
	query_read(&q, "hhiniii", session->id_hash, session->csrf, &session->person, &session->seat,
		   &session->created_at, &session->expires_at, &session->seen_at);
	return 0;
}

int sessions_touch(struct store *store, const uint8_t id_hash[32], int64_t seen_at,
		   int64_t expires_at, struct err *err)
{
	return store_change(store, err, "session",
			    "UPDATE session SET seen_at = ?, expires_at = ? WHERE id_hash = ?",
			    "iih", seen_at, expires_at, id_hash);
}

int sessions_remove(struct store *store, const uint8_t id_hash[32], struct err *err)
{
	return store_run(store, err, "DELETE FROM session WHERE id_hash = ?", "h", id_hash);
}

int sessions_remove_of(struct store *store, int64_t person, struct err *err)
{
	return store_run(store, err, "DELETE FROM session WHERE person = ?", "i", person);
}

static void session_read(struct query *q, void *into)
{
	struct session *row = into;

	query_read(q, "hhiniii", row->id_hash, row->csrf, &row->person, &row->seat,
		   &row->created_at, &row->expires_at, &row->seen_at);
}

static void session_release(void *row)
{
	(void)row;
}

int sessions_of(struct store *store, int64_t person, int64_t now, struct session **rows,
		size_t *count, struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), session_read, session_release };
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT id_hash, csrf, person, seat, created_at, expires_at, seen_at FROM session"
		" WHERE person = ? AND expires_at > ? ORDER BY created_at DESC",
		"ii", person, now);

	return query_list(&q, &kind, rows, count);
}

int sessions_end(struct store *store, int64_t person, const char *prefix, int64_t *ended,
		 struct err *err)
{
	if (store_run(store, err,
		      "DELETE FROM session WHERE person = ?1"
		      " AND substr(lower(hex(id_hash)), 1, length(?2)) = ?2",
		      "is", person, prefix) < 0)
		return -1;
	*ended = sqlite3_changes(store->db);
	return 0;
}

int sessions_expire(struct store *store, int64_t now, struct err *err)
{
	return store_run(store, err, "DELETE FROM session WHERE expires_at <= ?", "i", now);
}
