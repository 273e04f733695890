/* Accounts of the staff: who may sign in, as what, and where they are signed in. Every change is noted
 * in the audit log in the name of `actor`, and ends what it takes away: sessions of an account that
 * is removed, or gets another password or role, are over at once. */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include "core/auth.h"

#define ACCOUNT_KEEP (-1)

struct account_wanted {
	const char *login;
	const char *name;     /* NULL: the account must be there, and only its password changes */
	enum role role;       /* with a name */
	const char *password; /* NULL: one is made */
	int64_t organisation; /* with a name; 0: none, ACCOUNT_KEEP: as it is */
};

/* made: the password, where it was made here, else NULL. err not NULL: nothing was changed. */
typedef void account_fn(void *context, const char *made, const struct err *err);

/* Makes or changes an account. The password is hashed on the lane of the sign-ins, so that nobody's
 * terminal waits for it. done is called once, later, and only after 0; auth_free() calls those that
 * are left. ERR_INVALID: login, name, role or password; ERR_NOT_FOUND: a password for nobody. */
int account_set(struct auth *auth, const struct actor *actor, const struct account_wanted *wanted,
		account_fn *done, void *context, struct err *err);

/* Another name, role or organisation, without another password. Another role or organisation ends the
 * sessions: what they may see has changed. */
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
