/* A lab's scripts in a seat's machine.
 *
 * Who yields: a reset sets the open lab up again while the student's shell starts, on one emulated
 * processor. The guest's kernel shares time between sessions, not processes (sched_autogroup(7)), and
 * every command of the agent is a session of its own: so the setup lowers the weight of its own session.
 * That is one line of a builtin, no process, and unlike nice(1) it leaves no trace in what the setup
 * starts: a lab about niceness finds everything at 0.
 */
#include "core/internal.h"

#include <stdlib.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"
#include "guest/frame.h"

/* Before the first line, not on one of its own: the numbers in a shell's messages stay right. */
#define YIELD "{ echo 10 >/proc/$$/autogroup; } 2>/dev/null; "

static void env_add(char ***env, size_t *count, char *entry)
{
	*env = mem_grow(*env, *count + 2, sizeof(**env));
	(*env)[(*count)++] = entry;
	(*env)[*count] = NULL;
}

/* Of the seat's student, as chosen last. */
static char *language_entry(const struct seat *seat)
{
	AUTO(person) struct person person = { 0 };

	if (!seat->row.person || people_get(seat->class->core->store, seat->row.person, &person, NULL) < 0)
		return str_fmt("TK_LANG=%s", pack_lang_names[PACK_EN]);
	return str_fmt("TK_LANG=%s", person.language);
}

char **script_env(const struct machine *machine, const struct script *script)
{
	const struct seat *seat = machine->seat;
	struct pack_values values = { 0 };
	size_t count = 0;

	pack_values(script->lab, seat->class->row.secret, script->number, &values);
	char **env = pack_env(&values);
	pack_values_free(&values);
	while (env[count])
		count++;
	env_add(&env, &count, str_fmt("TK_USER=%s", machine->spec->user ? machine->spec->user : "root"));
	env_add(&env, &count, language_entry(seat));
	env_add(&env, &count, str_fmt("TK_MACHINE=%s", machine->spec->name));
	if (script->guarded)
		env_add(&env, &count, str_copy("PATH=" FRAME_TOOL_PATH));
	if (script->answer)
		env_add(&env, &count, str_fmt("TK_ANSWER=%s", script->answer));
	return env;
}

int script_text(const struct machine *machine, const struct script *script, struct buf *text, struct err *err)
{
	if (script->yields)
		buf_text(text, YIELD);
	return pack_script(machine->seat->class->pack, script->path, text, err);
}

int script_run(struct machine *machine, const struct script *script, link_exec_fn *done, void *context,
	       struct err *err)
{
	static const char *const argv[] = { "/bin/sh", "-s", NULL };
	AUTO(buf) struct buf text = { 0 };

	if (script_text(machine, script, &text, err) < 0)
		return -1;
	char **env = script_env(machine, script);
	char **tools = script->guarded ? tools_of(machine, (const char *)text.data) : NULL;
	struct link_exec exec = { .argv = argv,
				  .env = (const char *const *)env,
				  .input = text.data,
				  .input_length = text.length,
				  .tools = (const char *const *)tools,
				  .timeout_ms = script->timeout_ms };
	link_exec(machine->link, &exec, done, context);
	pack_env_free(env);
	pack_env_free(tools);
	return 0;
}
