/* Signing in.
 *
 * A password is checked on a lane with one thread: argon2id takes a tenth of a second and 64 MB,
 * and a flood must not take more of the host than that. At most QUEUE_MAX of them wait; others are
 * told to come back. Every sign-in goes through the lane, also one that is refused at once, so
 * that there is one path and `done` is never called from within auth_sign_in().
 *
 * A login that does not exist, one without a password and a wrong password take the same way: a
 * hash is computed, one failure is noted, one message is given.
 *
 * Tries are charged to the login and to the address before the hash is computed, or a hundred at
 * the same time would count as one. */
#include "core/auth_internal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LOG_MODULE "auth"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/note.h"

#define QUEUE_MAX       32
#define LOGIN_TRIES     5
#define LOGINS_KEPT     1024
#define ADDRESS_TRIES   20
#define ADDRESSES_KEPT  4096

struct sign_in {
	struct job job;
	struct auth *auth; /* for done(): lanes end before auth goes */
	auth_fn *done;
	void *context;
	struct err refused;        /* kind ERR_NONE: the password is to be checked */
	char login[LOGIN_MAX + 1]; /* in small letters */
	char *address;
	char *password;
	char hash[PASSWORD_HASH];
	int64_t person; /* 0: there is nobody of this login with a password */
	bool fits;
};

/* ---- throttling ----------------------------------------------------------------------------- */

void address_key(const char *address, char key[ADDRESS_KEY])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t bits[16];

	if (!address || inet_pton(AF_INET6, address, bits) != 1)
		snprintf(key, ADDRESS_KEY, "%s", address ? address : "");
	else if (memcmp(bits, mapped, sizeof(mapped)) == 0)
		snprintf(key, ADDRESS_KEY, "%u.%u.%u.%u", bits[12], bits[13], bits[14], bits[15]);
	else
		sodium_bin2hex(key, ADDRESS_KEY, bits, 8);
}

int try_charge(struct auth *auth, const char *login, const char *address, struct err *err)
{
	uint64_t now = clock_mono_ms();
	char key[ADDRESS_KEY];

	address_key(address, key);
	unsigned wait = login ? throttle_wait(auth->logins, login, now) : 0;
	unsigned other = *key ? throttle_wait(auth->addresses, key, now) : 0;
	wait = other > wait ? other : wait;
	if (wait) {
		err_set(err, ERR_THROTTLED, "too many failed tries: try again in %u s", wait);
		if (err)
			err->code = (int)wait;
		return -1;
	}
	if (login)
		throttle_charge(auth->logins, login, now);
	if (*key)
		throttle_charge(auth->addresses, key, now);
	return 0;
}

void try_refund(struct auth *auth, const char *login, const char *address)
{
	char key[ADDRESS_KEY];

	address_key(address, key);
	if (login)
		throttle_clear(auth->logins, login);
	if (*key)
		throttle_refund(auth->addresses, key);
}

/* ---- signing in ----------------------------------------------------------------------------- */

/* Small letters, digits, dot, dash, underscore; begins with a letter or digit. */
int login_clean(const char *typed, char login[LOGIN_MAX + 1], struct err *err)
{
	size_t length = typed ? strlen(typed) : 0;

	for (size_t i = 0; i < length && i < LOGIN_MAX; i++)
		login[i] = (char)tolower((unsigned char)typed[i]);
	login[length < LOGIN_MAX ? length : LOGIN_MAX] = 0;
	if (length >= 1 && length <= LOGIN_MAX && isalnum((unsigned char)login[0]) &&
	    strspn(login, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length)
		return 0;
	return err_set(
		err, ERR_INVALID,
		"a sign-in name has 1 to %d letters a-z, digits, dots, dashes and underscores",
		LOGIN_MAX);
}

static void sign_in_free(struct sign_in *sign_in)
{
	sodium_memzero(sign_in->password, strlen(sign_in->password));
	free(sign_in->password);
	free(sign_in->address);
	free(sign_in);
}

static void sign_in_hash(struct job *job)
{
	struct sign_in *sign_in = (struct sign_in *)job;

	if (sign_in->refused.kind == ERR_NONE)
		sign_in->fits = password_fits(sign_in->hash, sign_in->password);
}

static void sign_in_note(struct sign_in *sign_in, const struct actor *actor)
{
	AUTO_FREE char *object = str_fmt("login %s", sign_in->login);

	note(sign_in->auth->core, actor, actor ? "sign-in" : "sign-in.failed", 0, 0, object, "");
}

/* The account as it is now: it may have been changed while its password was checked. */
static int sign_in_finish(struct sign_in *sign_in, struct auth_session *session, struct err *err)
{
	struct auth *auth = sign_in->auth;
	AUTO(person) struct person person = { 0 };

	if (!sign_in->fits || !sign_in->person ||
	    people_get(auth->store, sign_in->person, &person, NULL) < 0 ||
	    !str_equal(person.password, sign_in->hash)) {
		sign_in_note(sign_in, NULL);
		return err_set(err, ERR_UNAUTHENTICATED,
			       "the sign-in name or the password is wrong");
	}
	int64_t seat = person.role == ROLE_STUDENT ? account_seat(auth, person.id) : 0;
	if (session_make(auth, &person, seat, session, err) < 0)
		return -1;
	try_refund(auth, sign_in->login, sign_in->address);
	sign_in_note(sign_in, &session->actor);
	return 0;
}

static void sign_in_done(struct job *job)
{
	struct sign_in *sign_in = (struct sign_in *)job;
	struct auth_session session;

	if (sign_in->refused.kind == ERR_NONE) {
		sign_in->auth->hashing--;
		sign_in_finish(sign_in, &session, &sign_in->refused);
	}
	if (sign_in->refused.kind == ERR_NONE)
		sign_in->done(sign_in->context, &session, NULL);
	else
		sign_in->done(sign_in->context, NULL, &sign_in->refused);
	sodium_memzero(&session, sizeof(session));
	sign_in_free(sign_in);
}

/* The hash to check against, of the person or of nobody. */
static void sign_in_look_up(struct sign_in *sign_in)
{
	AUTO(person) struct person person = { 0 };
	bool known = people_by_login(sign_in->auth->store, sign_in->login, &person, NULL) == 0;

	sign_in->person = known && person.password ? person.id : 0;
	snprintf(sign_in->hash, sizeof(sign_in->hash), "%s",
		 sign_in->person ? person.password : sign_in->auth->nobody);
}

int hashing_admit(struct auth *auth, struct err *err)
{
	if (auth->hashing < QUEUE_MAX)
		return 0;
	err_set(err, ERR_THROTTLED, "many people are signing in: try again in a few seconds");
	err->code = 3;
	return -1;
}

static int sign_in_admit(struct sign_in *sign_in, const char *login, struct err *err)
{
	struct auth *auth = sign_in->auth;

	if (login_clean(login, sign_in->login, NULL) < 0 ||
	    strlen(sign_in->password) > PASSWORD_MAX)
		return err_set(err, ERR_UNAUTHENTICATED,
			       "the sign-in name or the password is wrong");
	if (hashing_admit(auth, err) < 0)
		return -1;
	return try_charge(auth, sign_in->login, sign_in->address, err);
}

void auth_sign_in(struct auth *auth, const char *login, const char *password, const char *address,
		  auth_fn *done, void *context)
{
	struct sign_in *sign_in = mem_alloc(sizeof(*sign_in));

	sign_in->job.work = sign_in_hash;
	sign_in->job.done = sign_in_done;
	sign_in->auth = auth;
	sign_in->done = done;
	sign_in->context = context;
	sign_in->address = str_copy(address ? address : "");
	sign_in->password = str_copy(password ? password : "");
	if (sign_in_admit(sign_in, login, &sign_in->refused) == 0) {
		auth->hashing++;
		sign_in_look_up(sign_in);
	}
	lanes_submit(auth->lane, &sign_in->job);
}

/* ---- beginning and end ---------------------------------------------------------------------- */

struct auth *auth_new(struct core *core, struct err *err)
{
	struct auth *auth = mem_alloc(sizeof(*auth));
	char random[PASSWORD_MADE];

	auth->core = core;
	auth->store = core_store(core);
	if (sodium_init() < 0) {
		err_set(err, ERR_INTERNAL, "the system gives no random numbers");
		auth_free(auth);
		return NULL;
	}
	auth->logins = throttle_new(LOGINS_KEPT, LOGIN_TRIES);
	auth->addresses = throttle_new(ADDRESSES_KEPT, ADDRESS_TRIES);
	password_make(random);
	if (password_hash(random, auth->nobody, err) < 0 ||
	    !(auth->lane = lanes_new(core_loop(core), "sign-in", 1, err))) {
		auth_free(auth);
		return NULL;
	}
	return auth;
}

void auth_free(struct auth *auth)
{
	if (!auth)
		return;
	auth->ending = true;
	lanes_free(auth->lane); /* its jobs' done still need the rest */
	throttle_free(auth->logins);
	throttle_free(auth->addresses);
	free(auth);
}
