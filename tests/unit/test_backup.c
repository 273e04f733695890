/* Copies of the database, and the way back from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/audit.h"
#include "store/backup.h"
#include "store/people.h"
#include "store_fixture.h"

static char copy[96];

static int setup_copy(void **state)
{
	if (setup(state) < 0)
		return -1;
	snprintf(copy, sizeof(copy), "%s/backup.db", directory);
	return 0;
}

static void person_made(const char *login)
{
	const struct person person = { .login = (char *)login,
				       .name = (char *)login,
				       .language = (char *)"en",
				       .role = ROLE_INSTRUCTOR };
	int64_t id;

	ok(people_add(store, &person, &id, &err));
}

static bool person_is_in(struct store *where, const char *login)
{
	struct person person = { 0 };
	bool known = people_by_login(where, login, &person, NULL) == 0;

	person_free(&person);
	return known;
}

static void execute(const char *file, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_copy_is_a_whole_database(void **state)
{
	struct stat status;

	(void)state;
	person_made("ken");
	ok(store_copy(path, copy, false, NULL, NULL, &err)); /* while it is open */
	assert_int_equal(stat(copy, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	struct store *second = store_open(copy, &err);
	assert_non_null(second);
	assert_string_equal(store_instance(second), store_instance(store));
	assert_true(person_is_in(second, "ken"));
	store_close(second);
}

static void a_copy_takes_the_place_of_nothing_unless_told(void **state)
{
	(void)state;
	ok(store_copy(path, copy, false, NULL, NULL, &err));
	refused(ERR_CONFLICT, store_copy(path, copy, false, NULL, NULL, &err));
	ok(store_copy(path, copy, true, NULL, NULL, &err));
	refused(ERR_INVALID, store_copy(path, path, true, NULL, NULL, &err));
	refused(ERR_INVALID, store_copy(path, directory, true, NULL, NULL, &err));
	refused(ERR_INTERNAL, store_copy(path, "/nonexistent/backup.db", false, NULL, NULL, &err));
	assert_non_null(strstr(err.message, "/nonexistent/backup.db"));
}

/* Writes between the steps, as a daemon would, and counts them. */
static bool write_between(void *context, double fraction)
{
	int *steps = context;

	assert_true(fraction >= 0 && fraction <= 1);
	if ((*steps)++ == 0)
		person_made("late");
	return true;
}

static void a_copy_is_of_one_moment_and_stops_nobody(void **state)
{
	int steps = 0;

	(void)state;
	execute(path, "CREATE TABLE ballast (b BLOB) STRICT; INSERT INTO ballast VALUES (zeroblob(4000000))");
	ok(store_copy(path, copy, false, write_between, &steps, &err));
	assert_in_range(steps, 3, 8); /* once: the write did not make it begin again */
	struct store *second = store_open_to_look(copy, &err);
	assert_non_null(second);
	assert_false(person_is_in(second, "late"));
	assert_true(person_is_in(store, "late"));
	store_close(second);
}

static bool give_up(void *context, double fraction)
{
	(void)context, (void)fraction;
	return false;
}

static void a_copy_that_is_given_up_leaves_nothing(void **state)
{
	AUTO_FREE char *partial = str_fmt("%s.partial", copy);

	(void)state;
	execute(path, "CREATE TABLE ballast (b BLOB) STRICT; INSERT INTO ballast VALUES (zeroblob(4000000))");
	refused(ERR_UNAVAILABLE, store_copy(path, copy, false, give_up, NULL, &err));
	assert_int_not_equal(access(copy, F_OK), 0);
	assert_int_not_equal(access(partial, F_OK), 0);
}

static void what_was_backed_up_is_restored_and_the_rest_is_kept(void **state)
{
	struct store_restored restored;
	struct audit_row *rows;
	size_t count;

	(void)state;
	person_made("ken");
	ok(store_copy(path, copy, false, NULL, NULL, &err));
	person_made("late");
	store_close(store);
	store = NULL;
	ok(store_restore(copy, path, "root", false, &restored, &err));
	assert_string_equal(restored.damage, "");
	store = store_open(path, &err);
	assert_non_null(store);
	assert_true(person_is_in(store, "ken"));
	assert_false(person_is_in(store, "late"));
	ok(audit_list(store, &(struct audit_filter){ 0 }, 9, &rows, &count, &err));
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].action, "database.restore");
	audit_row_free(&rows[0]);
	free(rows);
	struct store *before = store_open(restored.kept, &err);
	assert_non_null(before);
	assert_true(person_is_in(before, "late"));
	store_close(before);
}

static void what_is_kept_twice_in_a_second_is_kept_twice(void **state)
{
	struct store_restored first, second;

	(void)state;
	ok(store_copy(path, copy, false, NULL, NULL, &err));
	store_close(store);
	store = NULL;
	ok(store_restore(copy, path, "root", false, &first, &err));
	ok(store_restore(copy, path, "root", false, &second, &err));
	assert_string_not_equal(first.kept, second.kept);
	assert_int_equal(access(first.kept, F_OK), 0);
	assert_int_equal(access(second.kept, F_OK), 0);
	store = store_open(path, &err);
	assert_non_null(store);
}

static void a_damaged_database_is_replaced_and_kept(void **state)
{
	struct store_restored restored;

	(void)state;
	person_made("ken");
	ok(store_copy(path, copy, false, NULL, NULL, &err));
	store_close(store);
	store = NULL;
	AUTO_FILE FILE *file = fopen(path, "w");
	assert_true(file && fputs("this is no database", file) >= 0 && fflush(file) == 0);
	ok(store_restore(copy, path, "root", false, &restored, &err));
	assert_string_not_equal(restored.damage, "");
	assert_int_equal(access(restored.kept, F_OK), 0);
	store = store_open(path, &err);
	assert_true(store && person_is_in(store, "ken"));
}

static void what_does_not_fit_is_not_restored(void **state)
{
	struct store_restored restored;

	(void)state;
	ok(store_copy(path, copy, false, NULL, NULL, &err));
	store_close(store);
	store = NULL;
	refused(ERR_NOT_FOUND, store_restore("/nonexistent", path, "root", false, &restored, &err));
	refused(ERR_INTERNAL, store_restore("/etc/passwd", path, "root", false, &restored, &err));
	execute(copy, "PRAGMA user_version = 9999");
	refused(ERR_CONFLICT, store_restore(copy, path, "root", false, &restored, &err));
	assert_non_null(strstr(err.message, "newer version"));
	store = store_open(path, &err);
	assert_non_null(store);
}

static void a_backup_of_another_installation_needs_force(void **state)
{
	struct store_restored restored;

	(void)state;
	ok(store_copy(path, copy, false, NULL, NULL, &err));
	execute(copy, "UPDATE setting SET value = '0123456789abcdef0123456789abcdef' WHERE key = 'instance'");
	store_close(store);
	store = NULL;
	refused(ERR_CONFLICT, store_restore(copy, path, "root", false, &restored, &err));
	ok(store_restore(copy, path, "root", true, &restored, &err));
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup_copy, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_copy_is_a_whole_database),
		test(a_copy_takes_the_place_of_nothing_unless_told),
		test(a_copy_is_of_one_moment_and_stops_nobody),
		test(a_copy_that_is_given_up_leaves_nothing),
		test(what_was_backed_up_is_restored_and_the_rest_is_kept),
		test(what_is_kept_twice_in_a_second_is_kept_twice),
		test(a_damaged_database_is_replaced_and_kept),
		test(what_does_not_fit_is_not_restored),
		test(a_backup_of_another_installation_needs_force),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
