/* A check believes what its tools say. So a tool that somebody with root has put in the place of grep or
 * systemctl must not get a pass: before a machine is anybody's, the stamps of all programs that the course's
 * checks name are noted here, and a check brings along those of its own; the agent runs nothing unless they
 * hold (agent/tool.c). That costs a few stat() calls in the machine, and nothing while nobody checks.
 *
 * What a script names is found by its words: every word of every check that is a program in the machine.
 * Words that only look like one ("more", "test") cost nothing but the call. Besides these, every check
 * relies on the shell, the dynamic loader, and the libraries of the most used tools.
 */
#include "core/internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "tools"
#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "guest/frame.h"

#define LIBRARIES "/usr/lib/x86_64-linux-gnu/"

static const char *const always[] = { "sh",
				      "/lib64/ld-linux-x86-64.so.2",
				      "/etc/ld.so.preload",
				      LIBRARIES "libc.so.6",
				      LIBRARIES "libselinux.so.1",
				      LIBRARIES "libpcre2-8.so.0" };

struct words {
	char **item; /* NULL-terminated, each once */
	size_t count;
};

/* ---- words of scripts ------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return islower((unsigned char)c) || isdigit((unsigned char)c) || (c && strchr("+-._", c));
}

static void words_add(struct words *words, char *word)
{
	words->item = mem_grow(words->item, words->count + 2, sizeof(*words->item));
	words->item[words->count++] = word;
	words->item[words->count] = NULL;
}

static bool words_have(const struct words *words, const char *word, size_t length)
{
	for (size_t i = 0; i < words->count; i++)
		if (strncmp(words->item[i], word, length) == 0 && !words->item[i][length])
			return true;
	return false;
}

static void words_of_always(struct words *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		words_add(words, str_copy(always[i]));
}

/* A program's name begins with a letter. */
static void words_of_script(struct words *words, const char *script)
{
	for (const char *p = script; *p;) {
		size_t length = 0;
		while (is_word(p[length]))
			length++;
		bool fits = length > 1 && length <= 32 && islower((unsigned char)*p);
		if (fits && words->count < FRAME_TOOLS_MAX - 1 && !words_have(words, p, length))
			words_add(words, str_fmt("%.*s", (int)length, p));
		p += length ? length : 1;
	}
}

static void words_of_task(struct words *words, const struct pack *pack, const struct pack_task *task)
{
	AUTO(buf) struct buf text = { 0 };
	const char *script = task->check ? task->check : task->answer;

	if (script && pack_script(pack, script, &text, NULL) == 0)
		words_of_script(words, (const char *)text.data);
}

/* What was found last. The machines of a class, which are made at once, ask for the same words; and clones
 * of one template have the same tools when they begin. To list them costs a clone a third of all the
 * processor time until it is ready, so only the first ones are asked. */
struct tools_seen {
	char digest[65]; /* of the pack */
	struct words words;
	unsigned epoch; /* of the clones that the stamps are from */
	size_t machines;
	char **stamps; /* by the seat's machine; NULL: not listed yet */
};

static void stamps_forget(struct tools_seen *seen)
{
	for (size_t i = 0; i < seen->machines; i++)
		free(STEAL(seen->stamps[i]));
}

static struct tools_seen *tools_of_pack(struct core *core, const struct pack *pack)
{
	struct tools_seen *seen = core->tools;

	if (seen && strcmp(seen->digest, pack->digest) == 0)
		return seen;
	tools_free(core);
	seen = core->tools = mem_alloc(sizeof(*seen));
	memcpy(seen->digest, pack->digest, sizeof(seen->digest));
	seen->machines = pack->machines;
	seen->stamps = mem_alloc(pack->machines * sizeof(*seen->stamps));
	words_of_always(&seen->words);
	for (size_t i = 0; i < pack->labs; i++)
		for (size_t k = 0; k < pack->lab[i].tasks; k++)
			words_of_task(&seen->words, pack, &pack->lab[i].task[k]);
	return seen;
}

void tools_free(struct core *core)
{
	struct tools_seen *seen = STEAL(core->tools);

	if (!seen)
		return;
	stamps_forget(seen);
	free(seen->stamps);
	pack_env_free(seen->words.item);
	free(seen);
}

/* ---- stamps ----------------------------------------------------------------------------------- */

/* What is no program in this machine is left out; a path that is not there has to stay so. */
static char *stamps_kept(const char *list)
{
	AUTO(buf) struct buf kept = { 0 };

	for (const char *line = list; *line;) {
		size_t length = strcspn(line, "\n");
		bool absent = length > 2 && strncmp(line + length - 2, " -", 2) == 0;
		if (!absent || *line == '/')
			buf_append(&kept, line, length + (line[length] == '\n'));
		line += length + (line[length] == '\n');
	}
	buf_append(&kept, "", 1);
	return str_copy((const char *)kept.data);
}

/* Where the stamps of machines that began as this one are kept; NULL: it has none like it. */
static char **stamps_shared(struct machine *machine)
{
	struct tools_seen *seen = tools_of_pack(machine->core, machine->seat->class->pack);
	size_t index = (size_t)(machine - machine->seat->machine);

	if (!machine->epoch || index >= seen->machines)
		return NULL;
	if (seen->epoch != machine->epoch)
		stamps_forget(seen);
	seen->epoch = machine->epoch;
	return &seen->stamps[index];
}

static void stamps_share(struct machine *machine)
{
	char **shared = stamps_shared(machine);

	if (!shared)
		return;
	free(*shared);
	*shared = str_copy(machine->row.tools);
}

static void noted(void *context, const struct link_exec_result *result, const struct err *err)
{
	struct machine *machine = awaited_machine(context);

	if (!machine || (err && err->kind == ERR_UNAVAILABLE))
		return; /* the agent answers anew, or the deadline comes */
	if (err) {
		log_warning("%s: its checks' tools are not known: %s", machine->row.name, err->message);
	} else {
		machine->row.tools = stamps_kept((const char *)result->output);
		stamps_share(machine);
	}
	probe_begin(machine);
}

void tools_note(struct machine *machine)
{
	const struct tools_seen *seen;
	char **shared;

	/* A reboot is no reason to believe what is there now. */
	if (machine->row.tools && *machine->row.tools) {
		probe_begin(machine);
		return;
	}
	free(STEAL(machine->row.tools));
	shared = stamps_shared(machine);
	if (shared && *shared) {
		machine->row.tools = str_copy(*shared);
		probe_begin(machine);
		return;
	}
	seen = tools_of_pack(machine->core, machine->seat->class->pack);
	link_tools(machine->link, (const char *const *)seen->words.item, noted, await(machine));
}

char **tools_of(const struct machine *machine, const char *script)
{
	struct words used = { 0 }, stamps = { 0 };

	words_of_always(&used);
	words_of_script(&used, script);
	for (const char *line = machine->row.tools; line && *line;) {
		size_t length = strcspn(line, "\n");
		if (words_have(&used, line, strcspn(line, " ")))
			words_add(&stamps, str_fmt("%.*s", (int)length, line));
		line += length + (line[length] == '\n');
	}
	pack_env_free(used.item);
	return stamps.item;
}
