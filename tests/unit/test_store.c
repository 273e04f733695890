/* The store on a real database in a directory of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/classes.h"
#include "store/people.h"
#include "store/progress.h"
#include "store/proofs.h"
#include "store/query.h"
#include "store/schema.h"
#include "store/store.h"
#include "store_fixture.h"

static void reopen(void)
{
	store_close(store);
	store = store_open(path, &err);
	if (!store)
		fail_msg("%s", err.message);
}

static int64_t class_made(const char *code, const char *state)
{
	const struct class_row row = { .name = (char *)"Linux, 9 June",
				       .course = (char *)"linux-intro",
				       .version = (char *)"1.0.0",
				       .digest = (char *)"d",
				       .code = (char *)code,
				       .secret = { 1, 2, 3 },
				       .state = (char *)state,
				       .created_at = 1 };
	int64_t id;

	ok(classes_add(store, &row, &id, &err));
	return id;
}

static int64_t seat_made(int64_t class_id, unsigned number, const char *name)
{
	const struct seat_row row = { .class_id = class_id,
				      .number = number,
				      .name = (char *)name };
	int64_t id;

	ok(seats_add(store, &row, &id, &err));
	return id;
}

static int64_t person_made(const char *login, enum role role)
{
	const struct person person = { .login = (char *)login,
				       .name = (char *)"青木 健",
				       .language = (char *)"ja",
				       .role = role,
				       .created_at = 5 };
	int64_t id;

	ok(people_add(store, &person, &id, &err));
	return id;
}

/* ---- proofs --------------------------------------------------------------------------------- */

static void proof_made(const char *digest, bool whole, bool passed, int64_t at)
{
	const struct proof_row row = { .course = (char *)"hello", .version = (char *)"1.0.0",
				       .digest = (char *)digest, .at = at, .took_ms = 1000,
				       .seeds = 2, .seats = 3, .whole = whole, .passed = passed,
				       .report = (char *)"{}" };
	int64_t id;

	ok(proofs_add(store, &row, &id, &err));
}

static void only_a_whole_run_that_passed_proves_a_digest(void **state)
{
	int64_t at = -1;

	(void)state;
	ok(proofs_passed(store, "aa", &at, &err));
	assert_int_equal(at, 0);
	proof_made("aa", true, false, 5);
	proof_made("aa", false, true, 6);
	ok(proofs_passed(store, "aa", &at, &err));
	assert_int_equal(at, 0);
	proof_made("aa", true, true, 7);
	proof_made("aa", true, false, 8);
	ok(proofs_passed(store, "aa", &at, &err));
	assert_int_equal(at, 7);
	ok(proofs_passed(store, "bb", &at, &err));
	assert_int_equal(at, 0);
}

static void the_newest_run_of_a_course_is_found(void **state)
{
	struct proof_row row = { 0 };

	(void)state;
	refused(ERR_NOT_FOUND, proofs_newest(store, "hello", NULL, &row, &err));
	proof_made("aa", true, true, 5);
	proof_made("bb", true, false, 6);
	refused(ERR_NOT_FOUND, proofs_newest(store, "hello", "9.9.9", &row, &err));
	ok(proofs_newest(store, "hello", NULL, &row, &err));
	assert_string_equal(row.digest, "bb");
	assert_int_equal(row.seeds, 2);
	assert_int_equal(row.seats, 3);
	assert_false(row.passed);
	assert_true(row.whole);
	proof_row_free(&row);
}

/* ---- opening and migrating ------------------------------------------------------------------ */

static void a_new_database_is_private_and_keeps_its_instance(void **state)
{
	struct stat status;
	char first[33];

	(void)state;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	snprintf(first, sizeof(first), "%s", store_instance(store));
	assert_int_equal(strspn(first, "0123456789abcdef"), 32);
	reopen();
	assert_string_equal(store_instance(store), first);
}

static int64_t number_of(const char *sql)
{
	int64_t number = -1;
	AUTO(query) struct query q = query_of(store, NULL, sql, "");

	if (query_next(&q) > 0)
		query_read(&q, "i", &number);
	return number;
}

static void the_connection_is_durable_and_strict(void **state)
{
	(void)state;
	assert_int_equal(number_of("SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	assert_int_equal(number_of("PRAGMA synchronous"), 2);
	assert_int_equal(number_of("PRAGMA foreign_keys"), 1);
	assert_int_equal(number_of("PRAGMA trusted_schema"), 0);
	assert_int_equal(number_of("SELECT count(*) FROM pragma_table_list WHERE NOT strict"
				   " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"),
			 0);
}

/* The real schema and up to two steps more, as a later version of the program has them. */
static struct schema schema_and(const char *step, const char *another)
{
	static const char *steps[64];
	size_t count = schema_current.steps;

	assert_true(count + 2 <= ARRAY_SIZE(steps));
	memcpy(steps, schema_current.step, count * sizeof(*steps));
	steps[count++] = step;
	if (another)
		steps[count++] = another;
	return (struct schema){ steps, count };
}

static const char kite_step[] =
	"CREATE TABLE kite (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"
	"INSERT INTO kite (name) SELECT 'from ' || name FROM class;";

static void a_step_keeps_the_rows_that_are_there(void **state)
{
	const struct schema newer = schema_and(kite_step, NULL);

	(void)state;
	class_made("HOSHI-742", "draft");
	store_close(store);
	store = store_open_schema(path, &newer, &err);
	assert_non_null(store);
	assert_int_equal(number_of("SELECT count(*) FROM kite"), 1);
	assert_int_equal(number_of("PRAGMA user_version"), newer.steps);
	assert_int_equal(number_of("PRAGMA foreign_keys"), 1);
}

static void a_step_that_fails_leaves_the_version_before(void **state)
{
	const struct schema broken = schema_and(
		kite_step,
		"ALTER TABLE kite ADD COLUMN short TEXT; INSERT INTO nowhere VALUES (1);");
	AUTO_FREE char *stays = str_fmt("stays at version %zu", broken.steps - 1);

	(void)state;
	store_close(store);
	store = store_open_schema(path, &broken, &err);
	assert_null(store);
	assert_non_null(strstr(err.message, stays));
	const struct schema newer = schema_and(kite_step, NULL);
	store = store_open_schema(path, &newer, &err);
	assert_non_null(store);
	assert_int_equal(number_of("SELECT count(*) FROM pragma_table_info('kite')"
				   " WHERE name = 'short'"),
			 0);
}

static void a_step_that_orphans_rows_is_undone(void **state)
{
	const struct schema careless = schema_and("DELETE FROM class;", NULL);

	(void)state;
	seat_made(class_made("A-1", "draft"), 1, "");
	store_close(store);
	store = store_open_schema(path, &careless, &err);
	assert_null(store);
	assert_non_null(strstr(err.message, "belong"));
	reopen();
	assert_int_equal(number_of("SELECT count(*) FROM class"), 1);
}

static void a_newer_database_is_refused_and_not_touched(void **state)
{
	const struct schema newer = schema_and(kite_step, NULL);

	(void)state;
	store_close(store);
	store = store_open_schema(path, &newer, &err);
	store_close(store);
	store = store_open(path, &err);
	assert_null(store);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.message, "newer version"));
	store = store_open_schema(path, &newer, &err);
	assert_non_null(store);
}

static void file_filled(const char *name, const void *bytes, size_t length)
{
	AUTO_FILE FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
}

static void garbage_is_refused_with_the_remedy(void **state)
{
	char garbage[96], bytes[8192];

	(void)state;
	snprintf(garbage, sizeof(garbage), "%s/garbage.db", directory);
	memset(bytes, 'x', sizeof(bytes));
	file_filled(garbage, bytes, sizeof(bytes));
	err = (struct err)ERR_INIT;
	assert_null(store_open(garbage, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_non_null(strstr(err.message, garbage));
	assert_non_null(strstr(err.message, "backup"));
}

static void a_foreign_database_is_refused(void **state)
{
	char other[96];
	sqlite3 *db;

	(void)state;
	snprintf(other, sizeof(other), "%s/other.db", directory);
	sqlite3_open(other, &db);
	sqlite3_exec(db, "CREATE TABLE cookies (a)", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_null(store_open(other, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.message, "another program"));
}

/* Overwrites the middle of every page but the first few, as a dying disk would. */
static void damage(void)
{
	int fd = open(path, O_RDWR);
	struct stat status;
	char noise[512];

	memset(noise, 0xa5, sizeof(noise));
	assert_int_equal(fstat(fd, &status), 0);
	for (off_t at = 4096; at + 4096 <= status.st_size; at += 4096)
		assert_int_equal(pwrite(fd, noise, sizeof(noise), at), sizeof(noise));
	close(fd);
}

static void a_damaged_database_is_found_on_open(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		person_made(NULL, ROLE_STUDENT);
	store_close(store);
	store = NULL;
	damage();
	assert_null(store_open(path, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_non_null(strstr(err.message, "damaged"));
}

static void a_missing_directory_is_named(void **state)
{
	(void)state;
	assert_null(store_open("/nonexistent/terakoya.db", &err));
	assert_non_null(strstr(err.message, "/nonexistent/terakoya.db"));
}

/* ---- transactions and errors ---------------------------------------------------------------- */

static void an_inner_rollback_makes_the_outermost_fail(void **state)
{
	(void)state;
	ok(store_begin(store, &err));
	ok(store_set_setting(store, "a", "1", &err));
	ok(store_begin(store, &err));
	store_rollback(store);
	refused(ERR_INTERNAL, store_set_setting(store, "b", "1", &err));
	refused(ERR_INTERNAL, store_commit(store, &err));
	assert_null(store_setting(store, "a"));
	ok(store_set_setting(store, "a", "2", &err)); /* and life goes on */
	AUTO_FREE char *value = store_setting(store, "a");
	assert_string_equal(value, "2");
}

static void nested_transactions_commit_once(void **state)
{
	(void)state;
	ok(store_begin(store, &err));
	ok(store_begin(store, &err));
	ok(store_set_setting(store, "deep", "1", &err));
	ok(store_commit(store, &err));
	assert_false(sqlite3_get_autocommit(store->db));
	ok(store_commit(store, &err));
	assert_true(sqlite3_get_autocommit(store->db));
	reopen();
	AUTO_FREE char *value = store_setting(store, "deep");
	assert_string_equal(value, "1");
}

static void a_query_inside_the_same_query_works(void **state)
{
	static const char sql[] = "SELECT id FROM person ORDER BY id";
	int64_t id, seen = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		person_made(NULL, ROLE_STUDENT);
	AUTO(query) struct query outer = query_of(store, &err, sql, "");
	while (query_next(&outer) > 0) {
		AUTO(query) struct query inner = query_of(store, &err, sql, "");
		for (; query_next(&inner) > 0; seen++)
			query_read(&inner, "i", &id);
	}
	assert_int_equal(seen, 9);
}

static void a_locked_database_is_told_as_unavailable(void **state)
{
	sqlite3 *other;

	(void)state;
	sqlite3_busy_timeout(store->db, 50);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	refused(ERR_UNAVAILABLE, store_set_setting(store, "a", "1", &err));
	assert_non_null(strstr(err.message, path));
	sqlite3_close(other);
	ok(store_set_setting(store, "a", "1", &err));
}

static int fill(const char *text)
{
	int result = 0;

	if (store_begin(store, &err) < 0)
		return -1;
	for (int i = 0; i < 500 && result == 0; i++) {
		AUTO_FREE char *key = str_fmt("key-%d", i);
		result = store_set_setting(store, key, text, &err);
	}
	return store_end(store, result, &err);
}

/* The limit is SQLite's own, so the error comes in the middle of the transaction. */
static void a_full_database_writes_nothing_half(void **state)
{
	char text[4000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(number_of("PRAGMA max_page_count = 100"), 100);
	refused(ERR_CAPACITY, fill(text));
	assert_non_null(strstr(err.message, path));
	assert_int_equal(number_of("SELECT count(*) FROM setting"), 1);
	assert_true(number_of("PRAGMA max_page_count = 100000") > 0);
	ok(fill(text));
}

/* The limit is the system's, so that the error comes from write(2) on the journal. */
static void a_file_at_its_limit_writes_nothing_half(void **state)
{
	struct rlimit before, low = { 256 * 1024, RLIM_INFINITY };
	char text[4000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &low);
	refused(ERR_CAPACITY, fill(text));
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(number_of("SELECT count(*) FROM setting"), 1);
	ok(fill(text));
	reopen();
	assert_int_equal(number_of("SELECT count(*) FROM setting"), 501);
}

/* ---- people --------------------------------------------------------------------------------- */

static void a_person_is_found_by_login_in_any_case(void **state)
{
	int64_t id = person_made("ken", ROLE_INSTRUCTOR), count;
	struct person person;

	(void)state;
	ok(people_set_password(store, id, "$argon2id$x", &err));
	ok(people_by_login(store, "KEN", &person, &err));
	assert_int_equal(person.id, id);
	assert_string_equal(person.name, "青木 健");
	assert_int_equal(person.role, ROLE_INSTRUCTOR);
	assert_string_equal(person.password, "$argon2id$x");
	person_free(&person);
	ok(people_count(store, ROLE_INSTRUCTOR, &count, &err));
	assert_int_equal(count, 1);
	refused(ERR_NOT_FOUND, people_by_login(store, "nobody", &person, &err));
	refused(ERR_NOT_FOUND, people_set_language(store, 999, "en", &err));
	refused(ERR_INVALID, people_set_language(store, id, "fr", &err));
}

static void a_taken_login_is_a_conflict(void **state)
{
	const struct person twin = { .login = (char *)"Ken",
				     .name = (char *)"x",
				     .language = (char *)"en",
				     .role = ROLE_ADMIN };
	int64_t id;

	(void)state;
	person_made("ken", ROLE_INSTRUCTOR);
	refused(ERR_CONFLICT, people_add(store, &twin, &id, &err));
	assert_non_null(strstr(err.message, "Ken"));
}

static void sessions_end_with_their_person_and_in_time(void **state)
{
	int64_t id = person_made("ken", ROLE_INSTRUCTOR);
	struct session first = { .id_hash = { 1 }, .csrf = { 9 }, .person = id, .expires_at = 100 };
	struct session second = { .id_hash = { 2 }, .person = id, .expires_at = 200 }, read;

	(void)state;
	ok(sessions_add(store, &first, &err));
	ok(sessions_add(store, &second, &err));
	ok(sessions_get(store, first.id_hash, &read, &err));
	assert_memory_equal(read.csrf, first.csrf, 32);
	assert_int_equal(read.seat, 0);
	ok(sessions_touch(store, first.id_hash, 50, 150, &err));
	ok(sessions_expire(store, 150, &err));
	refused(ERR_NOT_FOUND, sessions_get(store, first.id_hash, &read, &err));
	ok(people_remove(store, id, &err));
	refused(ERR_NOT_FOUND, sessions_get(store, second.id_hash, &read, &err));
}

/* ---- classes -------------------------------------------------------------------------------- */

static void a_class_goes_with_all_below_it(void **state)
{
	int64_t class_id = class_made("HOSHI-742", "open"), seat = seat_made(class_id, 1, "");
	int64_t student = person_made(NULL, ROLE_STUDENT), id;
	struct seat_row row = { .id = seat, .number = 1, .name = (char *)"健", .person = student };
	const struct machine_row machine = { .seat_id = seat,
					     .name = (char *)"desk",
					     .uuid = "u",
					     .state = (char *)"ready" };

	(void)state;
	person_made("ken", ROLE_INSTRUCTOR);
	ok(seats_update(store, &row, &err));
	ok(machines_add(store, &machine, &id, &err));
	ok(labs_open(store, seat, "files", true, &err));
	ok(classes_remove(store, class_id, &err));
	assert_int_equal(
		number_of("SELECT (SELECT count(*) FROM seat) + (SELECT count(*) FROM machine)"
			  " + (SELECT count(*) FROM lab_opened)"),
		0);
	assert_int_equal(number_of("SELECT count(*) FROM person"), 1);
	refused(ERR_NOT_FOUND, classes_remove(store, class_id, &err));
	assert_true(class_made("HOSHI-742", "draft") > class_id); /* ids do not come back */
}

static void a_code_is_unique_among_classes_that_are_not_closed(void **state)
{
	struct class_row *rows, twin = { .name = (char *)"b",
					 .course = (char *)"c",
					 .version = (char *)"1",
					 .digest = (char *)"",
					 .code = (char *)"HOSHI-742",
					 .state = (char *)"draft" };
	size_t count;
	int64_t id;

	(void)state;
	class_made("HOSHI-742", "closed");
	class_made("HOSHI-742", "open");
	refused(ERR_CONFLICT, classes_add(store, &twin, &id, &err));
	ok(classes_list(store, false, &rows, &count, &err));
	assert_int_equal(count, 1);
	rows[0].launched_at = 77;
	ok(classes_update(store, &rows[0], &err));
	class_row_free(&rows[0]);
	free(rows);
	ok(classes_list(store, true, &rows, &count, &err));
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].launched_at, 77); /* the newest first */
	assert_int_equal(rows[0].secret[2], 3);
	for (size_t i = 0; i < count; i++)
		class_row_free(&rows[i]);
	free(rows);
}

static void seats_of_a_class_differ_in_number_and_name(void **state)
{
	int64_t class_id = class_made("A-1", "open"), id;
	struct seat_row row = { .class_id = class_id, .number = 2, .name = (char *)"健" }, *rows;
	size_t count;

	(void)state;
	seat_made(class_id, 1, "健");
	refused(ERR_CONFLICT, seats_add(store, &row, &id, &err));
	row.name = (char *)"";
	ok(seats_add(store, &row, &id, &err));
	seat_made(class_id, 3, "");
	row.number = 3;
	refused(ERR_CONFLICT, seats_add(store, &row, &id, &err));
	row.class_id = 999;
	refused(ERR_CONFLICT, seats_add(store, &row, &id, &err));
	ok(seats_list(store, class_id, &rows, &count, &err));
	assert_int_equal(count, 3);
	assert_string_equal(rows[0].name, "健");
	assert_int_equal(rows[2].number, 3);
	for (size_t i = 0; i < count; i++)
		seat_row_free(&rows[i]);
	free(rows);
}

static void a_machine_is_written_and_read_back(void **state)
{
	int64_t class_id = class_made("A-1", "open"), seat = seat_made(class_id, 1, ""), id;
	struct machine_row row = { .seat_id = seat,
				   .name = (char *)"desk",
				   .generation = 1,
				   .uuid = "6f8f57715090da2632453988d9a1501b0000",
				   .state = (char *)"cloning" },
			   *rows;
	size_t count;

	(void)state;
	ok(machines_add(store, &row, &id, &err));
	row.id = id;
	row.generation = 2;
	row.state = (char *)"failed";
	row.reason = (char *)"no memory";
	ok(machines_update(store, &row, &err));
	ok(machines_list(store, seat, &rows, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].generation, 2);
	assert_string_equal(rows[0].uuid, row.uuid);
	assert_string_equal(rows[0].reason, "no memory");
	machine_row_free(&rows[0]);
	free(rows);
	ok(machines_remove_of_class(store, class_id, &err));
	ok(machines_list(store, seat, &rows, &count, &err));
	assert_int_equal(count, 0);
}

/* ---- progress ------------------------------------------------------------------------------- */

static int record(int64_t seat, enum attempt_trigger trigger, enum verdict verdict, int code)
{
	const struct attempt_row attempt = { .seat_id = seat,
					     .at = 10,
					     .lab = (char *)"files",
					     .task = (char *)"copy",
					     .verdict = verdict,
					     .trigger = trigger,
					     .code = code };
	const struct progress_row progress = { .seat_id = seat,
					       .lab = (char *)"files",
					       .task = (char *)"copy",
					       .done = verdict == VERDICT_PASS,
					       .points = verdict == VERDICT_PASS ? 8 : 0,
					       .last_code = code };

	return progress_record(store, &attempt, &progress, &err);
}

static void only_news_from_automatic_checks_is_written(void **state)
{
	int64_t seat = seat_made(class_made("A-1", "open"), 1, "");
	struct attempt_row *rows;
	size_t count;

	(void)state;
	ok(record(seat, TRIGGER_AUTO, VERDICT_NOT_YET, 11));
	ok(record(seat, TRIGGER_AUTO, VERDICT_NOT_YET, 11)); /* nothing new */
	ok(record(seat, TRIGGER_STUDENT, VERDICT_NOT_YET, 11));
	ok(record(seat, TRIGGER_AUTO, VERDICT_NOT_YET, 12));
	ok(record(seat, TRIGGER_AUTO, VERDICT_PASS, 0));
	ok(attempts_list(store, seat, 10, &rows, &count, &err));
	assert_int_equal(count, 4);
	assert_int_equal(rows[0].verdict, VERDICT_PASS);
	assert_int_equal(rows[0].trigger, TRIGGER_AUTO);
	assert_int_equal(rows[3].code, 11);
	for (size_t i = 0; i < count; i++)
		attempt_row_free(&rows[i]);
	free(rows);
}

static void an_attempt_without_its_progress_is_not_kept(void **state)
{
	int64_t seat = seat_made(class_made("A-1", "open"), 1, "");
	const struct attempt_row attempt = { .seat_id = seat,
					     .lab = (char *)"l",
					     .task = (char *)"t" };
	const struct progress_row progress = { .seat_id = 999,
					       .lab = (char *)"l",
					       .task = (char *)"t" };

	(void)state;
	refused(ERR_CONFLICT, progress_record(store, &attempt, &progress, &err));
	assert_int_equal(number_of("SELECT count(*) FROM attempt"), 0);
}

static void hints_are_counted_once(void **state)
{
	int64_t seat = seat_made(class_made("A-1", "open"), 1, "");
	struct progress_row *rows;
	size_t count;

	(void)state;
	ok(hints_add(store, seat, "files", "copy", 0, 2, 1000, &err));
	ok(hints_add(store, seat, "files", "copy", 0, 2, 2000, &err));
	ok(hints_add(store, seat, "files", "copy", 1, 3, 3000, &err));
	ok(progress_list(store, seat, &rows, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].hints, 2);
	assert_int_equal(rows[0].first_at, 1000);
	progress_row_free(&rows[0]);
	free(rows);
}

static void a_reset_keeps_when_a_lab_was_opened(void **state)
{
	int64_t seat = seat_made(class_made("A-1", "open"), 1, ""), at, again;
	bool set_up;

	(void)state;
	ok(labs_opened(store, seat, "files", &at, &set_up, &err));
	assert_int_equal(at, 0);
	ok(labs_open(store, seat, "files", true, &err));
	ok(labs_opened(store, seat, "files", &at, &set_up, &err));
	assert_true(at > 0 && set_up);
	ok(labs_reset(store, seat, &err));
	ok(labs_opened(store, seat, "files", &again, &set_up, &err));
	assert_true(again == at && !set_up);
}

/* The child acknowledges each attempt on a pipe as soon as the store has, until it is killed. */
static void record_without_end(int64_t seat, int acknowledge)
{
	struct store *mine = store_open(path, &err);

	for (int64_t i = 1; mine; i++) {
		AUTO_FREE char *task = str_fmt("task-%lld", (long long)i);
		const struct attempt_row attempt = {
			.seat_id = seat, .at = i, .lab = (char *)"files", .task = task
		};
		const struct progress_row progress = {
			.seat_id = seat, .lab = (char *)"files", .task = task, .done = true
		};
		if (progress_record(mine, &attempt, &progress, &err) < 0 ||
		    write(acknowledge, &i, sizeof(i)) != sizeof(i))
			break;
	}
	_exit(1);
}

static int64_t last_acknowledged(int fd, int64_t enough, pid_t child)
{
	int64_t last = 0, next;

	while (read(fd, &next, sizeof(next)) == sizeof(next)) {
		last = next;
		if (last == enough)
			kill(child, SIGKILL);
	}
	return last;
}

static void everything_acknowledged_survives_kill_9(void **state)
{
	int64_t seat = seat_made(class_made("A-1", "open"), 1, "");
	int both[2], status;

	(void)state;
	for (int round = 1; round <= 3; round++) {
		store_close(store);
		store = NULL;
		assert_int_equal(pipe(both), 0);
		pid_t child = fork();
		if (child == 0)
			record_without_end(seat, both[1]);
		close(both[1]);
		int64_t last = last_acknowledged(both[0], 37 * round, child);
		close(both[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && last >= 37 * round);
		reopen();
		AUTO(query) struct query q = query_of(
			store, &err, "SELECT count(*) FROM progress WHERE done AND (lab, task) IN"
				     " (SELECT lab, task FROM attempt WHERE at <= ?)", "i", last);
		int64_t kept;
		assert_int_equal(query_next(&q), 1);
		query_read(&q, "i", &kept);
		assert_int_equal(kept, last);
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_new_database_is_private_and_keeps_its_instance),
		test(the_connection_is_durable_and_strict),
		test(only_a_whole_run_that_passed_proves_a_digest),
		test(the_newest_run_of_a_course_is_found),
		test(a_step_keeps_the_rows_that_are_there),
		test(a_step_that_fails_leaves_the_version_before),
		test(a_step_that_orphans_rows_is_undone),
		test(a_newer_database_is_refused_and_not_touched),
		test(garbage_is_refused_with_the_remedy),
		test(a_foreign_database_is_refused),
		test(a_damaged_database_is_found_on_open),
		test(a_missing_directory_is_named),
		test(an_inner_rollback_makes_the_outermost_fail),
		test(nested_transactions_commit_once),
		test(a_query_inside_the_same_query_works),
		test(a_locked_database_is_told_as_unavailable),
		test(a_full_database_writes_nothing_half),
		test(a_file_at_its_limit_writes_nothing_half),
		test(a_person_is_found_by_login_in_any_case),
		test(a_taken_login_is_a_conflict),
		test(sessions_end_with_their_person_and_in_time),
		test(a_class_goes_with_all_below_it),
		test(a_code_is_unique_among_classes_that_are_not_closed),
		test(seats_of_a_class_differ_in_number_and_name),
		test(a_machine_is_written_and_read_back),
		test(only_news_from_automatic_checks_is_written),
		test(an_attempt_without_its_progress_is_not_kept),
		test(hints_are_counted_once),
		test(a_reset_keeps_when_a_lab_was_opened),
		test(everything_acknowledged_survives_kill_9),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
