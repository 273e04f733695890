/* Probing: what a machine's table of TCP sockets says, whatever the machine makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "core/internal.h"

#define TABLE_MOST (4 * 1024 * 1024)

/* Port 22 is listened on, port 80 only connected to. */
static const char tcp[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	"   0: 0100007F:0050 0200007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
	"   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1\n";
static const char tcp6[] =
	"  sl  local_address                         remote_address                        st tx_queue\n"
	"   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000";

static void only_a_port_that_is_listened_on_is_found(void **state)
{
	(void)state;
	assert_true(probe_table_listens(tcp, 22));
	assert_false(probe_table_listens(tcp, 80));
	assert_false(probe_table_listens(tcp, 8080));
	assert_true(probe_table_listens(tcp6, 8080));
	assert_false(probe_table_listens(tcp6, 22));
	assert_false(probe_table_listens("", 22));
	assert_false(probe_table_listens("\n\n0:\n", 22));
}

static void a_table_of_nothing_but_short_lines_takes_no_time(void **state)
{
	char *table = malloc(TABLE_MOST + 1);

	(void)state;
	for (size_t i = 0; i < TABLE_MOST; i++)
		table[i] = i % 2 ? '\n' : 'x';
	table[TABLE_MOST] = '\0';
	clock_t begin = clock();
	assert_false(probe_table_listens(table, 22));
	assert_true(clock() - begin < 10 * CLOCKS_PER_SEC);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_port_that_is_listened_on_is_found),
		cmocka_unit_test(a_table_of_nothing_but_short_lines_takes_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
