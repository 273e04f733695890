/* Sessions. The cookie's value is 256 random bits in hexadecimal; the database has only its
 * SHA-256, so that a stolen copy of the file opens nothing. The hash is what is looked up, and so
 * no comparison's time tells anything about a token. */
#include "core/auth_internal.h"

#include <string.h>

#define LOG_MODULE "session"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#define TOUCH_MS 60000 /* a session's last use is written at most once in this time */

void session_token_hash(const char *token, uint8_t hash[32])
{
	crypto_hash_sha256(hash, (const unsigned char *)token, strlen(token));
}

/* A student is called what their seat is called: the instructor may have corrected it. */
static void session_actor(struct auth *auth, const struct person *person, int64_t seat_id,
			  struct actor *actor)
{
	const struct seat *seat = seat_id ? core_seat(auth->core, seat_id) : NULL;
	const char *name = seat && *seat->row.name ? seat->row.name : person->name;

	*actor = (struct actor){ .person = person->id,
				 .role = person->role,
				 .seat = seat_id,
				 .organisation = person->organisation };
	str_cut(actor->name, sizeof(actor->name), name);
}

int session_make(struct auth *auth, const struct person *person, int64_t seat,
		 struct auth_session *session, struct err *err)
{
	struct auth_session made;
	int64_t now = clock_real_ms();
	uint8_t secret[32];
	struct session row = { .person = person->id,
			       .seat = seat,
			       .created_at = now,
			       .seen_at = now,
			       .expires_at = now + AUTH_SESSION_MS };

	randombytes_buf(secret, sizeof(secret));
	randombytes_buf(row.csrf, sizeof(row.csrf));
	sodium_bin2hex(made.token, sizeof(made.token), secret, sizeof(secret));
	sodium_bin2hex(made.csrf, sizeof(made.csrf), row.csrf, sizeof(row.csrf));
	session_token_hash(made.token, row.id_hash);
	if (sessions_expire(auth->store, now, err) < 0 || sessions_add(auth->store, &row, err) < 0)
		return -1;
	session_actor(auth, person, seat, &made.actor);
	*session = made;
	return 0;
}

/* Still good now? A student's seat must be there, and still be theirs. */
static bool session_holds(struct auth *auth, const struct session *row, int64_t now)
{
	if (row->expires_at <= now)
		return false;
	if (!row->seat)
		return true;
	const struct seat *seat = core_seat(auth->core, row->seat);
	return seat && seat->row.person == row->person;
}

/* A disk that is full ends no session, and shuts nobody out of what can still be read. */
static void session_touch(struct auth *auth, const struct session *row, int64_t now)
{
	struct err err = ERR_INIT;

	if (now - row->seen_at > TOUCH_MS &&
	    sessions_touch(auth->store, row->id_hash, now, now + AUTH_SESSION_MS, &err) < 0)
		log_warning("a session's last use was not written down: %s", err.message);
}

static int session_load(struct auth *auth, const char *token, struct session *row, struct err *err)
{
	int64_t now = clock_real_ms();
	struct err why = ERR_INIT;

	if (!token || strlen(token) != AUTH_TOKEN_CHARS)
		return err_set(err, ERR_UNAUTHENTICATED, "sign in first");
	session_token_hash(token, row->id_hash);
	int found = sessions_get(auth->store, row->id_hash, row, &why);
	if (found < 0 && why.kind != ERR_NOT_FOUND) {
		if (err)
			*err = why;
		return -1;
	}
	if (found < 0 || !session_holds(auth, row, now))
		return err_set(err, ERR_UNAUTHENTICATED,
			       "your session is over: sign in or join again");
	session_touch(auth, row, now);
	return 0;
}

int auth_session(struct auth *auth, const char *token, struct actor *actor,
		 char csrf[AUTH_TOKEN_CHARS + 1], struct err *err)
{
	AUTO(person) struct person person = { 0 };
	struct session row;

	if (session_load(auth, token, &row, err) < 0 ||
	    people_get(auth->store, row.person, &person, err) < 0)
		return -1;
	session_actor(auth, &person, row.seat, actor);
	if (csrf)
		sodium_bin2hex(csrf, AUTH_TOKEN_CHARS + 1, row.csrf, sizeof(row.csrf));
	return 0;
}

void auth_sign_out(struct auth *auth, const char *token)
{
	uint8_t hash[32];

	if (!token)
		return;
	session_token_hash(token, hash);
	sessions_remove(auth->store, hash, NULL);
}

int language_check(const char **language, struct err *err)
{
	if (str_is_empty(*language))
		*language = "en";
	if (str_equal(*language, "en") || str_equal(*language, "ja"))
		return 0;
	return err_set(err, ERR_INVALID, "the language must be en or ja");
}
