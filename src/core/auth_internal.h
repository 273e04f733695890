/* What auth.c (signing in), account.c, session.c and join.c share. */
#ifndef CORE_AUTH_INTERNAL_H
#define CORE_AUTH_INTERNAL_H

#include "core/auth.h"
#include "core/password.h"
#include "core/throttle.h"
#include "loop/loop.h"

struct auth {
	struct core *core;
	struct store *store;
	struct lanes *lane;          /* one thread: a flood of sign-ins costs one core and 64 MB */
	unsigned hashing;            /* jobs on it that hash */
	bool ending;                 /* nothing new is begun */
	struct throttle *logins, *addresses;
	char nobody[PASSWORD_HASH]; /* a hash that no password fits, for logins that do not exist */
};

/* auth.c: what throttling knows an address by: an IPv6 address counts with its /64. "" for the
 * unix socket. */
#define ADDRESS_KEY 64
void address_key(const char *address, char key[ADDRESS_KEY]);
/* ERR_THROTTLED while this login (NULL: none) or address has to wait; else the try is charged. */
int try_charge(struct auth *auth, const char *login, const char *address, struct err *err);
void try_refund(struct auth *auth, const char *login, const char *address);

/* ERR_THROTTLED while so many passwords are being checked that another would wait for long. */
int hashing_admit(struct auth *auth, struct err *err);

/* join.c: the seat of a student's account in the newest class that is open; 0: none. */
int64_t account_seat(struct auth *auth, int64_t person);

#define LOGIN_MAX 64
/* As it is typed, to small letters. ERR_INVALID: letters, digits, dot, dash and underscore only. */
int login_clean(const char *typed, char login[LOGIN_MAX + 1], struct err *err);

/* session.c: what the database knows a cookie's value by. */
void session_token_hash(const char *token, uint8_t hash[32]);
/* Makes and stores a session; the token leaves this process only in *session. */
int session_make(struct auth *auth, const struct person *person, int64_t seat,
		 struct auth_session *session, struct err *err);
/* "en" or "ja" (NULL: "en"). */
int language_check(const char **language, struct err *err);

#endif
