/* People, their credentials and their sessions. */
#ifndef STORE_PEOPLE_H
#define STORE_PEOPLE_H

#include "store/store.h"

enum role {
	ROLE_NONE,
	ROLE_STUDENT,
	ROLE_OBSERVER,
	ROLE_ASSISTANT,
	ROLE_INSTRUCTOR,
	ROLE_ADMIN,
	ROLES
};
extern const char *const role_names[ROLES]; /* "none", "student", ... as in database and API */

struct person {
	int64_t id;
	char *login;    /* NULL for a student who joined by code */
	char *name;
	char *language; /* "en" or "ja" */
	enum role role;
	char *password; /* argon2id, crypto_pwhash_str(); NULL: no password */
	int64_t created_at;
	int64_t organisation; /* 0: none */
};
void person_free(struct person *person); /* members; NULL-safe */

static inline void person_cleanup(struct person *person)
{
	person_free(person);
}

/* Inserts; *id on success. ERR_CONFLICT when the login is taken. */
int people_add(struct store *store, const struct person *person, int64_t *id, struct err *err);
int people_get(struct store *store, int64_t id, struct person *person, struct err *err);
int people_by_login(struct store *store, const char *login, struct person *person, struct err *err);
int people_set_account(struct store *store, int64_t id, const char *name, enum role role,
		       struct err *err);
int people_set_organisation(struct store *store, int64_t id, int64_t organisation, struct err *err);
int people_set_password(struct store *store, int64_t id, const char *hash, struct err *err);
int people_set_language(struct store *store, int64_t id, const char *language, struct err *err);
int people_count(struct store *store, enum role role, int64_t *count, struct err *err);
int people_remove(struct store *store, int64_t id, struct err *err);

/* Somebody who can sign in, and where they are signed in at `now`. */
struct account_row {
	struct person person; /* without the password */
	int64_t sessions;
	int64_t seen_at; /* the last use of any of them; 0: none */
};
/* All with a login, by it. */
int people_accounts(struct store *store, int64_t now, struct account_row **rows, size_t *count,
		    struct err *err);

struct session {
	uint8_t id_hash[32];   /* SHA-256 of the cookie's value; the value itself is never stored */
	uint8_t csrf[32];
	int64_t person;
	int64_t seat;          /* the student's seat; 0 for staff */
	int64_t created_at, expires_at, seen_at;
};

int sessions_add(struct store *store, const struct session *session, struct err *err);
int sessions_get(struct store *store, const uint8_t id_hash[32], struct session *session,
		 struct err *err);
int sessions_touch(struct store *store, const uint8_t id_hash[32], int64_t seen_at,
		   int64_t expires_at, struct err *err);
int sessions_remove(struct store *store, const uint8_t id_hash[32], struct err *err);
int sessions_remove_of(struct store *store, int64_t person, struct err *err);
/* Those of a person that are good at `now`, newest first. */
int sessions_of(struct store *store, int64_t person, int64_t now, struct session **rows,
		size_t *count, struct err *err);
/* Ends those of a person whose hash begins with `prefix`, hex digits: "" for all. */
int sessions_end(struct store *store, int64_t person, const char *prefix, int64_t *ended,
		 struct err *err);
int sessions_expire(struct store *store, int64_t now, struct err *err);

#endif
