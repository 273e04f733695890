/* Names that people type, and where connections may go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/seat_login.h"
#include "ssh/inside.h"

static struct seat_login read_login(const char *typed)
{
	struct seat_login login = { 0 };

	if (!seat_login_read(typed, &login))
		fail_msg("\"%s\" should be a name", typed);
	return login;
}

static void a_name_is_a_code_and_a_number(void **state)
{
	static const char *const same[] = { "hoshi-742-07", "HOSHI-742-7", "hoshi742-007", "Hoshi-742-07" };

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		struct seat_login login = read_login(same[i]);
		assert_string_equal(login.code, "HOSHI-742");
		assert_int_equal(login.number, 7);
		assert_string_equal(login.machine, "");
	}
	assert_int_equal(read_login("yuzu-999-500").number, 500);
}

static void a_machine_may_stand_behind_it(void **state)
{
	struct seat_login login = read_login("hoshi-742-07+web-2");

	(void)state;
	assert_string_equal(login.machine, "web-2");
	assert_int_equal(login.number, 7);
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "root", "hoshi-742", "hoshi-742-", "hoshi-742-0", "hoshi-742-501", "hoshi-742-7x",
		"hoshi-742-+files", "hoshi-742-07+", "hoshi-742-07+Files", "hoshi-742-07+../x",
		"hoshi-742-+7", "hoshi-742-00000007", "\xff-742-07",
		"hoshi-742-07+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct seat_login login = { .number = 99 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (seat_login_read(wrong[i], &login))
			fail_msg("\"%s\" should be no name", wrong[i]);
	assert_int_equal(login.number, 99);
}

static void a_seat_knows_its_name(void **state)
{
	struct class class = { .row.code = (char *)"HOSHI-742" };
	struct seat seat = { .class = &class, .row.number = 7 };
	char name[SEAT_LOGIN_MAX];

	(void)state;
	seat_login_name(&seat, name);
	assert_string_equal(name, "hoshi-742-07");
	seat.row.number = 123;
	seat_login_name(&seat, name);
	assert_string_equal(name, "hoshi-742-123");
}

/* ---- where connections may go ------------------------------------------------------------------ */

static struct pack_nic desk_nic[] = { { .network = (char *)"office", .address = (char *)"10.10.0.10/24" } };
static struct pack_nic gate_nic[] = {
	{ .network = (char *)"office", .address = (char *)"10.10.0.1/24" },
	{ .network = (char *)"back", .address = (char *)"10.20.0.1/20" },
};
static struct pack_nic web_nic[] = {
	{ .network = (char *)"six", .address = (char *)"fd00:1::20/64" },
	{ .network = (char *)"back", .address = (char *)"10.20.0.20/20" },
};
static struct pack_machine machines[] = {
	{ .name = (char *)"desk", .nic = desk_nic, .nics = 1 },
	{ .name = (char *)"gate", .nic = gate_nic, .nics = 2 },
	{ .name = (char *)"web", .nic = web_nic, .nics = 2 },
};
static const struct pack pack = { .machine = machines, .machines = 3 };

static void leads_to(unsigned from, const char *host, const char *wanted)
{
	char address[64];
	struct err err = ERR_INIT;

	if (reach(&pack, &machines[from], host, address, &err) < 0)
		fail_msg("%s should be reached: %s", host, err.message);
	assert_string_equal(address, wanted);
}

static void is_refused(const char *host, enum err_kind kind)
{
	char address[64];
	struct err err = ERR_INIT;

	if (reach(&pack, &machines[0], host, address, &err) == 0)
		fail_msg("%s should not be reached", host);
	assert_int_equal(err.kind, kind);
}

static void the_machine_itself_and_its_seats_networks_are_reached(void **state)
{
	(void)state;
	leads_to(0, "localhost", "127.0.0.1");
	leads_to(0, "127.0.0.53", "127.0.0.53");
	leads_to(0, "::1", "::1");
	leads_to(0, "10.10.0.99", "10.10.0.99");
	leads_to(0, "10.20.15.254", "10.20.15.254");
	leads_to(0, "fd00:1::99", "fd00:1::99");
}

static void a_machine_is_known_by_its_name_on_the_nearest_network(void **state)
{
	(void)state;
	leads_to(0, "gate", "10.10.0.1");
	leads_to(2, "gate", "10.20.0.1");
	leads_to(1, "web", "10.20.0.20");
	leads_to(0, "web", "fd00:1::20");
}

static void nothing_else_is_reached(void **state)
{
	(void)state;
	is_refused("10.20.16.1", ERR_DENIED);
	is_refused("192.0.2.1", ERR_DENIED);
	is_refused("0.0.0.0", ERR_DENIED);
	is_refused("::ffff:192.0.2.1", ERR_DENIED);
	is_refused("fd00:2::1", ERR_DENIED);
	is_refused("example.org", ERR_NOT_FOUND);
	is_refused("10.10.0.10/24", ERR_NOT_FOUND);
	is_refused("", ERR_NOT_FOUND);
	is_refused("1234567890123456789012345678901234567890123456789012345678901234567890", ERR_NOT_FOUND);
}

/* ---- what takes too long ----------------------------------------------------------------------- */

static void a_call_that_does_not_end_loses_its_socket(void **state)
{
	int pair[2];
	char bytes[4096];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	guard_begin(pair[0]);
	guard_end();
	guard_begin(pair[0]);
	while (send(pair[0], "x", 1, MSG_NOSIGNAL) == 1)
		recv(pair[1], bytes, sizeof(bytes), MSG_DONTWAIT);
	guard_end();
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_a_code_and_a_number),
		cmocka_unit_test(a_machine_may_stand_behind_it),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(a_seat_knows_its_name),
		cmocka_unit_test(the_machine_itself_and_its_seats_networks_are_reached),
		cmocka_unit_test(a_machine_is_known_by_its_name_on_the_nearest_network),
		cmocka_unit_test(nothing_else_is_reached),
		cmocka_unit_test(a_call_that_does_not_end_loses_its_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
