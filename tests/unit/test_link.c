/* The real link against the real agent. A relay stands between them as QEMU does in life: it accepts one
 * connection of the link at a time, keeps its own to the agent when that one goes, and then loses the
 * bytes that were on their way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "guest/frame.h"
#include "guest/link.h"
#include "loop_wait.h"

#define PATIENCE_MS 30000

static struct world {
	struct loop *loop;
	char directory[64], agent_path[96], relay_path[96];
	pid_t agent;
	struct link *link;
	/* the relay */
	int listener, host, guest;
	unsigned connections, deaf; /* what the first so many of them say is read, and goes nowhere */
	sd_event_source *listen_io, *host_io, *guest_io;
	/* what the link reported */
	unsigned ups, downs;
	struct link_hello hello;
	enum err_kind down_kind;
	bool done, failed;
	struct err err;
	int status;
	bool timed_out, truncated;
	struct buf output, errors;
	/* the terminal */
	struct buf screen;
	uint64_t next;
	bool hold, exited, writable, attach;
	int exit_status;
} w;

/* ---- the relay --------------------------------------------------------------------------------- */

static void relay_cut(void)
{
	w.host_io = sd_event_source_disable_unref(w.host_io);
	close_fd_cleanup(&w.host);
	w.host = -1;
}

static void pass_on(int from, int to, bool from_host)
{
	static uint8_t bytes[65536];
	ssize_t got = read(from, bytes, sizeof(bytes));

	if (got <= 0 && from_host)
		relay_cut();
	if (from_host && w.connections <= w.deaf)
		return;
	for (ssize_t sent = 0; sent < got && to >= 0;) {
		ssize_t wrote = send(to, bytes + sent, (size_t)(got - sent), MSG_NOSIGNAL);
		if (wrote < 0)
			return;
		sent += wrote;
	}
}

static int on_host(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)source, (void)events, (void)data;
	pass_on(fd, w.guest, true);
	return 0;
}

static int on_guest(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)data;
	pass_on(fd, w.host, false);
	if (events & EPOLLHUP)
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)source, (void)events, (void)data;
	relay_cut();
	w.host = accept(fd, NULL, NULL);
	w.connections++;
	sd_event_add_io(loop_event(w.loop), &w.host_io, w.host, EPOLLIN, on_host, NULL);
	return 0;
}

static int unix_socket(const char *path, bool listening)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	for (int try = 0; try < 200; try++) {
		if (listening ? !bind(fd, (void *)&address, sizeof(address)) && !listen(fd, 4)
			      : !connect(fd, (void *)&address, sizeof(address)))
			return fd;
		usleep(10000);
	}
	fail_msg("cannot use the socket %s: %s", path, strerror(errno));
	return -1;
}

/* ---- what the link says ------------------------------------------------------------------------ */

static void on_up(void *context, const struct link_hello *hello)
{
	(void)context;
	w.ups++;
	w.hello = *hello;
	for (unsigned i = 0; w.attach && i < hello->pty_count; i++)
		link_pty_attach(w.link, hello->pty[i].channel, w.next);
}

static void on_down(void *context, const struct err *why)
{
	(void)context;
	w.downs++;
	w.down_kind = why->kind;
}

static void on_data(void *context, uint16_t channel, uint64_t offset, const uint8_t *data,
		    size_t length)
{
	(void)context;
	assert_int_equal(offset, w.next);
	buf_append(&w.screen, data, length);
	w.next += length;
	if (!w.hold)
		link_pty_ack(w.link, channel, w.next);
}

static void on_exit_of(void *context, uint16_t channel, int status)
{
	(void)context, (void)channel;
	w.exited = true;
	w.exit_status = status;
}

static void on_writable(void *context, uint16_t channel)
{
	(void)context, (void)channel;
	w.writable = true;
}

static void on_done(void *context, const struct err *err)
{
	(void)context;
	w.done = true;
	w.failed = err != NULL;
	if (err)
		w.err = *err;
}

static void on_result(void *context, const struct link_exec_result *result, const struct err *err)
{
	on_done(context, err);
	if (!result)
		return;
	w.status = result->status;
	w.timed_out = result->timed_out;
	w.truncated = result->truncated;
	w.output.length = w.errors.length = 0;
	buf_append(&w.output, result->output, result->output_length);
	buf_append(&w.errors, result->errors, result->error_length);
}

#define WAIT(condition) LOOP_WAIT(w.loop, condition)

/* ---- set-up ------------------------------------------------------------------------------------ */

static const char *agent_binary(void)
{
	const char *given = getenv("TERAKOYA_AGENT");

	return given ? given : "build/terakoya-agent";
}

static void agent_start(void)
{
	if (access(agent_binary(), X_OK))
		fail_msg("%s is not there: run make", agent_binary());
	w.agent = fork();
	if (w.agent == 0) {
		execl(agent_binary(), agent_binary(), "--listen", w.agent_path, NULL);
		_exit(127);
	}
}

static void agent_stop(void)
{
	kill(w.agent, SIGTERM);
	waitpid(w.agent, NULL, 0);
	unlink(w.agent_path);
}

static void guest_connect(void)
{
	w.guest = unix_socket(w.agent_path, false);
	sd_event_add_io(loop_event(w.loop), &w.guest_io, w.guest, EPOLLIN, on_guest, NULL);
}

static void guest_disconnect(void)
{
	w.guest_io = sd_event_source_disable_unref(w.guest_io);
	close_fd_cleanup(&w.guest);
	w.guest = -1;
}

static int set_up(void **state)
{
	static const struct link_events events = { on_up, on_down, on_data, on_exit_of, on_writable };
	struct err err = ERR_INIT;

	(void)state;
	memset(&w, 0, sizeof(w));
	w.host = w.guest = -1;
	strcpy(w.directory, "/tmp/tk-link-XXXXXX");
	assert_non_null(mkdtemp(w.directory));
	snprintf(w.agent_path, sizeof(w.agent_path), "%s/agent", w.directory);
	snprintf(w.relay_path, sizeof(w.relay_path), "%s/relay", w.directory);
	w.loop = loop_new(&err);
	agent_start();
	guest_connect();
	w.listener = unix_socket(w.relay_path, true);
	sd_event_add_io(loop_event(w.loop), &w.listen_io, w.listener, EPOLLIN, on_listener, NULL);
	w.link = link_new(w.loop, w.relay_path, &events, NULL);
	WAIT(w.ups == 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	link_free(w.link);
	relay_cut();
	guest_disconnect();
	sd_event_source_disable_unref(w.listen_io);
	close(w.listener);
	agent_stop();
	loop_free(w.loop);
	buf_free(&w.screen);
	buf_free(&w.output);
	buf_free(&w.errors);
	unlink(w.relay_path);
	rmdir(w.directory);
	return 0;
}

static void run_script(const char *script, uint64_t timeout_ms)
{
	const char *const argv[] = { "/bin/sh", "-s", NULL };
	const char *const env[] = { "P_PROJECT=aoi", NULL };
	struct link_exec exec = { .argv = argv, .env = env, .input = (const uint8_t *)script,
				  .input_length = strlen(script), .timeout_ms = timeout_ms };

	w.done = false;
	link_exec(w.link, &exec, on_result, NULL);
	assert_false(w.done);
}

static void open_terminal(const char *const *argv)
{
	static const char *const env[] = { "LANG=C.UTF-8", "TERM=xterm-256color", NULL };
	struct link_pty_spec spec = { .channel = 7, .user = "root", .env = env, .argv = argv,
				      .rows = 24, .columns = 80 };

	w.done = false;
	link_pty_open(w.link, &spec, on_done, NULL);
	WAIT(w.done);
	if (w.failed)
		fail_msg("%s", w.err.message);
}

static void type(const char *text)
{
	assert_int_equal(link_pty_write(w.link, 7, (const uint8_t *)text, strlen(text)),
			 strlen(text));
}

static bool screen_has(const char *text)
{
	return w.screen.data && memmem(w.screen.data, w.screen.length, text, strlen(text));
}

/* ---- commands ---------------------------------------------------------------------------------- */

static void a_command_gets_input_and_a_clean_environment(void **state)
{
	(void)state;
	setenv("SECRET", "not for children", 1);
	run_script("env | sort; echo broken >&2; exit 42", 5000);
	WAIT(w.done);
	assert_false(w.failed);
	assert_int_equal(w.status, 42);
	assert_string_equal((char *)w.errors.data, "broken\n");
	assert_non_null(strstr((char *)w.output.data, "HOME=/root\nLANG=C.UTF-8\n"));
	assert_non_null(strstr((char *)w.output.data, "P_PROJECT=aoi\n"));
	assert_non_null(strstr((char *)w.output.data, "PATH=/usr/local/sbin:/usr/local/bin:"));
	assert_null(strstr((char *)w.output.data, "SECRET"));
}

static void a_command_is_cut_off_at_256_kib_and_still_ends(void **state)
{
	(void)state;
	run_script("head -c 3000000 /dev/zero; head -c 262144 /dev/zero >&2", 20000);
	WAIT(w.done);
	assert_false(w.failed);
	assert_true(w.truncated);
	assert_int_equal(w.output.length, LINK_EXEC_OUTPUT_MAX);
	assert_int_equal(w.errors.length, LINK_EXEC_OUTPUT_MAX);
}

static void large_input_flows(void **state)
{
	const char *const argv[] = { "md5sum", NULL };
	AUTO_FREE uint8_t *input = mem_alloc(5 * 1000 * 1000);
	struct link_exec exec = { .argv = argv, .input = input, .input_length = 5 * 1000 * 1000,
				  .timeout_ms = 20000 };

	(void)state;
	link_exec(w.link, &exec, on_result, NULL);
	WAIT(w.done);
	assert_false(w.failed);
	assert_string_equal((char *)w.output.data, "8649ae5a732bc808f228677b27a1e9b6  -\n");
}

/* Or a zombie that init has not seen yet: those have no command line. */
static bool is_gone(int pid)
{
	AUTO_FREE char *path = str_fmt("/proc/%d/cmdline", pid);
	AUTO_FILE FILE *file = fopen(path, "r");

	return !file || fgetc(file) == EOF;
}

static void a_command_over_its_time_is_killed_with_its_children(void **state)
{
	uint64_t start = clock_mono_ms();

	(void)state;
	run_script("sleep 100 & echo $!; sleep 100", 300);
	WAIT(w.done);
	assert_false(w.failed);
	assert_true(w.timed_out);
	assert_int_equal(w.status, 256 + SIGKILL);
	assert_in_range(clock_mono_ms() - start, 300, 3000);
	int child = atoi((char *)w.output.data);
	WAIT(is_gone(child));
}

static void a_cancelled_command_is_killed_and_says_nothing(void **state)
{
	const char *const argv[] = { "sleep", "100", NULL };
	struct link_exec exec = { .argv = argv, .timeout_ms = 100000 };

	(void)state;
	for (int i = 0; i < 3 * LINK_EXECS_MAX; i++)
		link_exec_cancel(w.link, link_exec(w.link, &exec, on_result, NULL));
	link_exec_cancel(w.link, 4711);
	run_script("echo next", 5000);
	WAIT(w.done);
	assert_false(w.failed);
	assert_string_equal((char *)w.output.data, "next\n");
	assert_int_equal(w.downs, 0);
}

static unsigned many;

static void count_result(void *context, const struct link_exec_result *result, const struct err *err)
{
	(void)context;
	assert_null(err);
	assert_int_equal(result->status, 0);
	many++;
}

static void more_commands_than_channels_are_queued(void **state)
{
	const char *const argv[] = { "sleep", "0.05", NULL };
	struct link_exec exec = { .argv = argv, .timeout_ms = 20000 };

	(void)state;
	many = 0;
	for (int i = 0; i < 50; i++)
		link_exec(w.link, &exec, count_result, NULL);
	WAIT(many == 50);
	assert_int_equal(w.downs, 0);
}

static void a_command_that_cannot_run_says_why(void **state)
{
	const char *const argv[] = { "/no/such/program", NULL };
	struct link_exec exec = { .argv = argv, .timeout_ms = 1000 };

	(void)state;
	link_exec(w.link, &exec, on_result, NULL);
	WAIT(w.done);
	assert_true(w.failed);
	assert_int_equal(w.err.kind, ERR_NOT_FOUND);
	assert_string_equal(w.err.message, "cannot run /no/such/program: No such file or directory");
	exec.user = "nobody-of-that-name";
	w.done = false;
	link_exec(w.link, &exec, on_result, NULL);
	WAIT(w.done);
	assert_string_equal(w.err.message, "the machine has no user nobody-of-that-name");
}

static void commands_in_flight_fail_when_the_connection_goes(void **state)
{
	(void)state;
	run_script("sleep 50", 60000);
	loop_run_for(w.loop, 50);
	relay_cut();
	WAIT(w.done);
	assert_true(w.failed);
	assert_int_equal(w.err.kind, ERR_UNAVAILABLE);
	assert_int_equal(w.downs, 1);
	WAIT(w.ups == 2);
	run_script("echo again", 5000);
	WAIT(w.done);
	assert_false(w.failed);
	assert_string_equal((char *)w.output.data, "again\n");
}

static void files_are_written_whole_and_read_back(void **state)
{
	AUTO_FREE char *path = str_fmt("%s/file", w.directory);
	AUTO_FREE uint8_t *data = mem_alloc(1000000);

	(void)state;
	for (size_t i = 0; i < 1000000; i++)
		data[i] = (uint8_t)(i * 31 >> 3);
	link_put_file(w.link, path, 0640, NULL, data, 1000000, on_done, NULL);
	WAIT(w.done);
	assert_false(w.failed);
	w.done = false;
	link_get_file(w.link, path, 1000000, on_result, NULL);
	WAIT(w.done);
	assert_false(w.failed);
	assert_int_equal(w.output.length, 1000000);
	assert_memory_equal(w.output.data, data, 1000000);
	w.done = false;
	link_get_file(w.link, path, 999999, on_result, NULL);
	WAIT(w.done);
	assert_int_equal(w.err.kind, ERR_TOO_LARGE);
	unlink(path);
}

static void a_ping_comes_back(void **state)
{
	uint64_t start = clock_mono_us();

	(void)state;
	for (int i = 0; i < 100; i++) {
		w.done = false;
		link_ping(w.link, 1000, on_done, NULL);
		WAIT(w.done);
		assert_false(w.failed);
	}
	assert_non_null(link_health(w.link));
	assert_true(link_health(w.link)->disk_total_mib > link_health(w.link)->disk_free_mib);
	assert_true(link_health(w.link)->memory_total_mib > 0 && link_health(w.link)->processes > 0);
	print_message("ping: %llu us\n", (unsigned long long)(clock_mono_us() - start) / 100);
}

static void the_time_to_answer_stands_still_with_the_machine(void **state)
{
	(void)state;
	kill(w.agent, SIGSTOP);
	link_ping(w.link, 200, on_done, NULL);
	link_hold(w.link, true);
	uint64_t start = clock_mono_ms();
	WAIT(clock_mono_ms() - start > 500);
	assert_false(w.done);
	link_hold(w.link, false);
	link_hold(w.link, true); /* what is left is not what there was at first */
	start = clock_mono_ms();
	WAIT(clock_mono_ms() - start > 300);
	assert_false(w.done);
	link_hold(w.link, false);
	WAIT(w.done);
	assert_true(w.failed);
	assert_int_equal(w.err.kind, ERR_TIMEOUT);
	kill(w.agent, SIGCONT);
}

static void what_is_asked_of_a_machine_that_stands_still_is_answered_when_it_goes_on(void **state)
{
	(void)state;
	kill(w.agent, SIGSTOP);
	link_hold(w.link, true);
	link_ping(w.link, 1000, on_done, NULL);
	uint64_t start = clock_mono_ms();
	WAIT(clock_mono_ms() - start > 1200);
	assert_false(w.done);
	kill(w.agent, SIGCONT);
	link_hold(w.link, false);
	WAIT(w.done);
	assert_false(w.failed);
}

/* ---- terminals --------------------------------------------------------------------------------- */

static void a_terminal_echoes_utf8_and_knows_its_size(void **state)
{
	const char *const argv[] = { "/bin/sh", NULL };

	(void)state;
	open_terminal(argv);
	type("stty size; tty; echo 日本$((6*7))\n");
	WAIT(screen_has("日本42\r\n"));
	assert_true(screen_has("24 80\r\n"));
	assert_true(screen_has("/dev/pts/"));
	link_pty_resize(w.link, 7, 33, 101);
	type("stty size; stty -a | grep -o iutf8\n");
	WAIT(screen_has("33 101\r\n") && screen_has("\niutf8"));
	type("exit 5\n");
	WAIT(w.exited);
	assert_true(WIFEXITED(w.exit_status) && WEXITSTATUS(w.exit_status) == 5);
}

static void a_closed_terminal_hangs_up_and_its_channel_is_free(void **state)
{
	const char *const argv[] = { "/bin/sleep", "1000", NULL };

	(void)state;
	open_terminal(argv);
	link_pty_close(w.link, 7);
	WAIT(w.exited);
	assert_true(WIFSIGNALED(w.exit_status) && WTERMSIG(w.exit_status) == SIGHUP);
	w.next = 0;
	w.exited = false;
	open_terminal(argv);
}

static void a_slow_reader_stops_the_program_and_loses_nothing(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "seq 1 100000", NULL };

	(void)state;
	w.hold = true;
	open_terminal(argv);
	loop_run_for(w.loop, 500);
	assert_int_equal(w.screen.length, LINK_PTY_WINDOW);
	run_script("echo meanwhile", 5000);
	WAIT(w.done);
	assert_string_equal((char *)w.output.data, "meanwhile\n");
	w.hold = false;
	link_pty_ack(w.link, 7, w.next);
	WAIT(w.exited);
	assert_true(w.screen.length > 100000 * 6);
	assert_true(screen_has("\r\n100000\r\n"));
}

#define PASTE_MD5 "d408ed46ebcc326f9e7c6bb9c77af1cd" /* of 300,000 x */

static void input_beyond_the_credit_waits_for_room(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "stty raw -echo; echo go; head -c 300000 | md5sum",
				     NULL };
	AUTO_FREE uint8_t *paste = mem_alloc(300000);
	size_t sent = 0;

	(void)state;
	memset(paste, 'x', 300000);
	open_terminal(argv);
	WAIT(screen_has("go"));
	while (sent < 300000) {
		w.writable = false;
		sent += link_pty_write(w.link, 7, paste + sent, 300000 - sent);
		if (sent < 300000)
			WAIT(w.writable);
	}
	WAIT(w.exited);
	assert_true(screen_has(PASTE_MD5));
}

static void a_flood_in_one_terminal_does_not_starve_a_command(void **state)
{
	const char *const argv[] = { "/bin/cat", "/dev/zero", NULL };

	(void)state;
	open_terminal(argv);
	loop_run_for(w.loop, 300);
	uint64_t start = clock_mono_ms();
	run_script("echo still here", 5000);
	WAIT(w.done);
	assert_string_equal((char *)w.output.data, "still here\n");
	assert_in_range(clock_mono_ms() - start, 0, 1000);
	link_pty_close(w.link, 7);
	WAIT(w.exited);
}

/* seq's output as a terminal shows it. */
static bool is_whole(const struct buf *screen, int last)
{
	AUTO(buf) struct buf want = { 0 };

	for (int i = 1; i <= last; i++)
		buf_fmt(&want, "%d\r\n", i);
	return want.length == screen->length && !memcmp(want.data, screen->data, want.length);
}

static void output_survives_cuts_at_any_byte(void **state)
{
	const char *const argv[] = { "/bin/sh", "-c", "stty -echo; seq 1 200000", NULL };
	unsigned cuts = 0;

	(void)state;
	srand(2);
	w.attach = true;
	open_terminal(argv);
	while (!w.exited) {
		uint64_t goal = w.next + 20000 + (uint64_t)rand() % 200000, ups = w.ups;
		WAIT(w.exited || w.next >= goal);
		if (w.exited)
			break;
		type("x"); /* may be lost, must not hurt */
		relay_cut();
		cuts++;
		WAIT(w.ups > ups);
	}
	print_message("%u cuts\n", cuts);
	assert_true(cuts > 3);
	assert_true(is_whole(&w.screen, 200000));
}

/* ---- a guest that is gone, new, or evil ---------------------------------------------------------- */

static void a_half_sent_frame_is_recovered_from(void **state)
{
	static const uint8_t half[] = { 'T', 'K', 'a', 0xf7, 0, 0x80, 0, 0, 1, 0, FRAME_EXEC, 0, 1, 2 };

	(void)state;
	relay_cut();
	WAIT(w.downs == 1);
	assert_int_equal(send(w.guest, half, sizeof(half), 0), sizeof(half));
	WAIT(w.ups == 2);
	run_script("echo in step", 5000);
	WAIT(w.done);
	assert_false(w.failed);
}

static void a_connection_on_which_nobody_answers_is_given_up_for_a_new_one(void **state)
{
	(void)state;
	w.deaf = 2;
	relay_cut();
	WAIT(w.downs == 1);
	WAIT(w.ups == 2);
	assert_int_equal(w.connections, 3);
	assert_int_equal(w.downs, 1); /* what never was up did not go down */
	run_script("echo in step", 5000);
	WAIT(w.done);
	assert_false(w.failed);
}

static void a_new_agent_behind_the_same_connection_is_greeted_anew(void **state)
{
	(void)state;
	guest_disconnect();
	agent_stop();
	agent_start();
	run_script("echo into the void", 5000);
	guest_connect();
	WAIT(w.ups == 2);
	assert_int_equal(w.downs, 1);
	assert_true(w.done && w.failed);
	assert_int_equal(w.hello.instance, 0);
}

static void evil_frame(enum frame_type kind, uint16_t channel, const void *payload, size_t length)
{
	uint8_t frame[FRAME_MAX];
	struct frame_writer writer;
	unsigned downs = w.downs, ups = w.ups;

	frame_begin(&writer, frame, sizeof(frame), kind, channel);
	frame_put_bytes(&writer, payload, length);
	length = frame_end(&writer);
	assert_int_equal(send(w.host, frame, length, MSG_NOSIGNAL), length);
	WAIT(w.downs == downs + 1);
	assert_int_equal(w.down_kind, ERR_GUEST);
	WAIT(w.ups == ups + 1);
}

static void a_guest_that_breaks_the_protocol_is_dropped_and_tried_again(void **state)
{
	static const uint8_t bytes[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1 };

	(void)state;
	evil_frame(FRAME_JOB_EXIT, 9, bytes, 12);
	evil_frame(FRAME_JOB_OUTPUT, 9, bytes, 60);
	evil_frame(FRAME_PTY_DATA, 9, bytes, 20);
	evil_frame(FRAME_PTY_EXIT, 9, bytes, 4);
	evil_frame(FRAME_PONG, 0, bytes, FRAME_PONG_LENGTH);
	evil_frame(FRAME_HELLO_REPLY, 0, bytes, 50);
	evil_frame(FRAME_HELLO, 0, bytes, 18);
	evil_frame(FRAME_DIALLED, 9, bytes, 0);
	evil_frame(FRAME_JOB_END, 9, bytes, 0);
	evil_frame(FRAME_JOB_GRANT, 9, bytes, 4);
	run_script("echo after all", 5000);
	WAIT(w.done);
	assert_false(w.failed);
}

static void output_out_of_place_is_refused(void **state)
{
	const char *const argv[] = { "/bin/sleep", "1000", NULL };
	static const uint8_t bytes[9] = { 5, 0, 0, 0, 0, 0, 0, 0, 'x' };

	(void)state;
	open_terminal(argv);
	evil_frame(FRAME_PTY_DATA, 7, bytes, sizeof(bytes));
	assert_int_equal(w.screen.length, 0);
	assert_int_equal(w.hello.pty_count, 1);
	assert_int_equal(w.hello.pty[0].channel, 7);
}

static void random_bytes_harm_only_the_connection(void **state)
{
	uint8_t bytes[4096];
	unsigned ups = w.ups;

	(void)state;
	srand(3);
	for (int round = 0; round < 8; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)rand();
		if (w.host >= 0)
			(void)!send(w.host, bytes, sizeof(bytes), MSG_NOSIGNAL);
		(void)!send(w.guest, bytes, sizeof(bytes), MSG_NOSIGNAL);
		loop_run_for(w.loop, 30);
	}
	WAIT(w.ups > ups && link_is_up(w.link));
	run_script("echo well", 5000);
	WAIT(w.done);
	assert_false(w.failed);
}

/* ---- tools ------------------------------------------------------------------------------------- */

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* The stamps of these names, as a list that link_exec() takes; it points into w.output. */
static void ask_for_tools(const char *const *names, const char **stamps)
{
	size_t count = 0;

	w.done = false;
	link_tools(w.link, names, on_result, NULL);
	WAIT(w.done);
	assert_false(w.failed);
	for (char *line = strtok((char *)w.output.data, "\n"); line; line = strtok(NULL, "\n"))
		stamps[count++] = line;
	stamps[count] = NULL;
}

static void check_with(const char *const *stamps)
{
	const char *const argv[] = { "true", NULL };
	struct link_exec exec = { .argv = argv, .tools = stamps, .timeout_ms = 5000 };

	w.done = false;
	link_exec(w.link, &exec, on_result, NULL);
	WAIT(w.done);
}

static void expect_changed(const char *const *stamps, const char *what)
{
	AUTO_FREE char *said = str_fmt("%s is not what this machine began with", what);

	check_with(stamps);
	assert_true(w.failed);
	assert_non_null(strstr(w.err.message, said));
}

static void a_check_runs_only_with_the_tools_that_there_were(void **state)
{
	AUTO_FREE char *tool = str_fmt("%s/tool", w.directory), *other = str_fmt("%s/other", w.directory);
	const char *const names[] = { "sh", "no-such-program", tool, other, NULL };
	const char *stamps[5];

	(void)state;
	write_text(tool, "exit 1");
	ask_for_tools(names, stamps);
	AUTO(buf) struct buf kept = w.output;
	w.output = (struct buf){ 0 };
	assert_int_equal(strncmp(stamps[0], "sh ", 3), 0);
	assert_string_equal(stamps[1], "no-such-program -");
	check_with(stamps);
	assert_false(w.failed);
	assert_int_equal(w.status, 0);

	write_text(tool, "exit 0"); /* of the same length, in the same place */
	expect_changed(stamps, tool);
	ask_for_tools(names, stamps);
	write_text(other, ""); /* what was not there */
	expect_changed(stamps, other);
	unlink(tool);
	unlink(other);
}

static void free_inside(void *context, const struct link_exec_result *result, const struct err *err)
{
	(void)result;
	link_free(w.link);
	w.link = NULL;
	on_done(context, err);
}

static void a_link_may_be_freed_in_its_own_completion(void **state)
{
	const char *const argv[] = { "true", NULL };
	struct link_exec exec = { .argv = argv, .timeout_ms = 1000 };

	(void)state;
	link_exec(w.link, &exec, free_inside, NULL);
	WAIT(w.done);
	assert_null(w.link);
}

#define HOLDS(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOLDS(a_command_gets_input_and_a_clean_environment),
		HOLDS(a_command_is_cut_off_at_256_kib_and_still_ends),
		HOLDS(large_input_flows),
		HOLDS(a_command_over_its_time_is_killed_with_its_children),
		HOLDS(a_cancelled_command_is_killed_and_says_nothing),
		HOLDS(more_commands_than_channels_are_queued),
		HOLDS(a_command_that_cannot_run_says_why),
		HOLDS(commands_in_flight_fail_when_the_connection_goes),
		HOLDS(files_are_written_whole_and_read_back),
		HOLDS(a_ping_comes_back),
		HOLDS(the_time_to_answer_stands_still_with_the_machine),
		HOLDS(what_is_asked_of_a_machine_that_stands_still_is_answered_when_it_goes_on),
		HOLDS(a_terminal_echoes_utf8_and_knows_its_size),
		HOLDS(a_closed_terminal_hangs_up_and_its_channel_is_free),
		HOLDS(a_slow_reader_stops_the_program_and_loses_nothing),
		HOLDS(input_beyond_the_credit_waits_for_room),
		HOLDS(a_flood_in_one_terminal_does_not_starve_a_command),
		HOLDS(output_survives_cuts_at_any_byte),
		HOLDS(a_half_sent_frame_is_recovered_from),
		HOLDS(a_connection_on_which_nobody_answers_is_given_up_for_a_new_one),
		HOLDS(a_new_agent_behind_the_same_connection_is_greeted_anew),
		HOLDS(a_guest_that_breaks_the_protocol_is_dropped_and_tried_again),
		HOLDS(output_out_of_place_is_refused),
		HOLDS(random_bytes_harm_only_the_connection),
		HOLDS(a_check_runs_only_with_the_tools_that_there_were),
		HOLDS(a_link_may_be_freed_in_its_own_completion),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
