/* Signing in, joining, sessions, throttling. */
#ifndef CORE_AUTH_H
#define CORE_AUTH_H

#include "core/core.h"

#define AUTH_SESSION_MS  (12 * 3600 * 1000ll) /* after the last use */
#define AUTH_TOKEN_CHARS 64                   /* hex digits of 256 random bits */

struct auth;

struct auth_session {
	char token[AUTH_TOKEN_CHARS + 1]; /* the cookie's value; known to the browser only */
	char csrf[AUTH_TOKEN_CHARS + 1];  /* to be sent back in X-CSRF-Token with every write */
	struct actor actor;
};

struct auth *auth_new(struct core *core, struct err *err);
void auth_free(struct auth *auth);

/* Exactly one of session and err is not NULL. The same message for an unknown login and a wrong
 * password, after the same time. */
typedef void auth_fn(void *context, const struct auth_session *session, const struct err *err);

/* argon2id on a lane. address: the client's, for throttling: after 5 failures per login or 20 per
 * address each further try waits, doubling from 1 s to 5 min (ERR_THROTTLED, code = seconds). done
 * is called once, later, never from within; auth_free() calls those that are left. */
void auth_sign_in(struct auth *auth, const char *login, const char *password, const char *address,
		  auth_fn *done, void *context);

/* A student by join link: the seat's token, good until another is made for the seat; the name
 * counts only where the seat has none. Or by class code and name: the seat of that name as the
 * roster or an earlier join has it, else a free one. Wrong ones are throttled per address as
 * above. A seat's own code is a link that is good once. address NULL or "": the unix socket, not throttled. ERR_CONFLICT: not begun, over, or no
 * seat free. */
int auth_join_token(struct auth *auth, const char *token, const char *name, const char *language,
		    const char *address, struct auth_session *session, struct err *err);
int auth_join_code(struct auth *auth, const char *code, const char *name, const char *language,
		   const char *address, struct auth_session *session, struct err *err);

/* A student who is signed in with an account takes the seat that the code, or else the token, leads to, under the
 * account's name; from then on auth_sign_in() leads there while the class is open, and nobody else joins at that seat. */
int auth_join_account(struct auth *auth, const struct actor *actor, const char *code, const char *token,
		      const char *address, struct auth_session *session, struct err *err);
/* Is this a student with an account, not one who came by code? */
bool auth_is_account(struct auth *auth, const struct actor *actor);

/* ---- a seat over ssh (seat_login.c) ---- */

/* Makes a new password for the seat, in place of the one before. done is called once, later: exactly one of
 * password and err is not NULL. */
typedef void auth_password_fn(void *context, const char *password, const struct err *err);
void auth_seat_password(struct auth *auth, const struct actor *actor, struct seat *seat,
			auth_password_fn *done, void *context);

/* Whose ssh name and password these are, with the same throttling and in the same time as auth_sign_in().
 * machine is part of the name, "" when it names none. seat and err: exactly one is not NULL. */
typedef void auth_seat_fn(void *context, struct seat *seat, const char *machine,
			  const struct err *err);
void auth_seat_sign_in(struct auth *auth, const char *name, const char *password,
		       const char *address, auth_seat_fn *done, void *context);

/* Whose ssh name this is and whether the seat has this public key; whether the client holds the private one is the
 * gateway's to prove. ERR_UNAUTHENTICATED, or ERR_CONFLICT when the class lets nobody in. */
int auth_seat_key(struct auth *auth, const char *name, const char *blob, struct seat **seat,
		  char machine[33], struct err *err);
/* To be called when it was proven. */
void auth_seat_key_used(struct auth *auth, const struct seat *seat);

/* Who a cookie belongs to. ERR_UNAUTHENTICATED when it is unknown or expired. csrf may be NULL. */
int auth_session(struct auth *auth, const char *token, struct actor *actor,
		 char csrf[AUTH_TOKEN_CHARS + 1], struct err *err);
void auth_sign_out(struct auth *auth, const char *token);

#endif
