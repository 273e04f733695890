#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"

static void error_context_goes_in_front(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&err, ERR_NOT_FOUND, "no lab %s", "x"), -1);
	err_wrap(&err, "pack %s", "p");
	assert_string_equal(err.message, "pack p: no lab x");
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(err_set(NULL, ERR_INVALID, "nobody listens"), -1);
}

static void a_message_is_always_clean_and_on_one_line(void **state)
{
	struct err err = ERR_INIT;
	char name[3 * ERR_MESSAGE_MAX + 1] = "";

	(void)state;
	err_set(&err, ERR_GUEST, "it said %s", "no\nerror: root has fled\x1b[31m\xff");
	assert_string_equal(err.message, "it said no error: root has fled [31m?");
	for (int i = 0; i < ERR_MESSAGE_MAX; i++)
		strcat(name, "寺");
	for (int shift = 0; shift < 3; shift++) {
		err_set(&err, ERR_INVALID, "%.*s%s", shift, "abc", name);
		size_t length = strlen(err.message);
		assert_true(length > ERR_MESSAGE_MAX - 4);
		assert_true(str_is_clean_utf8(err.message, length) && !strchr(err.message, '?'));
		err_wrap(&err, "seat 寺");
		assert_true(str_is_clean_utf8(err.message, strlen(err.message)));
	}
	err_set(&err, ERR_INVALID, "short");
	err_set(&err, ERR_INVALID, "<%s>", err.message);
	assert_string_equal(err.message, "<short>");
}

static void text_is_cut_between_characters(void **state)
{
	char into[6];

	(void)state;
	str_cut(into, sizeof(into), "日本語");
	assert_string_equal(into, "日");
	str_cut(into, sizeof(into), "abcdefg");
	assert_string_equal(into, "abcde");
	str_cut(into, 1, "a");
	assert_string_equal(into, "");
}

static void only_a_regular_file_of_bounded_size_is_read(void **state)
{
	char path[] = "/tmp/terakoya-base-XXXXXX";
	AUTO(buf) struct buf buf = { 0 };
	struct err err = ERR_INIT;
	AUTO_CLOSE int fd = mkstemp(path);

	(void)state;
	assert_int_equal(buf_read_file(&buf, path, 0, &err), 0);
	assert_string_equal((char *)buf.data, "");
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(buf_read_file(&buf, path, 5, &err), 0);
	assert_string_equal((char *)buf.data, "hello");
	assert_int_equal(buf_read_file(&buf, path, 4, &err), -1);
	assert_int_equal(err.kind, ERR_TOO_LARGE);
	unlink(path);
	assert_int_equal(buf_read_file(&buf, path, 4, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes: this must not wait */
	assert_int_equal(buf_read_file(&buf, path, 4, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	unlink(path);
	assert_int_equal(buf_read_file(&buf, "/tmp", 4, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
}

static void utf8_is_strict(void **state)
{
	(void)state;
	assert_true(str_is_clean_utf8("青木 健", strlen("青木 健")));
	assert_false(str_is_clean_utf8("\xc0\xaf", 2));         /* overlong */
	assert_false(str_is_clean_utf8("\xed\xa0\x80", 3));     /* surrogate */
	assert_false(str_is_clean_utf8("\xf4\x90\x80\x80", 4)); /* beyond Unicode */
	assert_false(str_is_clean_utf8("\xe3\x81", 2));         /* cut off */
	assert_false(str_is_clean_utf8("a\nb", 3));
	assert_int_equal(str_characters("星空"), 2);
}

static void numbers_are_whole_and_bounded(void **state)
{
	long value = 7;

	(void)state;
	assert_true(str_to_number("30", 1, 500, &value));
	assert_int_equal(value, 30);
	assert_false(str_to_number("30x", 1, 500, &value));
	assert_false(str_to_number("", 1, 500, &value));
	assert_false(str_to_number(" 3", 1, 500, &value));
	assert_false(str_to_number("99999999999999999999", 1, 500, &value));
	assert_int_equal(value, 30);
}

static void a_buffer_grows_and_is_consumed(void **state)
{
	AUTO(buf) struct buf buf = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_fmt(&buf, "%04d", i);
	assert_int_equal(buf.length, 4000);
	buf_consume(&buf, 3996);
	assert_string_equal((char *)buf.data, "0999");
}

struct sum_job {
	struct job job;
	int in, *total, *left;
	struct loop *loop;
};

static void sum_work(struct job *job)
{
	((struct sum_job *)job)->in *= 2;
}

static void sum_done(struct job *job)
{
	struct sum_job *sum = (struct sum_job *)job;

	*sum->total += sum->in;
	if (--*sum->left == 0)
		loop_stop(sum->loop, 0);
	free(sum);
}

static void jobs_come_back_to_the_owner(void **state)
{
	struct err err = ERR_INIT;
	struct loop *loop = loop_new(&err);
	struct lanes *lanes = lanes_new(loop, "test", 3, &err);
	int total = 0, left = 100;

	(void)state;
	for (int i = 1; i <= 100; i++) {
		struct sum_job *sum = mem_alloc(sizeof(*sum));
		*sum = (struct sum_job){ { sum_work, sum_done, NULL }, i, &total, &left, loop };
		lanes_submit(lanes, &sum->job);
	}
	loop_run(loop);
	assert_int_equal(total, 2 * 5050);
	assert_int_equal(lanes_load(lanes), 0);
	lanes_free(lanes);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_context_goes_in_front),
		cmocka_unit_test(a_message_is_always_clean_and_on_one_line),
		cmocka_unit_test(text_is_cut_between_characters),
		cmocka_unit_test(only_a_regular_file_of_bounded_size_is_read),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(numbers_are_whole_and_bounded),
		cmocka_unit_test(a_buffer_grows_and_is_consumed),
		cmocka_unit_test(jobs_come_back_to_the_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
