/* A seat's password. It is random, made by staff for one seat at a time and shown once; only its argon2id
 * hash is kept. Checking and making one take a tenth of a second, on the lane of all sign-ins.
 *
 * A name that is nobody's, a seat without a password and a wrong password take the same way and the
 * same time, as in auth.c.
 */
#include "core/seat_login.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "auth"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/auth_internal.h"
#include "core/class.h"
#include "core/note.h"
#include "store/seat_keys.h"

/* ---- names ---------------------------------------------------------------------------------- */

void seat_login_name(const struct seat *seat, char name[SEAT_LOGIN_MAX])
{
	snprintf(name, SEAT_LOGIN_MAX, "%s-%02u", seat->class->row.code, seat->row.number % 10000);
	for (char *c = name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static bool machine_read(const char *typed, char machine[SEAT_MACHINE_MAX])
{
	size_t length = strlen(typed);

	if (!length || length >= SEAT_MACHINE_MAX ||
	    strspn(typed, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
		return false;
	memcpy(machine, typed, length + 1);
	return true;
}

bool seat_login_read(const char *typed, struct seat_login *login)
{
	struct seat_login read = { 0 };
	const char *plus = strchr(typed, '+');
	AUTO_FREE char *name = plus ? str_copy_n(typed, (size_t)(plus - typed)) : str_copy(typed);
	char *dash = strrchr(name, '-');
	long number;

	if (!dash || strlen(dash) > 5 || !isdigit((unsigned char)dash[1]))
		return false;
	*dash++ = 0;
	while (*dash == '0')
		dash++;
	if (!str_to_number(dash, 1, CLASS_SEATS_MAX, &number))
		return false;
	read.number = (unsigned)number;
	if (!code_normalise(name, read.code) || (plus && !machine_read(plus + 1, read.machine)))
		return false;
	*login = read;
	return true;
}

static struct seat *seat_of_login(struct auth *auth, const struct seat_login *login)
{
	struct class *class = core_class_by_code(auth->core, login->code);

	return class && !class->row.hidden ? class_seat(class, login->number) : NULL;
}

/* ---- a new password ------------------------------------------------------------------------- */

struct making {
	struct job job;
	struct auth *auth;
	auth_password_fn *done;
	void *context;
	struct actor actor;
	int64_t seat;
	char password[PASSWORD_MADE], hash[PASSWORD_HASH];
	struct err err;
};

static void making_work(struct job *job)
{
	struct making *making = (struct making *)job;

	password_hash(making->password, making->hash, &making->err);
}

static int making_store(struct making *making, struct err *err)
{
	struct auth *auth = making->auth;
	struct seat *seat = core_seat(auth->core, making->seat);

	if (!seat)
		return err_set(err, ERR_NOT_FOUND, "the seat is gone");
	struct seat_row row = seat->row;
	row.password = making->hash;
	if (seats_update(auth->store, &row, err) < 0)
		return -1;
	free(seat->row.password);
	seat->row.password = str_copy(making->hash);
	note_seat(auth->core, &making->actor, seat, "seat.ssh-password", "");
	seat_publish(seat);
	return 0;
}

static void making_done(struct job *job)
{
	struct making *making = (struct making *)job;

	if (making->err.kind == ERR_NONE)
		making_store(making, &making->err);
	if (making->err.kind == ERR_NONE)
		making->done(making->context, making->password, NULL);
	else
		making->done(making->context, NULL, &making->err);
	sodium_memzero(making, sizeof(*making));
	free(making);
}

void auth_seat_password(struct auth *auth, const struct actor *actor, struct seat *seat,
			auth_password_fn *done, void *context)
{
	struct making *making = mem_alloc(sizeof(*making));

	making->job.work = making_work;
	making->job.done = making_done;
	making->auth = auth;
	making->done = done;
	making->context = context;
	making->actor = *actor;
	making->seat = seat->row.id;
	password_make_short(making->password);
	lanes_submit(auth->lane, &making->job);
}

/* ---- signing in ----------------------------------------------------------------------------- */

struct knock {
	struct job job;
	struct auth *auth;
	auth_seat_fn *done;
	void *context;
	struct seat_login login;
	char key[SEAT_LOGIN_MAX + 8]; /* for throttling */
	char *address, *password;
	char hash[PASSWORD_HASH];
	int64_t seat; /* 0: there is none of this name with a password */
	bool fits;
	struct err refused;
};

static void knock_work(struct job *job)
{
	struct knock *knock = (struct knock *)job;

	if (knock->refused.kind == ERR_NONE)
		knock->fits = password_fits(knock->hash, knock->password);
}

static void knock_note(struct knock *knock, struct seat *seat)
{
	struct actor actor = { .person = seat ? seat->row.person : 0, .role = ROLE_STUDENT };
	AUTO_FREE char *object = str_fmt("login %s-%02u", knock->login.code, knock->login.number);

	snprintf(actor.name, sizeof(actor.name), "%s", seat ? seat->row.name : "");
	note(knock->auth->core, seat ? &actor : NULL, seat ? "seat.ssh" : "seat.ssh-failed",
	     seat ? seat->row.class_id : 0, seat ? seat->row.id : 0, object, "");
}

/* The seat as it is now: its password may have been changed meanwhile. */
static struct seat *knock_finish(struct knock *knock, struct err *err)
{
	struct auth *auth = knock->auth;
	struct seat *seat = knock->seat ? core_seat(auth->core, knock->seat) : NULL;

	if (!knock->fits || !seat || !str_equal(seat->row.password, knock->hash)) {
		knock_note(knock, NULL);
		err_set(err, ERR_UNAUTHENTICATED, "the name or the password is wrong");
		return NULL;
	}
	try_refund(auth, knock->key, knock->address);
	if (!class_admits(seat->class)) {
		bool frozen = seat->class->row.opened_at && class_has_machines(seat->class);
		err_set(err, ERR_CONFLICT, frozen ? "the class is frozen: its machines come back when it goes on" :
						    "the class has not begun, or is over");
		return NULL;
	}
	knock_note(knock, seat);
	return seat;
}

static void knock_done(struct job *job)
{
	struct knock *knock = (struct knock *)job;
	struct seat *seat = NULL;

	if (knock->refused.kind == ERR_NONE) {
		knock->auth->hashing--;
		seat = knock_finish(knock, &knock->refused);
	}
	knock->done(knock->context, seat, knock->login.machine, seat ? NULL : &knock->refused);
	sodium_memzero(knock->password, strlen(knock->password));
	free(knock->password);
	free(knock->address);
	free(knock);
}

static int knock_admit(struct knock *knock, const char *name, struct err *err)
{
	struct auth *auth = knock->auth;

	if (!seat_login_read(name, &knock->login) || strlen(knock->password) > PASSWORD_MAX)
		return err_set(err, ERR_UNAUTHENTICATED,
			       "a name looks like hoshi-742-07, or hoshi-742-07+files");
	snprintf(knock->key, sizeof(knock->key), "seat %s-%u", knock->login.code, knock->login.number);
	if (hashing_admit(auth, err) < 0 || try_charge(auth, knock->key, knock->address, err) < 0)
		return -1;
	struct seat *seat = seat_of_login(auth, &knock->login);
	bool known = seat && seat->row.password;
	knock->seat = known ? seat->row.id : 0;
	snprintf(knock->hash, sizeof(knock->hash), "%s", known ? seat->row.password : auth->nobody);
	return 0;
}

void auth_seat_sign_in(struct auth *auth, const char *name, const char *password,
		       const char *address, auth_seat_fn *done, void *context)
{
	struct knock *knock = mem_alloc(sizeof(*knock));

	knock->job.work = knock_work;
	knock->job.done = knock_done;
	knock->auth = auth;
	knock->done = done;
	knock->context = context;
	knock->address = str_copy(address);
	knock->password = str_copy(password);
	if (knock_admit(knock, name, &knock->refused) == 0)
		auth->hashing++;
	lanes_submit(auth->lane, &knock->job);
}

/* ---- by public key -------------------------------------------------------------------------- */

int auth_seat_key(struct auth *auth, const char *name, const char *blob, struct seat **seat,
		  char machine[SEAT_MACHINE_MAX], struct err *err)
{
	struct seat_login login;
	struct seat *found = seat_login_read(name, &login) ? seat_of_login(auth, &login) : NULL;

	if (!found || seat_keys_find(auth->store, found->row.id, blob, NULL) < 0)
		return err_set(err, ERR_UNAUTHENTICATED, "the seat does not know this key");
	if (!class_admits(found->class))
		return err_set(err, ERR_CONFLICT, "the class has not begun, or is over");
	memcpy(machine, login.machine, SEAT_MACHINE_MAX);
	*seat = found;
	return 0;
}

void auth_seat_key_used(struct auth *auth, const struct seat *seat)
{
	struct actor actor = { .person = seat->row.person, .role = ROLE_STUDENT };
	AUTO_FREE char *object = str_fmt("login %s-%02u", seat->class->row.code, seat->row.number);

	snprintf(actor.name, sizeof(actor.name), "%s", seat->row.name);
	note(auth->core, &actor, "seat.ssh", seat->row.class_id, seat->row.id, object,
	     "{\"by\":\"key\"}");
}
