/* Signing in and joining, on a real store, loop and lane. Of the core there is what auth asks of
 * it: one class in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/account.h"
#include "core/activity.h"
#include "core/auth.h"
#include "core/class.h"
#include "core/name.h"
#include "core/organisation.h"
#include "core/password.h"
#include "store/audit.h"
#include "store/query.h"
#include "err_checks.h"

#define SEATS 4

struct core {
	struct store *store;
	struct loop *loop;
	struct class_list classes;
	struct class class;
	int told; /* seat events */
};

static char directory[64];
static struct core core;
static struct auth *auth;
static struct auth_session session;
static struct err err;

struct store *core_store(struct core *of)
{
	return of->store;
}

struct loop *core_loop(struct core *of)
{
	return of->loop;
}

struct class_list *core_classes(struct core *of)
{
	return &of->classes;
}

struct class *core_class_by_code(struct core *of, const char *code)
{
	return str_equal(of->class.row.code, code) ? &of->class : NULL;
}

struct seat *core_seat(struct core *of, int64_t id)
{
	for (size_t i = 0; i < of->class.seats; i++)
		if (of->class.seat[i].row.id == id)
			return &of->class.seat[i];
	return NULL;
}

void activity_add(struct seat *seat, enum activity_kind kind, const char *lab, const char *task,
		  const char *machine)
{
	(void)seat, (void)kind, (void)lab, (void)task, (void)machine;
}

bool class_is_private(const struct class *class)
{
	(void)class;
	return false;
}

json_t *view_organisation(const struct core *of, int64_t id)
{
	(void)of;
	return id ? json_integer(id) : json_null();
}

int organisation_exists(const struct core *of, int64_t id, struct err *why)
{
	(void)of;
	(void)id;
	(void)why;
	return 0;
}

void seat_publish(struct seat *seat)
{
	assert_true(seat->row.class_id && seat->row.id);
	core.told++;
}

/* ---- a class, and the way back -------------------------------------------------------------- */

static void class_begin(void)
{
	static struct seat seats[SEATS];
	static const char *const names[SEATS] = { "青木　健", "", "", "Sakura" };

	core.class = (struct class){ .state = CLASS_OPEN, .seat = seats, .seats = SEATS };
	core.class.row = (struct class_row){ .name = (char *)"c",
					     .course = (char *)"linux-intro",
					     .version = (char *)"1",
					     .digest = (char *)"",
					     .code = (char *)"HOSHI-742",
					     .state = (char *)"open",
					     .opened_at = 1 };
	ok(classes_add(core.store, &core.class.row, &core.class.row.id, &err));
	for (unsigned i = 0; i < SEATS; i++) {
		seats[i] = (struct seat){ .class = &core.class };
		seats[i].row = (struct seat_row){ .class_id = core.class.row.id,
						  .number = i + 1,
						  .name = str_copy(names[i]),
						  .lab = str_copy(""),
						  .join_hash = { (uint8_t)i } };
		ok(seats_add(core.store, &seats[i].row, &seats[i].row.id, &err));
	}
	LIST_INIT(&core.classes);
	LIST_INSERT_HEAD(&core.classes, &core.class, entry);
}

static int setup(void **state)
{
	AUTO_FREE char *path = NULL;

	(void)state;
	strcpy(directory, "/tmp/terakoya-auth-XXXXXX");
	assert_non_null(mkdtemp(directory));
	path = str_fmt("%s/terakoya.db", directory);
	core.loop = loop_new(&err);
	core.store = store_open(path, &err);
	core.told = 0;
	class_begin();
	auth = auth_new(&core, &err);
	return auth ? 0 : -1;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	auth_free(auth);
	for (unsigned i = 0; i < SEATS; i++)
		seat_row_free(&core.class.seat[i].row);
	store_close(core.store);
	loop_free(core.loop);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

/* ---- signing in ----------------------------------------------------------------------------- */

struct outcome {
	enum err_kind kind;
	char message[ERR_MESSAGE_MAX];
	int code, *left;
	struct auth_session session;
	uint64_t took_ms;
};

static void signed_in(void *context, const struct auth_session *made, const struct err *why)
{
	struct outcome *outcome = context;

	assert_true(!made != !why);
	outcome->took_ms = clock_mono_ms() - outcome->took_ms;
	if (made)
		outcome->session = *made;
	outcome->kind = why ? why->kind : ERR_NONE;
	outcome->code = why ? why->code : 0;
	snprintf(outcome->message, sizeof(outcome->message), "%s", why ? why->message : "");
	if (--*outcome->left == 0)
		loop_stop(core.loop, 0);
}

static void loop_renew(void)
{
	/* An sd-event loop that has ended does not run again. */
	auth_free(auth);
	loop_free(core.loop);
	core.loop = loop_new(&err);
	auth = auth_new(&core, &err);
	assert_non_null(auth);
}


/* ---- accounts ------------------------------------------------------------------------------- */

struct saved {
	int result;
	char made[PASSWORD_MADE];
};

static void account_done(void *context, const char *made, const struct err *why)
{
	struct saved *saved = context;

	snprintf(saved->made, sizeof(saved->made), "%s", made ? made : "");
	saved->result = why ? -1 : 0;
	if (why)
		err = *why;
	loop_stop(core.loop, 0);
}

static const struct actor mika = { .person = 77, .role = ROLE_ADMIN, .name = "Mika" };

/* account_set(), waited for. */
static int account_wanted(const struct account_wanted *wanted, char made[PASSWORD_MADE])
{
	struct saved saved = { .result = 1 };

	if (account_set(auth, &mika, wanted, account_done, &saved, &err) < 0)
		return -1;
	assert_int_equal(saved.result, 1); /* never from within */
	loop_run(core.loop);
	loop_renew();
	if (made)
		memcpy(made, saved.made, sizeof(saved.made));
	return saved.result;
}

/* The same with all of it. */
static int account_saved(const char *login, const char *name, enum role role, const char *password,
			 char made[PASSWORD_MADE])
{
	const struct account_wanted wanted = { login, name, role, password, ACCOUNT_KEEP, true, false };

	return account_wanted(&wanted, made);
}

static int password_renewed(const char *login, char made[PASSWORD_MADE])
{
	const struct account_wanted wanted = { .login = login, .organisation = ACCOUNT_KEEP, .make_password = true,
					       .there = true };

	return account_wanted(&wanted, made);
}

static void sign_in_all(const char *login, const char *password, struct outcome *outcomes,
			int count)
{
	int left = count;

	for (int i = 0; i < count; i++) {
		outcomes[i] = (struct outcome){ .left = &left, .took_ms = clock_mono_ms() };
		auth_sign_in(auth, login, password, "192.0.2.1", signed_in, &outcomes[i]);
	}
	assert_int_equal(left, count); /* never from within */
	loop_run(core.loop);
}

static void the_right_password_makes_a_session(void **state)
{
	struct outcome outcome;
	struct actor actor;
	char csrf[65];

	(void)state;
	ok(account_saved("Ken", "健", ROLE_INSTRUCTOR, "correct horse", NULL));
	sign_in_all("KEN", "correct horse", &outcome, 1);
	assert_int_equal(outcome.kind, ERR_NONE);
	assert_int_equal(strlen(outcome.session.token), 64);
	ok(auth_session(auth, outcome.session.token, &actor, csrf, &err));
	assert_string_equal(csrf, outcome.session.csrf);
	assert_int_equal(actor.role, ROLE_INSTRUCTOR);
	assert_string_equal(actor.name, "健");
	auth_sign_out(auth, outcome.session.token);
	refused(ERR_UNAUTHENTICATED, auth_session(auth, outcome.session.token, &actor, NULL, &err));
	refused(ERR_UNAUTHENTICATED, auth_session(auth, "", &actor, NULL, &err));
	refused(ERR_UNAUTHENTICATED, auth_session(auth, NULL, &actor, NULL, &err));
}

static void a_session_holds_while_its_last_use_cannot_be_written_down(void **state)
{
	int64_t now = clock_real_ms();
	struct outcome outcome;
	struct actor actor;
	uint8_t hash[32];

	(void)state;
	ok(account_saved("Ken", "健", ROLE_INSTRUCTOR, "correct horse", NULL));
	sign_in_all("ken", "correct horse", &outcome, 1);
	crypto_hash_sha256(hash, (const uint8_t *)outcome.session.token, AUTH_TOKEN_CHARS);
	ok(sessions_touch(core.store, hash, now - 3600 * 1000, now + 3600 * 1000, &err));
	/* As on a disk that is full: everything can be read, nothing written. */
	assert_int_equal(sqlite3_exec(core.store->db, "PRAGMA query_only = 1", NULL, NULL, NULL), SQLITE_OK);
	ok(auth_session(auth, outcome.session.token, &actor, NULL, &err));
	assert_int_equal(actor.role, ROLE_INSTRUCTOR);
	assert_int_equal(sqlite3_exec(core.store->db, "PRAGMA query_only = 0", NULL, NULL, NULL), SQLITE_OK);
}

static void nobody_learns_which_logins_exist(void **state)
{
	struct outcome known, unknown;

	(void)state;
	ok(account_saved("ken", "健", ROLE_ADMIN, "correct horse", NULL));
	sign_in_all("ken", "wrong", &known, 1);
	loop_renew();
	sign_in_all("nobody", "wrong", &unknown, 1);
	assert_int_equal(known.kind, ERR_UNAUTHENTICATED);
	assert_int_equal(unknown.kind, ERR_UNAUTHENTICATED);
	assert_string_equal(known.message, unknown.message);
	/* Both hash: a shortcut would take well under a millisecond. */
	assert_true(known.took_ms > 5 && unknown.took_ms > 5);
}

static void tries_at_the_same_time_are_all_counted(void **state)
{
	struct outcome outcomes[8];
	int throttled = 0;

	(void)state;
	sign_in_all("ken", "wrong", outcomes, 8);
	for (int i = 0; i < 8; i++)
		throttled += outcomes[i].kind == ERR_THROTTLED && outcomes[i].code >= 1;
	assert_int_equal(throttled, 3);
}

static void the_queue_of_sign_ins_is_bounded(void **state)
{
	struct outcome outcomes[40];
	int left = 40, hashed = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		AUTO_FREE char *login = str_fmt("user%d", i), *address = str_fmt("192.0.2.%d", i);
		outcomes[i] = (struct outcome){ .left = &left };
		auth_sign_in(auth, login, "wrong", address, signed_in, &outcomes[i]);
	}
	loop_run(core.loop);
	for (int i = 0; i < 40; i++)
		hashed += outcomes[i].kind == ERR_UNAUTHENTICATED;
	assert_int_equal(hashed, 32);
	assert_int_equal(outcomes[39].kind, ERR_THROTTLED);
}

static void a_made_password_works_and_a_new_one_ends_sessions(void **state)
{
	struct outcome outcome;
	struct actor actor;
	char made[25];
	struct audit_chain chain;

	(void)state;
	ok(account_saved("ken", "健", ROLE_INSTRUCTOR, NULL, made));
	assert_int_equal(strlen(made), 23);
	sign_in_all("ken", made, &outcome, 1);
	assert_int_equal(outcome.kind, ERR_NONE);
	ok(account_saved("ken", "Ken", ROLE_ADMIN, "correct horse", made));
	refused(ERR_UNAUTHENTICATED, auth_session(auth, outcome.session.token, &actor, NULL, &err));
	refused(ERR_INVALID, account_saved("ken", "健", ROLE_ADMIN, "short", made));
	refused(ERR_INVALID, account_saved("k n", "健", ROLE_ADMIN, NULL, made));
	refused(ERR_INVALID, account_saved("ken", "健", ROLES, NULL, made));
	ok(audit_verify(core.store, &chain, &err));
	assert_int_equal(chain.rows, 4); /* made, signed in, changed, and its password */
}

static void what_is_not_named_stays_as_it_is(void **state)
{
	struct outcome outcome;
	struct actor actor;
	char made[PASSWORD_MADE];

	(void)state;
	ok(account_wanted(&(struct account_wanted){ .login = "ken", .organisation = ACCOUNT_KEEP }, made));
	sign_in_all("ken", made, &outcome, 1);
	assert_int_equal(outcome.session.actor.role, ROLE_INSTRUCTOR);
	assert_string_equal(outcome.session.actor.name, "ken");
	ok(account_wanted(&(struct account_wanted){ .login = "ken", .name = "健", .organisation = ACCOUNT_KEEP }, made));
	assert_string_equal(made, "");
	ok(account_wanted(&(struct account_wanted){ .login = "ken", .role = ROLE_ADMIN, .organisation = ACCOUNT_KEEP }, made));
	assert_string_equal(made, "");
	ok(auth_session(auth, outcome.session.token, &actor, NULL, &err));
	assert_int_equal(actor.role, ROLE_ADMIN);
	assert_string_equal(actor.name, "健");
	ok(password_renewed("ken", made));
	refused(ERR_UNAUTHENTICATED, auth_session(auth, outcome.session.token, &actor, NULL, &err));
	sign_in_all("ken", made, &outcome, 1);
	assert_int_equal(outcome.session.actor.role, ROLE_ADMIN);
}

static void a_password_for_nobody_is_refused(void **state)
{
	struct outcome outcome;
	char made[PASSWORD_MADE];

	(void)state;
	refused(ERR_NOT_FOUND, password_renewed("ken", made));
	ok(account_saved("ken", "健", ROLE_ADMIN, NULL, NULL));
	ok(password_renewed("ken", made));
	sign_in_all("ken", made, &outcome, 1);
	assert_int_equal(outcome.kind, ERR_NONE);
	assert_int_equal(outcome.session.actor.role, ROLE_ADMIN);
	assert_string_equal(outcome.session.actor.name, "健");
}

static json_t *account_view(const char *login)
{
	json_t *list = account_list(auth, &err), *view, *found = NULL;
	size_t i;

	assert_non_null(list);
	json_array_foreach(list, i, view)
		if (str_equal(json_string_value(json_object_get(view, "login")), login))
			found = json_incref(view);
	json_decref(list);
	return found;
}

static void sessions_are_listed_and_ended_one_by_one(void **state)
{
	struct outcome outcomes[3];
	struct actor actor;
	int64_t ended;

	(void)state;
	ok(account_saved("ken", "健", ROLE_INSTRUCTOR, "correct horse", NULL));
	sign_in_all("ken", "correct horse", outcomes, 3);
	json_t *sessions = account_sessions(auth, "ken", outcomes[1].session.token, &err), *one;
	const char *other = NULL;
	size_t i, current = 0;
	assert_int_equal(json_array_size(sessions), 3);
	json_array_foreach(sessions, i, one) {
		current += json_is_true(json_object_get(one, "current"));
		if (!json_is_true(json_object_get(one, "current")))
			other = json_string_value(json_object_get(one, "id"));
	}
	assert_int_equal(current, 1);
	ok(account_sign_out(auth, &mika, "ken", other, &ended, &err));
	assert_int_equal(ended, 1);
	refused(ERR_NOT_FOUND, account_sign_out(auth, &mika, "ken", other, &ended, &err));
	refused(ERR_NOT_FOUND, account_sign_out(auth, &mika, "ken", "", &ended, &err));
	json_decref(sessions);
	ok(auth_session(auth, outcomes[1].session.token, &actor, NULL, &err));
	ok(account_sign_out(auth, &mika, "ken", NULL, &ended, &err));
	assert_int_equal(ended, 2);
	refused(ERR_UNAUTHENTICATED,
		auth_session(auth, outcomes[1].session.token, &actor, NULL, &err));
	refused(ERR_NOT_FOUND, account_sign_out(auth, &mika, "eve", NULL, &ended, &err));
}

static void a_removed_account_is_out_and_its_classes_are_anybodys(void **state)
{
	struct person ken = { 0 };
	struct outcome outcome;
	struct actor actor;

	(void)state;
	ok(account_saved("ken", "健", ROLE_INSTRUCTOR, "correct horse", NULL));
	ok(people_by_login(core.store, "ken", &ken, &err));
	core.class.row.instructor = ken.id;
	sign_in_all("ken", "correct horse", &outcome, 1);
	json_t *view = account_view("ken");
	assert_int_equal(json_integer_value(json_object_get(view, "sessions")), 1);
	assert_int_equal(json_integer_value(json_object_get(view, "classes")), 1);
	json_decref(view);
	const struct actor himself = { .person = ken.id, .role = ROLE_ADMIN };
	refused(ERR_CONFLICT, account_remove(auth, &himself, "ken", &err));
	ok(account_remove(auth, &mika, "Ken", &err));
	refused(ERR_UNAUTHENTICATED, auth_session(auth, outcome.session.token, &actor, NULL, &err));
	refused(ERR_NOT_FOUND, account_remove(auth, &mika, "ken", &err));
	assert_int_equal(core.class.row.instructor, 0);
	assert_null(account_view("ken"));
	person_free(&ken);
}

/* ---- joining -------------------------------------------------------------------------------- */

static int join(const char *code, const char *name)
{
	return auth_join_code(auth, code, name, "ja", "192.0.2.1", &session, &err);
}

static void a_roster_name_gets_its_seat_and_another_the_first_free_one(void **state)
{
	struct actor actor;

	(void)state;
	ok(join("hoshi 742", "Aoi"));
	assert_ptr_equal(core_seat(&core, session.actor.seat), &core.class.seat[1]);
	assert_string_equal(core.class.seat[1].row.name, "Aoi");
	ok(join("ほし７４２", "　青木 健 "));
	assert_int_equal(session.actor.seat, core.class.seat[0].row.id);
	ok(auth_session(auth, session.token, &actor, NULL, &err));
	assert_int_equal(actor.role, ROLE_STUDENT);
	assert_int_equal(actor.seat, core.class.seat[0].row.id);
	assert_string_equal(actor.name, "青木　健"); /* as the roster writes it */
	assert_int_equal(core.told, 2);
}

static void a_lost_cookie_comes_back_to_the_same_seat_and_person(void **state)
{
	(void)state;
	ok(join("HOSHI-742", "Aoi"));
	int64_t seat = session.actor.seat, person = session.actor.person;
	ok(join("HOSHI-742", "aoi"));
	assert_int_equal(session.actor.seat, seat);
	assert_int_equal(session.actor.person, person);
}

static void a_full_class_says_what_to_do(void **state)
{
	(void)state;
	ok(join("HOSHI-742", "Aoi"));
	ok(join("HOSHI-742", "Ren"));
	refused(ERR_CONFLICT, join("HOSHI-742", "Yui"));
	assert_non_null(strstr(err.message, "Yui"));
	ok(join("HOSHI-742", "SAKURA")); /* the roster's seat waited */
}

static void only_a_class_that_runs_is_joined(void **state)
{
	(void)state;
	core.class.state = CLASS_DRAFT;
	refused(ERR_CONFLICT, join("HOSHI-742", "Aoi"));
	core.class.state = CLASS_CLOSING;
	refused(ERR_CONFLICT, join("HOSHI-742", "Aoi"));
	core.class.state = CLASS_PREPARING;
	ok(join("HOSHI-742", "Aoi"));
}

static void wrong_codes_are_throttled_by_address(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		refused(ERR_NOT_FOUND, join(i % 2 ? "HOSHI-743" : "nonsense", "Aoi"));
	refused(ERR_THROTTLED, join("HOSHI-742", "Aoi"));
	assert_int_equal(err.code, 1);
	ok(auth_join_code(auth, "HOSHI-742", "Aoi", "en", "192.0.2.2", &session, &err));
}

static void a_link_leads_to_its_seat(void **state)
{
	char token[65];
	struct seat *seat = &core.class.seat[2];

	(void)state;
	memset(token, 'a', 64);
	token[64] = 0;
	crypto_hash_sha256(seat->row.join_hash, (const unsigned char *)token, 64);
	refused(ERR_INVALID, auth_join_token(auth, token, "", "ja", NULL, &session, &err));
	refused(ERR_CONFLICT, auth_join_token(auth, token, "sakura", "ja", NULL, &session, &err));
	ok(auth_join_token(auth, token, "Mio", "ja", NULL, &session, &err));
	assert_int_equal(session.actor.seat, seat->row.id);
	ok(auth_join_token(auth, token, NULL, "ja", NULL, &session, &err)); /* again, no name */
	assert_string_equal(session.actor.name, "Mio");
	token[0] = 'b';
	refused(ERR_NOT_FOUND, auth_join_token(auth, token, "Mio", "ja", NULL, &session, &err));
	refused(ERR_INVALID, auth_join_token(auth, token, "Mio", "fr", NULL, &session, &err));
}

static void a_join_that_cannot_be_stored_changes_nothing(void **state)
{
	(void)state;
	core.class.seat[1].row.id += 1000; /* a seat that the database does not have */
	refused(ERR_NOT_FOUND, join("HOSHI-742", "Aoi"));
	core.class.seat[1].row.id -= 1000;
	assert_string_equal(core.class.seat[1].row.name, "");
	int64_t students;
	ok(people_count(core.store, ROLE_STUDENT, &students, &err));
	assert_int_equal(students, 0);
	assert_int_equal(core.told, 0);
}

/* ---- names and passwords -------------------------------------------------------------------- */

static void names_are_cleaned_or_refused(void **state)
{
	char name[NAME_BYTES], sixty[4 * 61 + 1] = "";

	(void)state;
	ok(name_clean("  山田\xe3\x80\x80\xe3\x80\x80太郎\xc2\xa0", name, &err));
	assert_string_equal(name, "山田 太郎");
	for (int i = 0; i < 60; i++)
		strcat(sixty, "😀");
	ok(name_clean(sixty, name, &err));
	assert_string_equal(name, sixty);
	strcat(sixty, "a");
	refused(ERR_INVALID, name_clean(sixty, name, &err));
	refused(ERR_INVALID, name_clean("", name, &err));
	refused(ERR_INVALID, name_clean(" \xe3\x80\x80 ", name, &err));
	refused(ERR_INVALID, name_clean("a\tb", name, &err));
	refused(ERR_INVALID, name_clean("a\xe2\x80\xae"
					"b",
					name, &err)); /* right-to-left override */
	refused(ERR_INVALID, name_clean("a\xe2\x80\x8b", name, &err));     /* zero-width space */
	refused(ERR_INVALID, name_clean("\xef\xbb\xbf" "a", name, &err));
	refused(ERR_INVALID, name_clean("\xff", name, &err));
	refused(ERR_INVALID, name_clean(NULL, name, &err));
}

static void passwords_are_argon2id_and_never_the_same_twice(void **state)
{
	char one[PASSWORD_HASH], two[PASSWORD_HASH], made[PASSWORD_MADE], other[PASSWORD_MADE];

	(void)state;
	ok(password_hash("correct horse", one, &err));
	ok(password_hash("correct horse", two, &err));
	assert_true(str_starts(one, "$argon2id$"));
	assert_string_not_equal(one, two);
	assert_true(password_fits(one, "correct horse"));
	assert_false(password_fits(one, "correct horsf"));
	assert_false(password_fits("garbage", "correct horse"));
	password_make(made);
	password_make(other);
	assert_string_not_equal(made, other);
	ok(password_acceptable(made, &err));
	refused(ERR_INVALID, password_acceptable("九文字九文字九文字", &err));
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_right_password_makes_a_session),
		test(a_session_holds_while_its_last_use_cannot_be_written_down),
		test(nobody_learns_which_logins_exist),
		test(tries_at_the_same_time_are_all_counted),
		test(the_queue_of_sign_ins_is_bounded),
		test(a_made_password_works_and_a_new_one_ends_sessions),
		test(what_is_not_named_stays_as_it_is),
		test(a_password_for_nobody_is_refused),
		test(sessions_are_listed_and_ended_one_by_one),
		test(a_removed_account_is_out_and_its_classes_are_anybodys),
		test(a_roster_name_gets_its_seat_and_another_the_first_free_one),
		test(a_lost_cookie_comes_back_to_the_same_seat_and_person),
		test(a_full_class_says_what_to_do),
		test(only_a_class_that_runs_is_joined),
		test(wrong_codes_are_throttled_by_address),
		test(a_link_leads_to_its_seat),
		test(a_join_that_cannot_be_stored_changes_nothing),
		cmocka_unit_test(names_are_cleaned_or_refused),
		cmocka_unit_test(passwords_are_argon2id_and_never_the_same_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
