/* Streams of the real link with the real agent, without a machine in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "guest/link.h"
#include "loop_wait.h"

#define PATIENCE_MS 30000

struct heard {
	struct link_stream *stream; /* NULL once it has ended */
	struct buf output, errors;
	bool connected, output_ended, hold;
	unsigned rooms;
	int status;
	struct err err;
};

static struct {
	struct loop *loop;
	char directory[64], path[96];
	pid_t agent;
	struct link *link;
	bool up;
} w;

#define WAIT(condition) LOOP_WAIT(w.loop, condition)

/* ---- what is heard ----------------------------------------------------------------------------- */

static void on_up(void *context, const struct link_hello *hello)
{
	(void)context, (void)hello;
	w.up = true;
}

static void on_down(void *context, const struct err *why)
{
	(void)context, (void)why;
	w.up = false;
}

static void on_connected(void *context)
{
	((struct heard *)context)->connected = true;
}

static void on_output(void *context, bool errors, const uint8_t *data, size_t length)
{
	struct heard *heard = context;

	buf_append(errors ? &heard->errors : &heard->output, data, length);
	if (!heard->hold)
		link_stream_grant(heard->stream, length);
}

static void on_output_end(void *context)
{
	((struct heard *)context)->output_ended = true;
}

static void on_writable(void *context)
{
	((struct heard *)context)->rooms++;
}

static void on_ended(void *context, int status, const struct err *err)
{
	struct heard *heard = context;

	heard->stream = NULL;
	heard->status = status;
	if (err)
		heard->err = *err;
}

static const struct link_stream_events events = { on_connected, on_output, on_output_end,
						  on_writable, on_ended };

static void heard_cleanup(struct heard *heard)
{
	buf_free(&heard->output);
	buf_free(&heard->errors);
}

static void run(struct heard *heard, const char *command)
{
	static const char *const env[] = { "LANG=C.UTF-8", NULL };
	const struct link_stream_spec spec = { .user = "root", .command = command, .env = env };
	struct err err = ERR_INIT;

	heard->stream = link_stream_run(w.link, &spec, &events, heard, &err);
	if (!heard->stream)
		heard->err = err;
}

static void run_whole(struct heard *heard, const char *command, const char *input)
{
	run(heard, command);
	assert_int_equal(link_stream_write(heard->stream, (const uint8_t *)input, strlen(input)),
			 strlen(input));
	link_stream_eof(heard->stream);
	WAIT(!heard->stream);
	buf_append(&heard->output, NULL, 0);
	buf_append(&heard->errors, NULL, 0);
}

static int set_up(void **state)
{
	static const struct link_events link_events = { .up = on_up, .down = on_down };
	const char *given = getenv("TERAKOYA_AGENT"), *binary = given ? given : "build/terakoya-agent";
	struct err err = ERR_INIT;

	(void)state;
	memset(&w, 0, sizeof(w));
	strcpy(w.directory, "/tmp/tk-stream-XXXXXX");
	assert_non_null(mkdtemp(w.directory));
	snprintf(w.path, sizeof(w.path), "%s/agent", w.directory);
	if (access(binary, X_OK))
		fail_msg("%s is not there: run make", binary);
	w.loop = loop_new(&err);
	w.agent = fork();
	if (w.agent == 0) {
		execl(binary, binary, "--listen", w.path, NULL);
		_exit(127);
	}
	w.link = link_new(w.loop, w.path, &link_events, NULL);
	WAIT(w.up);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	link_free(w.link);
	kill(w.agent, SIGTERM);
	waitpid(w.agent, NULL, 0);
	loop_free(w.loop);
	unlink(w.path);
	rmdir(w.directory);
	return 0;
}

/* ---- commands ---------------------------------------------------------------------------------- */

static void a_command_has_its_three_streams_and_its_exit_status(void **state)
{
	AUTO(heard) struct heard heard = { 0 };

	(void)state;
	run_whole(&heard, "cat; echo $HOME >&2; exit 7", "in and out");
	assert_string_equal(heard.output.data, "in and out");
	assert_string_equal(heard.errors.data, "/root\n");
	assert_int_equal(heard.status, 7);
	assert_true(heard.output_ended);
}

static void without_a_command_a_login_shell_reads_its_input(void **state)
{
	AUTO(heard) struct heard heard = { 0 };

	(void)state;
	run_whole(&heard, NULL, "echo \"$0\"; pwd; exit 3\n");
	assert_int_equal(heard.output.data[0], '-');
	assert_non_null(strstr((char *)heard.output.data, "\n/root\n"));
	assert_int_equal(heard.status, 3);
}

static void output_waits_for_the_grant(void **state)
{
	AUTO(heard) struct heard heard = { .hold = true };

	(void)state;
	run(&heard, "head -c 1000000 /dev/zero; echo done >&2");
	WAIT(heard.output.length == LINK_STREAM_WINDOW);
	loop_run_for(w.loop, 200);
	assert_int_equal(heard.output.length, LINK_STREAM_WINDOW);
	assert_non_null(heard.stream);
	heard.hold = false;
	link_stream_grant(heard.stream, LINK_STREAM_WINDOW);
	WAIT(!heard.stream);
	assert_int_equal(heard.output.length, 1000000);
	assert_int_equal(heard.errors.length, 5);
	assert_int_equal(heard.status, 0);
}

static void large_input_flows_as_the_command_reads_it(void **state)
{
	AUTO(heard) struct heard heard = { 0 };
	AUTO_FREE uint8_t *bytes = calloc(1, 3000000);
	size_t sent = 0;

	(void)state;
	run(&heard, "sleep 0.2; wc -c");
	while (sent < 3000000) {
		unsigned rooms = heard.rooms;
		sent += link_stream_write(heard.stream, bytes + sent, 3000000 - sent);
		assert_true(sent >= LINK_STREAM_WINDOW || sent == 3000000);
		if (sent < 3000000)
			WAIT(heard.rooms > rooms);
	}
	link_stream_eof(heard.stream);
	WAIT(!heard.stream);
	buf_append(&heard.output, NULL, 0);
	assert_string_equal(heard.output.data, "3000000\n");
}

static void a_signal_reaches_the_command(void **state)
{
	AUTO(heard) struct heard heard = { 0 };

	(void)state;
	run(&heard, "echo ready; exec sleep 1000");
	WAIT(heard.output.length == 6);
	link_stream_signal(heard.stream, SIGTERM);
	WAIT(!heard.stream);
	assert_int_equal(heard.status, 256 + SIGTERM);
}

static void a_command_of_nobody_is_refused(void **state)
{
	static const struct link_stream_spec spec = { .user = "nobody-here", .command = "true" };
	AUTO(heard) struct heard heard = { 0 };

	(void)state;
	heard.stream = link_stream_run(w.link, &spec, &events, &heard, NULL);
	WAIT(!heard.stream);
	assert_int_equal(heard.err.kind, ERR_NOT_FOUND);
	assert_string_equal(heard.err.message, "the machine has no user nobody-here");
}

/* The pid that it says first is gone soon after it is closed. */
static void a_closed_stream_is_hung_up_and_its_place_is_free(void **state)
{
	(void)state;
	for (int round = 0; round < 3 * LINK_STREAMS_MAX; round++) {
		AUTO(heard) struct heard heard = { .hold = true };
		run(&heard, "echo $$; exec sleep 1000");
		while (!heard.stream) { /* the last ones are still on their way out */
			sd_event_run(loop_event(w.loop), 20000);
			run(&heard, "echo $$; exec sleep 1000");
		}
		WAIT(heard.output.length);
		buf_append(&heard.output, NULL, 0);
		pid_t pid = atoi((char *)heard.output.data);
		link_stream_close(heard.stream);
		WAIT(kill(pid, 0) < 0 && errno == ESRCH);
	}
}

static void there_are_only_so_many_at_once(void **state)
{
	struct heard heard[LINK_STREAMS_MAX + 1] = { 0 };

	(void)state;
	for (unsigned i = 0; i <= LINK_STREAMS_MAX; i++)
		run(&heard[i], "sleep 1000");
	assert_non_null(heard[LINK_STREAMS_MAX - 1].stream);
	assert_null(heard[LINK_STREAMS_MAX].stream);
	assert_int_equal(heard[LINK_STREAMS_MAX].err.kind, ERR_CONFLICT);
	for (unsigned i = 0; i < LINK_STREAMS_MAX; i++)
		link_stream_close(heard[i].stream);
}

static void a_lost_agent_ends_what_runs(void **state)
{
	AUTO(heard) struct heard heard = { 0 };

	(void)state;
	run(&heard, "sleep 1000");
	kill(w.agent, SIGKILL);
	WAIT(!heard.stream);
	assert_int_equal(heard.err.kind, ERR_UNAVAILABLE);
	run(&heard, "true");
	assert_null(heard.stream);
	assert_int_equal(heard.err.kind, ERR_UNAVAILABLE);
}

/* ---- connections ------------------------------------------------------------------------------- */

static int listen_somewhere(int family, uint16_t *port)
{
	struct sockaddr_in6 address = { .sin6_family = (sa_family_t)family };
	socklen_t length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(address);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&address, length) < 0 || listen(fd, 4) < 0)
		fail_msg("cannot listen: %s", strerror(errno));
	getsockname(fd, (void *)&address, &length);
	*port = ntohs(address.sin6_port); /* at the same place in both families */
	return fd;
}

static void a_connection_carries_bytes_and_closes_one_way_at_a_time(void **state)
{
	AUTO(heard) struct heard heard = { 0 };
	char bytes[16] = { 0 };
	uint16_t port;
	AUTO_CLOSE int listener = listen_somewhere(AF_INET, &port);

	(void)state;
	heard.stream = link_stream_dial(w.link, "127.0.0.1", port, &events, &heard, NULL);
	WAIT(heard.connected);
	AUTO_CLOSE int peer = accept(listener, NULL, NULL);
	assert_int_equal(link_stream_write(heard.stream, (const uint8_t *)"question", 8), 8);
	link_stream_eof(heard.stream);
	loop_run_for(w.loop, 50);
	assert_int_equal(recv(peer, bytes, sizeof(bytes), MSG_WAITALL), 8);
	assert_string_equal(bytes, "question");
	assert_int_equal(send(peer, "answer", 6, 0), 6);
	WAIT(heard.output.length == 6);
	assert_non_null(heard.stream);
	shutdown(peer, SHUT_WR);
	WAIT(!heard.stream);
	assert_true(heard.output_ended);
	assert_int_equal(heard.err.kind, ERR_NONE);
}

static void a_connection_that_fails_says_why(void **state)
{
	AUTO(heard) struct heard heard = { 0 };
	uint16_t port;
	int listener = listen_somewhere(AF_INET, &port);

	(void)state;
	close(listener);
	heard.stream = link_stream_dial(w.link, "127.0.0.1", port, &events, &heard, NULL);
	WAIT(!heard.stream);
	assert_false(heard.connected);
	assert_string_equal(heard.err.message, "cannot connect: Connection refused");
	heard.stream = link_stream_dial(w.link, "files", 80, &events, &heard, NULL);
	WAIT(!heard.stream);
	assert_string_equal(heard.err.message, "cannot connect to files port 80: Invalid argument");
}

#define HOLDS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOLDS(a_command_has_its_three_streams_and_its_exit_status),
		HOLDS(without_a_command_a_login_shell_reads_its_input),
		HOLDS(output_waits_for_the_grant),
		HOLDS(large_input_flows_as_the_command_reads_it),
		HOLDS(a_signal_reaches_the_command),
		HOLDS(a_command_of_nobody_is_refused),
		HOLDS(a_closed_stream_is_hung_up_and_its_place_is_free),
		HOLDS(there_are_only_so_many_at_once),
		HOLDS(a_lost_agent_ends_what_runs),
		HOLDS(a_connection_carries_bytes_and_closes_one_way_at_a_time),
		HOLDS(a_connection_that_fails_says_why),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
