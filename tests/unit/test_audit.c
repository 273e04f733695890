/* The audit log: a chain that shows what was done to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "store/audit.h"
#include "store/query.h"
#include "store_fixture.h"

/* As somebody with the file in hand would. */
static void tamper(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void audit_some(int rows)
{
	struct audit_row row = { .person = 1,
				 .actor = (char *)"ken",
				 .action = (char *)"class.launch",
				 .object = (char *)"class 3",
				 .class_id = 3 };

	for (int i = 0; i < rows; i++)
		ok(audit_add(store, &row, &err));
}

/* The chain as it is: `rows` of them, and nothing wrong. */
static void audit_fits(int64_t rows)
{
	struct audit_chain chain;

	ok(audit_verify(store, &chain, &err));
	assert_string_equal(chain.finding, "");
	assert_int_equal(chain.broken, 0);
	assert_int_equal(chain.rows, rows);
}

static void audit_breaks_at(int64_t row, const char *finding)
{
	struct audit_chain chain;

	ok(audit_verify(store, &chain, &err));
	assert_int_equal(chain.broken, row);
	assert_non_null(strstr(chain.finding, finding));
}

static size_t audit_count(const struct audit_filter *filter, unsigned most, int64_t *newest)
{
	struct audit_row *rows;
	size_t count;

	ok(audit_list(store, filter, most, &rows, &count, &err));
	*newest = count ? rows[0].id : 0;
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(rows[i].detail, "");
		assert_true(rows[i].at > 0);
		audit_row_free(&rows[i]);
	}
	free(rows);
	return count;
}

static void the_audit_log_is_a_chain(void **state)
{
	(void)state;
	audit_fits(0);
	audit_some(5);
	audit_fits(5);
}

static void the_audit_log_is_filtered_newest_first(void **state)
{
	int64_t newest;

	(void)state;
	audit_some(5);
	assert_int_equal(audit_count(&(struct audit_filter){ .class_id = 3 }, 2, &newest), 2);
	assert_int_equal(newest, 5);
	assert_int_equal(audit_count(&(struct audit_filter){ .class_id = 4 }, 9, &newest), 0);
	assert_int_equal(audit_count(&(struct audit_filter){ .actor = "ken" }, 9, &newest), 5);
	assert_int_equal(audit_count(&(struct audit_filter){ .actor = "eve" }, 9, &newest), 0);
	assert_int_equal(audit_count(&(struct audit_filter){ .before = 3 }, 9, &newest), 2);
	assert_int_equal(newest, 2);
	assert_int_equal(audit_count(&(struct audit_filter){ .since = clock_real_ms() + 60000 }, 9,
				     &newest), 0);
}

static void the_audit_log_takes_no_changes(void **state)
{
	(void)state;
	audit_some(2);
	refused(ERR_INVALID, store_run(store, &err, "DELETE FROM audit", ""));
	refused(ERR_INVALID, store_run(store, &err, "UPDATE audit SET actor = 'x'", ""));
	refused(ERR_INVALID, store_run(store, &err,
				       "REPLACE INTO audit SELECT id, at, person, 'x', action,"
				       " object, detail, class, seat, hash FROM audit WHERE id = 1",
				       ""));
	refused(ERR_INVALID, store_run(store, &err,
				       "UPDATE audit_begin SET id = 1, hash = zeroblob(32)", ""));
	refused(ERR_INVALID, store_run(store, &err, "DELETE FROM audit_begin", ""));
	audit_fits(2);
}

static void tampering_is_found(const char *sql, int64_t row, const char *finding)
{
	audit_some(5);
	tamper("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;"
	       "DROP TRIGGER audit_begin_moves_on;");
	tamper(sql);
	audit_breaks_at(row, finding);
}

static void a_changed_audit_row_is_found(void **state)
{
	(void)state;
	tampering_is_found("UPDATE audit SET actor = 'eve' WHERE id = 3", 3, "not what was written");
}

static void a_removed_audit_row_is_found(void **state)
{
	(void)state;
	tampering_is_found("DELETE FROM audit WHERE id = 3", 4, "missing");
}

static void a_shortened_audit_log_is_found(void **state)
{
	(void)state;
	tampering_is_found("DELETE FROM audit WHERE id > 3", 4, "cut off");
}

static void an_audit_log_without_its_beginning_is_found(void **state)
{
	(void)state;
	tampering_is_found("DELETE FROM audit WHERE id < 3", 3, "missing");
}

static void a_beginning_that_was_moved_by_hand_is_found(void **state)
{
	(void)state;
	tampering_is_found("UPDATE audit_begin SET id = 2, hash = (SELECT hash FROM audit WHERE id = 2);"
			   "DELETE FROM audit WHERE id < 3", 3, "no row says");
}

static void what_the_audit_log_forgets_is_written_down(void **state)
{
	const struct audit_row root = { .actor = (char *)"root" };
	struct audit_chain chain;
	int64_t removed;

	(void)state;
	audit_some(5);
	ok(audit_forget(store, 1, &root, &removed, &err)); /* nothing is that old */
	assert_int_equal(removed, 0);
	audit_fits(5);
	ok(audit_forget(store, clock_real_ms() + 60000, &root, &removed, &err));
	assert_int_equal(removed, 5);
	audit_fits(1);
	audit_some(2);
	ok(audit_forget(store, clock_real_ms() + 60000, &root, &removed, &err));
	assert_int_equal(removed, 3);
	audit_some(1);
	ok(audit_verify(store, &chain, &err));
	assert_int_equal(chain.first, 9);
	assert_int_equal(chain.last, 10);
	audit_fits(2);
}

static void an_audit_log_is_verified_from_its_file(void **state)
{
	struct audit_chain chain;

	(void)state;
	audit_some(3);
	ok(audit_verify_file(path, &chain, &err)); /* while it is open */
	assert_int_equal(chain.rows, 3);
	refused(ERR_NOT_FOUND, audit_verify_file("/nonexistent/terakoya.db", &chain, &err));
	refused(ERR_INTERNAL, audit_verify_file("/etc/passwd", &chain, &err));
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_audit_log_is_a_chain),
		test(the_audit_log_is_filtered_newest_first),
		test(the_audit_log_takes_no_changes),
		test(a_changed_audit_row_is_found),
		test(a_removed_audit_row_is_found),
		test(a_shortened_audit_log_is_found),
		test(an_audit_log_without_its_beginning_is_found),
		test(a_beginning_that_was_moved_by_hand_is_found),
		test(what_the_audit_log_forgets_is_written_down),
		test(an_audit_log_is_verified_from_its_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
