/* Channels with a terminal: a new one of the machine, in the hub like those of the page. So it is a tab
 * there, the instructor can look at it, and both may type. When the connection goes, the shell goes, but
 * not while somebody else looks at it.
 */
#include "ssh/inside.h"

#include <string.h>
#include <sys/wait.h>

#include "base/auto.h"
#include "base/str.h"

#define OUT_MAX (32 * 1024) /* bytes that wait for libssh; the rest waits in the hub */

static size_t on_data(void *context, uint64_t offset, const uint8_t *data, size_t length)
{
	struct conduit *conduit = context;
	size_t room = conduit->out.length < OUT_MAX ? OUT_MAX - conduit->out.length : 0;
	size_t taken = length < room ? length : room;

	(void)offset;
	if (taken) {
		buf_append(&conduit->out, data, taken);
		client_wake(conduit->client);
	}
	return taken;
}

static void on_state(void *context, enum terminal_state state, const char *why)
{
	struct conduit *conduit = context;

	if (state == TERMINAL_AWAY)
		conduit_say(conduit, "%s", why ? why : "the machine is away");
	if (state != TERMINAL_ENDED)
		return;
	conduit->viewer = NULL;
	if (conduit->status < 0)
		conduit_say(conduit, "%s", why ? why : "the shell has ended");
	conduit_end(conduit, conduit->status < 0 ? 255 : conduit->status);
}

static void on_exited(void *context, int status)
{
	struct conduit *conduit = context;

	conduit->status = WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void on_room(void *context)
{
	client_wake(((struct conduit *)context)->client);
}

static void on_watched(void *context, const char *name, bool assists)
{
	struct conduit *conduit = context;
	bool japanese = strcmp(conduit_language(conduit), "ja") == 0;

	if (japanese)
		conduit_say(conduit, assists ? "講師が操作しています：%s" : "講師が画面を見ています：%s", name);
	else
		conduit_say(conduit, assists ? "an instructor is helping here: %s" :
					       "an instructor is watching this terminal: %s", name);
}

static void on_refused(void *context)
{
	struct conduit *conduit = context;
	bool japanese = strcmp(conduit_language(conduit), "ja") == 0;

	conduit_say(conduit, "%s", japanese ? "クラスは一時停止中です。再開するまで入力できません" :
					      "the class is paused: nothing can be typed until it goes on");
}

static const struct viewer_events events = {
	.data = on_data,
	.state = on_state,
	.room = on_room,
	.exited = on_exited,
	.watched = on_watched,
	.refused = on_refused,
};

int shell_begin(struct conduit *conduit, const char *command, struct err *err)
{
	struct hub *hub = conduit->client->gateway->hub;
	struct machine *machine = conduit_machine(conduit, err);

	conduit->kind = CONDUIT_SHELL;
	if (!machine)
		return -1;
	if (command && strlen(command) > LINK_COMMAND_MAX)
		return err_set(err, ERR_TOO_LARGE, "a command has at most %d bytes", LINK_COMMAND_MAX);
	const struct hub_attach attach = {
		.machine_id = machine->row.id,
		.number = hub_free_number(hub, machine->row.id),
		.rows = conduit->rows,
		.columns = conduit->columns,
		.language = conduit_language(conduit),
		.command = command,
	};
	if (!attach.number)
		return err_set(err, ERR_CONFLICT,
			       "%s has %d terminals already: end one of them in the browser",
			       machine->row.name, LINK_PTYS_MAX);
	return hub_attach(hub, &attach, &events, conduit, &conduit->viewer, err);
}
