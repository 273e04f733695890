/* `terakoya shell`: this terminal becomes one more viewer of a terminal in a machine, over the same
 * WebSocket as the page.
 *
 * The local terminal is raw, so every key goes to the machine; "~." at the beginning of a line leaves.
 * When the connection goes (the daemon was restarted), it is made again with the offset that was reached,
 * so that nothing is lost or shown twice.
 */
#include "cli/cli.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include <wslay/wslay.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"

#define AGAIN_MS  500
#define KEYS_MOST 4096 /* read at once */

struct shell {
	struct invocation *invocation;
	long long machine_id;
	const char *terminal;
	bool watch;
	int fd;
	wslay_event_context_ptr ws;
	uint64_t offset;
	bool has_offset, ended, leave, line_start, tilde;
	char why[256];
};

static volatile sig_atomic_t resized;

static void on_resize(int signal_number)
{
	(void)signal_number;
	resized = 1;
}

static void window_size(unsigned *rows, unsigned *columns)
{
	struct winsize size = { 0 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*rows = size.ws_row ? size.ws_row : 24;
	*columns = size.ws_col ? size.ws_col : 80;
}

/* ---- wslay's callbacks ------------------------------------------------------------------------ */

static ssize_t ws_recv(wslay_event_context_ptr ws, uint8_t *data, size_t length, int flags, void *context)
{
	struct shell *shell = context;
	ssize_t got = recv(shell->fd, data, length, MSG_DONTWAIT);

	(void)flags;
	if (got > 0)
		return got;
	wslay_event_set_error(ws, got < 0 && (errno == EAGAIN || errno == EINTR) ? WSLAY_ERR_WOULDBLOCK :
										  WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static ssize_t ws_send(wslay_event_context_ptr ws, const uint8_t *data, size_t length, int flags,
		       void *context)
{
	struct shell *shell = context;
	ssize_t sent = send(shell->fd, data, length, MSG_NOSIGNAL);

	(void)flags;
	if (sent < 0)
		wslay_event_set_error(ws, WSLAY_ERR_CALLBACK_FAILURE);
	return sent;
}

static int ws_mask(wslay_event_context_ptr ws, uint8_t *mask, size_t length, void *context)
{
	(void)ws, (void)context;
	randombytes_buf(mask, length);
	return 0;
}

static void print_all(const uint8_t *data, size_t length)
{
	while (length) {
		ssize_t written = write(STDOUT_FILENO, data, length);
		if (written < 0 && errno != EINTR)
			return;
		data += written > 0 ? written : 0;
		length -= written > 0 ? (size_t)written : 0;
	}
}

/* Eight bytes of offset, then output; what was shown already is skipped. */
static void take_output(struct shell *shell, const uint8_t *data, size_t length)
{
	uint64_t offset = 0;

	if (length < 8)
		return;
	for (int i = 0; i < 8; i++)
		offset = offset << 8 | data[i];
	data += 8;
	length -= 8;
	if (shell->has_offset && offset < shell->offset) {
		uint64_t known = shell->offset - offset;
		if (known >= length)
			return;
		data += known;
		length -= known;
		offset += known;
	}
	print_all(data, length);
	shell->offset = offset + length;
	shell->has_offset = true;
}

static void take_word(struct shell *shell, const uint8_t *data, size_t length)
{
	json_t *word = json_loadb((const char *)data, length, 0, NULL);
	const char *state = json_string_value(json_object_get(word, "state"));
	const char *why = json_string_value(json_object_get(word, "why"));

	if (str_equal(state, "ended")) {
		shell->ended = true;
		snprintf(shell->why, sizeof(shell->why), "%s", why ? why : "the shell ended");
	}
	json_decref(word);
}

static void ws_message(wslay_event_context_ptr ws, const struct wslay_event_on_msg_recv_arg *message,
		       void *context)
{
	(void)ws;
	if (message->opcode == WSLAY_BINARY_FRAME)
		take_output(context, message->msg, message->msg_length);
	else if (message->opcode == WSLAY_TEXT_FRAME)
		take_word(context, message->msg, message->msg_length);
}

/* ---- keys ------------------------------------------------------------------------------------- */

static void queue(struct shell *shell, uint8_t opcode, const void *data, size_t length)
{
	struct wslay_event_msg message = { .opcode = opcode, .msg = data, .msg_length = length };

	if (length)
		wslay_event_queue_msg(shell->ws, &message);
}

static void send_size(struct shell *shell)
{
	unsigned rows, columns;

	window_size(&rows, &columns);
	AUTO_FREE char *text = str_fmt("{\"type\":\"resize\",\"rows\":%u,\"columns\":%u}", rows, columns);
	queue(shell, WSLAY_TEXT_FRAME, text, strlen(text));
}

/* Copies keys to out without the escape; "~~" at a line's beginning sends one. */
static size_t filter_keys(struct shell *shell, const char *in, size_t length, char *out)
{
	size_t count = 0;

	for (size_t i = 0; i < length && !shell->leave; i++) {
		if (shell->tilde) {
			shell->tilde = false;
			shell->leave = in[i] == '.';
			if (shell->leave)
				break;
			if (in[i] != '~')
				out[count++] = '~';
			shell->line_start = false;
		} else if (shell->line_start && in[i] == '~') {
			shell->tilde = true;
			continue;
		}
		out[count++] = in[i];
		shell->line_start = in[i] == '\r' || in[i] == '\n';
	}
	return count;
}

/* What was typed, without the escape. The end of input, or a terminal that is gone, is a wish to leave. */
static size_t read_keys(struct shell *shell, char out[2 * KEYS_MOST])
{
	char in[KEYS_MOST];
	ssize_t length = read(STDIN_FILENO, in, sizeof(in));

	if (length > 0)
		return filter_keys(shell, in, (size_t)length, out);
	shell->leave = length == 0 || (errno != EINTR && errno != EAGAIN);
	return 0;
}

static void take_keys(struct shell *shell)
{
	char keys[2 * KEYS_MOST];
	size_t count = read_keys(shell, keys);

	if (!shell->watch)
		queue(shell, WSLAY_BINARY_FRAME, keys, count);
}

/* ---- connection ------------------------------------------------------------------------------- */

static int shell_connect(struct shell *shell, struct err *err)
{
	unsigned rows, columns;

	window_size(&rows, &columns);
	AUTO_FREE char *offset = shell->has_offset ?
					 str_fmt("&offset=%llu", (unsigned long long)shell->offset) :
					 str_copy("");
	AUTO_FREE char *terminal = address_of("%s", shell->terminal);
	AUTO_FREE char *path = str_fmt("/ws/terminal?machine=%lld&terminal=%s&rows=%u&columns=%u%s%s",
				       shell->machine_id, terminal, rows, columns,
				       shell->watch ? "&watch=1" : "", offset);
	static const struct wslay_event_callbacks callbacks = { .recv_callback = ws_recv,
								.send_callback = ws_send,
								.genmask_callback = ws_mask,
								.on_msg_recv_callback = ws_message };

	if (client_websocket(shell->invocation->client, path, "terakoya.terminal.1", &shell->fd, err) < 0)
		return -1;
	wslay_event_context_client_init(&shell->ws, &callbacks, shell);
	return 0;
}

static void shell_disconnect(struct shell *shell)
{
	if (shell->ws)
		wslay_event_context_free(shell->ws);
	shell->ws = NULL;
	close_fd_cleanup(&shell->fd);
	shell->fd = -1;
}

/* Until the connection goes, the shell ends, or the user leaves. */
static void shell_serve(struct shell *shell)
{
	while (!shell->ended && !shell->leave) {
		struct pollfd wait[2] = { { .fd = shell->fd, .events = POLLIN },
					  { .fd = STDIN_FILENO, .events = POLLIN } };
		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			return;
		if (resized) {
			resized = 0;
			send_size(shell);
		}
		if (wait[1].revents)
			take_keys(shell);
		if ((wait[0].revents && wslay_event_recv(shell->ws)) || wslay_event_send(shell->ws) ||
		    wslay_event_get_close_received(shell->ws))
			return;
	}
}

static int shell_run(struct shell *shell, struct err *err)
{
	bool told = false;

	for (bool first = true; !shell->ended && !shell->leave; first = false) {
		struct err why = ERR_INIT;
		if (shell_connect(shell, &why) == 0) {
			told = false;
			shell_serve(shell);
			shell_disconnect(shell);
			continue;
		}
		if (first || why.kind != ERR_UNAVAILABLE) {
			*err = why;
			return -1;
		}
		if (!told)
			fprintf(stderr, "\r\n[connection lost; trying again, ~. leaves]\r\n");
		told = true;
		struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
		char lost[2 * KEYS_MOST];
		if (poll(&keys, 1, AGAIN_MS) > 0)
			read_keys(shell, lost);
	}
	return 0;
}

static int find_machine(struct shell *shell, struct err *err)
{
	struct invocation *invocation = shell->invocation;
	const char *wanted = invocation->arguments > 1 ? invocation->argument[1] : NULL;
	json_t *seat, *machine;
	size_t i;

	if (seat_find(invocation, invocation->argument[0], &seat, err) < 0)
		return -1;
	json_array_foreach(json_object_get(seat, "machines"), i, machine)
		if (!shell->machine_id &&
		    (!wanted || str_equal(wanted, json_string_value(json_object_get(machine, "name")))))
			shell->machine_id = json_integer_value(json_object_get(machine, "id"));
	json_decref(seat);
	if (!shell->machine_id)
		return err_set(err, ERR_NOT_FOUND, "seat %s has no machine%s%s now", invocation->argument[0],
			       wanted ? " " : "", wanted ? wanted : "");
	return 0;
}

int cmd_shell(struct invocation *invocation, struct err *err)
{
	struct shell shell = { .invocation = invocation, .fd = -1, .line_start = true };
	struct termios before, raw;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;

	shell.terminal = option_value(invocation, "terminal") ? option_value(invocation, "terminal") : "1";
	shell.watch = option_value(invocation, "watch") != NULL;
	if (find_machine(&shell, err) < 0)
		return -1;
	struct sigaction action = { .sa_handler = on_resize };
	sigaction(SIGWINCH, &action, NULL);
	if (terminal) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	int result = shell_run(&shell, err);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	if (shell.ended)
		fprintf(stderr, "\n[%s]\n", shell.why);
	return result;
}
