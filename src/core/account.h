/* Accounts of the staff: who may sign in, as what, and where they are signed in. Every change is noted
 * in the audit log in the name of `actor`, and ends what it takes away: sessions of an account that
 * is removed, or gets another password, are over at once. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "core/auth.h"

#define ACCOUNT_KEEP (-1)

/* What is not named stays as it is where the account is there. */
struct account_wanted {
	const char *login;
	const char *name;     /* NULL: not named; a new account's is its login */
	enum role role;       /* ROLE_NONE: not named; a new account's is instructor */
	const char *password; /* NULL: not named; one is made for a new account */
	int64_t organisation; /* 0: none, ACCOUNT_KEEP: not named */
	bool make_password;   /* one is made for an account that is there, too */
	bool there;           /* it has to be */
};

/* made: the password, where it was made here, else NULL. err not NULL: nothing was changed. */
typedef void account_fn(void *context, const char *made, const struct err *err);

/* Makes or changes an account. The password is hashed on the lane of the sign-ins, so that nobody's
 * terminal waits for it. A password that changes ends the sessions. done is called once, later, and only after 0;
 * auth_free() calls those that are left. ERR_INVALID: login, name, role or password; ERR_CONFLICT: one's own role;
 * ERR_NOT_FOUND. */
int account_set(struct auth *auth, const struct actor *actor, const struct account_wanted *wanted,
		account_fn *done, void *context, struct err *err);

/* The same without a password, at once, of an account that is there: name NULL, role ROLE_NONE, organisation
 * ACCOUNT_KEEP stay as they are. What the person may see is another from the next thing that they do. */
int account_change(struct auth *auth, const struct actor *actor, const char *login,
		   const char *name, enum role role, int64_t organisation, struct err *err);

/* Classes of who is removed have no instructor then: any may lead them. ERR_CONFLICT: one's own. */
int account_remove(struct auth *auth, const struct actor *actor, const char *login,
		   struct err *err);

/* Ends sessions: one by its id of account_sessions(), or all (NULL). *ended: how many. */
int account_sign_out(struct auth *auth, const struct actor *actor, const char *login,
		     const char *session, int64_t *ended, struct err *err);

/* [{"id", "login", "name", "role", "organisation", "language", "created_at", "sessions", "seen_at",
 * "classes"}], by login. NULL with err. */
json_t *account_list(struct auth *auth, struct err *err);
/* [{"id", "created_at", "seen_at", "expires_at", "current"}], newest first; current: it is token's. */
json_t *account_sessions(struct auth *auth, const char *login, const char *token, struct err *err);

#endif
