/* Joining a class as a student: with a link or a code that leads to one seat, or with the class's code and
 * a name.
 *
 * Which seat a name gets, in this order:
 *   1. the seat of that name: the roster named it, or somebody joined under it before. A student
 *      who lost the cookie, or took another computer, comes back to their own machine that way.
 *   2. the first seat without a name that nobody has taken.
 *   3. none: every seat is named or taken.
 *
 * So in a class that is joined by code a name is not a secret: who knows a classmate's name can
 * sit down at their seat. That is the price of a code that 30 people can type in a minute. Every
 * join is shown to the instructor live and is in the audit log; where it matters, hand out join
 * links instead.
 *
 * A seat has a code of its own, too, which lets one person in, once. A class may be made to take those only: then
 * its own code is a part of the seats' names over ssh, and no way in.
 *
 * A person's row is made with the first join of a seat and goes with the class. A student with an account is that
 * account's person instead, which stays: what they join under their account leads back to them at every sign-in, and
 * lets nobody else in, whatever name is typed. */
#include "core/auth_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/activity.h"
#include "core/class.h"
#include "core/code.h"
#include "core/name.h"
#include "core/note.h"

/* ---- which seat ----------------------------------------------------------------------------- */

/* Is this what the roster means? Without regard to case, width and blanks: Aoki and aoki are one student,
 * and rosters come from spreadsheets with any blank, or none, between the names. */
static bool seat_is_called(const struct seat *seat, const char *key)
{
	AUTO_FREE char *own = name_key(seat->row.name);

	return strcmp(own, key) == 0;
}

static struct seat *seat_of_name(struct class *class, const char *name)
{
	AUTO_FREE char *key = name_key(name);

	for (size_t i = 0; *key && i < class->seats; i++)
		if (seat_is_called(&class->seat[i], key))
			return &class->seat[i];
	return NULL;
}

static struct seat *seat_without_name(struct class *class)
{
	for (size_t i = 0; i < class->seats; i++)
		if (!*class->seat[i].row.name && !class->seat[i].row.person)
			return &class->seat[i];
	return NULL;
}

static struct seat *seat_of_token(struct auth *auth, const char *token)
{
	uint8_t hash[32];
	struct class *class;

	if (!token || strlen(token) != AUTH_TOKEN_CHARS)
		return NULL;
	crypto_hash_sha256(hash, (const unsigned char *)token, AUTH_TOKEN_CHARS);
	LIST_FOREACH(class, core_classes(auth->core), entry)
		for (size_t i = 0; i < class->seats; i++)
			if (sodium_memcmp(class->seat[i].row.join_hash, hash, sizeof(hash)) == 0)
				return &class->seat[i];
	return NULL;
}

static struct seat *seat_of_code(struct auth *auth, const char *code)
{
	struct class *class;

	LIST_FOREACH(class, core_classes(auth->core), entry)
		for (size_t i = 0; i < class->seats; i++)
			if (str_equal(class->seat[i].row.code, code))
				return &class->seat[i];
	return NULL;
}

static int may_join(const struct class *class, struct err *err)
{
	if (class_is_private(class))
		return err_set(err, ERR_DENIED, "nobody can join this class");
	if (class->row.opened_at && class_has_machines(class))
		return 0; /* of one that is frozen the page says so */
	if (class->state == CLASS_DRAFT || class_has_machines(class))
		return err_set(
			err, ERR_CONFLICT,
			"the class has not begun: try again when the instructor has opened it");
	return err_set(err, ERR_CONFLICT, "the class is over");
}

/* ---- taking it ------------------------------------------------------------------------------ */

struct joiner {
	const char *name, *language;
	int64_t account; /* the person of a student's account; 0: none */
};

/* An account takes the place of a person who is nothing but this seat's. That one's sessions end with it. */
static int account_sits_down(struct auth *auth, const struct joiner *who, int64_t before, struct person *person,
			     struct err *err)
{
	if (before && before != who->account && people_remove(auth->store, before, err) < 0)
		return -1;
	return people_get(auth->store, who->account, person, err);
}

/* Who sits there already, or somebody new. What an account sits at, only that account comes back to. */
static int seat_person(struct auth *auth, const struct seat_row *row, const struct joiner *who,
		       struct person *person, struct err *err)
{
	AUTO(person) struct person there = { 0 };
	bool taken = row->person && people_get(auth->store, row->person, &there, NULL) == 0;

	if (taken && there.login && there.id != who->account)
		return err_set(err, ERR_UNAUTHENTICATED,
			       "this seat belongs to somebody with an account: sign in with it");
	if (who->account)
		return account_sits_down(auth, who, taken ? there.id : 0, person, err);
	if (taken && people_set_language(auth->store, there.id, who->language, err) < 0)
		return -1;
	if (taken) {
		*person = there;
		there = (struct person){ 0 };
		return 0;
	}
	*person = (struct person){ .name = str_copy(row->name),
				   .language = str_copy(who->language),
				   .role = ROLE_STUDENT,
				   .created_at = clock_real_ms() };
	return people_add(auth->store, person, &person->id, err);
}

/* All rows of a join, inside one transaction. */
static int join_write(struct auth *auth, struct seat_row *row, const struct joiner *who,
		      struct auth_session *session, struct err *err)
{
	AUTO(person) struct person person = { 0 };

	if (seat_person(auth, row, who, &person, err) < 0)
		return -1;
	row->person = person.id;
	row->joined_at = clock_real_ms();
	if (seats_update(auth->store, row, err) < 0)
		return -1;
	return session_make(auth, &person, row->id, session, err);
}

static int join_store(struct auth *auth, struct seat_row *row, const struct joiner *who,
		      struct auth_session *session, struct err *err)
{
	if (store_begin(auth->store, err) < 0)
		return -1;
	return store_end(auth->store, join_write(auth, row, who, session, err), err);
}

static void join_tell(struct auth *auth, struct seat *seat, const struct actor *actor, bool again)
{
	note_seat(auth->core, actor, seat, again ? "seat.join-again" : "seat.join", "");
	seat_publish(seat);
	if (!again)
		activity_add(seat, ACTIVITY_JOINED, NULL, NULL, NULL);
}

/* Memory follows the database: the seat changes when all is on disk. */
static int seat_join(struct auth *auth, struct seat *seat, const struct joiner *who,
		     struct auth_session *session, struct err *err)
{
	struct seat_row row = seat->row;
	bool again = row.person != 0;

	if (!*row.name)
		row.name = (char *)who->name;
	row.code = (char *)""; /* it was for one time */
	if (join_store(auth, &row, who, session, err) < 0)
		return -1;
	if (row.name != seat->row.name) {
		free(seat->row.name);
		row.name = str_copy(row.name);
	}
	free(seat->row.code);
	row.code = str_copy("");
	seat->row = row;
	join_tell(auth, seat, &session->actor, again);
	return 0;
}

/* ---- the two ways in ------------------------------------------------------------------------ */

/* The link says which seat; a name is asked for only where the seat has none. */
static int join_linked(struct auth *auth, struct seat *seat, const struct joiner *typed,
		       struct auth_session *session, struct err *err)
{
	struct joiner who = *typed;
	char name[NAME_BYTES] = "";

	if (may_join(seat->class, err) < 0)
		return -1;
	if (!*seat->row.name) {
		if (name_clean(typed->name ? typed->name : "", name, err) < 0)
			return -1;
		if (seat_of_name(seat->class, name))
			return err_set(
				err, ERR_CONFLICT,
				"somebody in this class is called %s already: add something to "
				"your name",
				name);
	}
	who.name = name;
	return seat_join(auth, seat, &who, session, err);
}

static int join_token(struct auth *auth, const char *token, struct joiner *who, const char *address,
		      struct auth_session *session, struct err *err)
{
	if (language_check(&who->language, err) < 0 || try_charge(auth, NULL, address, err) < 0)
		return -1;
	struct seat *seat = seat_of_token(auth, token);
	if (!seat)
		return err_set(
			err, ERR_NOT_FOUND,
			"this join link does not lead to a seat any more: ask the instructor for "
			"a new one");
	try_refund(auth, NULL, address);
	return join_linked(auth, seat, who, session, err);
}

static struct seat *seat_of_person(struct class *class, int64_t person)
{
	for (size_t i = 0; person && i < class->seats; i++)
		if (class->seat[i].row.person == person)
			return &class->seat[i];
	return NULL;
}

static int join_named(struct auth *auth, struct class *class, const struct joiner *who,
		      struct auth_session *session, struct err *err)
{
	struct seat *seat = seat_of_person(class, who->account);

	if (may_join(class, err) < 0)
		return -1;
	if (class->row.own_codes && !seat)
		return err_set(err, ERR_DENIED,
			       "this class is joined with the code on your own card, or its link: ask the "
			       "instructor for it");
	if (!seat)
		seat = seat_of_name(class, who->name);
	if (!seat)
		seat = seat_without_name(class);
	if (!seat)
		return err_set(
			err, ERR_CONFLICT,
			"no seat is free for %s: type your name as it is on the instructor's "
			"list, or ask the instructor for a join link",
			who->name);
	return seat_join(auth, seat, who, session, err);
}

static int join_seat_code(struct auth *auth, const char *code, const struct joiner *who, const char *address,
			  struct auth_session *session, struct err *err)
{
	if (try_charge(auth, NULL, address, err) < 0)
		return -1;
	struct seat *seat = seat_of_code(auth, code);
	if (!seat)
		return err_set(err, ERR_NOT_FOUND,
			       "no seat waits for this code: it was used already, or compare it with your "
			       "card; the link on the card leads back to the seat");
	try_refund(auth, NULL, address);
	return join_linked(auth, seat, who, session, err);
}

static int join_code(struct auth *auth, const char *code, struct joiner *who, const char *address,
		     struct auth_session *session, struct err *err)
{
	char known[CODE_MAX], own[SEAT_CODE_MAX], clean[NAME_BYTES];
	bool of_class = code_normalise(code, known);

	if (language_check(&who->language, err) < 0)
		return -1;
	if (!of_class && seat_code_read(code, own))
		return join_seat_code(auth, own, who, address, session, err);
	if (name_clean(who->name ? who->name : "", clean, err) < 0 || try_charge(auth, NULL, address, err) < 0)
		return -1;
	struct class *class = of_class ? core_class_by_code(auth->core, known) : NULL;
	if (!class)
		return err_set(err, ERR_NOT_FOUND,
			       "no class has this code now: compare it with the one on the screen");
	try_refund(auth, NULL, address);
	who->name = clean;
	return join_named(auth, class, who, session, err);
}

int auth_join_token(struct auth *auth, const char *token, const char *name, const char *language,
		    const char *address, struct auth_session *session, struct err *err)
{
	struct joiner who = { .name = name, .language = language };

	return join_token(auth, token, &who, address, session, err);
}

int auth_join_code(struct auth *auth, const char *code, const char *name, const char *language,
		   const char *address, struct auth_session *session, struct err *err)
{
	struct joiner who = { .name = name, .language = language };

	return join_code(auth, code, &who, address, session, err);
}

/* ---- with an account ------------------------------------------------------------------------ */

int auth_join_account(struct auth *auth, const struct actor *actor, const char *code, const char *token,
		      const char *address, struct auth_session *session, struct err *err)
{
	AUTO(person) struct person person = { 0 };

	if (people_get(auth->store, actor->person, &person, err) < 0)
		return -1;
	struct joiner who = { .name = person.name, .language = person.language, .account = person.id };
	return token ? join_token(auth, token, &who, address, session, err) :
		       join_code(auth, code, &who, address, session, err);
}

bool auth_is_account(struct auth *auth, const struct actor *actor)
{
	AUTO(person) struct person person = { 0 };

	return actor->role == ROLE_STUDENT && people_get(auth->store, actor->person, &person, NULL) == 0 &&
	       person.login;
}

int64_t account_seat(struct auth *auth, int64_t person)
{
	struct class *class;
	int64_t newest = 0, found = 0;

	LIST_FOREACH(class, core_classes(auth->core), entry) {
		struct seat *seat = seat_of_person(class, person);
		if (seat && class->row.id > newest && may_join(class, NULL) == 0) {
			newest = class->row.id;
			found = seat->row.id;
		}
	}
	return found;
}
