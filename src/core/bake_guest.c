/* What a bake does in the machine that becomes a template, through its agent: identity, the course's
 * setup scripts, warming, rehearsing, settling. bake.c says when.
 */
#include "core/bake_internal.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "bake"
#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "core/hostkey.h"

#define IDENTIFY_MS   120000 /* longer than the agent waits for its useradd */
#define SETUP_MS      300000
#define SETTLE_MS     120000
#define PROBE_MOST    (4 * 1024 * 1024) /* of a file that is probed, as in probe.c */

static void rehearse_probe(struct bake *bake);

/* ---- its identity ------------------------------------------------------------------------------ */

static void identified(void *context, const struct err *err)
{
	struct bake *bake = context;

	if (bake->ending)
		return;
	if (err)
		bake_finish(bake, err->message);
	else if (bake->stage == BAKE_IDENTIFY)
		bake_stage(bake, BAKE_SETUP);
	else
		rehearse_probe(bake);
}

/* As the machine's first seat, so that its disk and memory know the user, the cards and the names; every
 * clone is made somebody else before a student sees it. No clone keeps this host key, but has its files:
 * overwriting is cheaper than making them. */
static void bake_identify(struct bake *bake, uint64_t instance)
{
	struct seat seat = { .class = &(struct class){ .pack = (struct pack *)bake->pack } };
	struct machine machine = { .core = bake->core, .seat = &seat, .spec = bake_spec(bake) };
	struct link_identity *identity = mem_alloc(sizeof(*identity));
	struct host_key key = { 0 };

	machine_fill_identity(&machine, identity);
	identity->instance = instance;
	host_key_make(&key, identity);
	link_identify(bake->link, identity, IDENTIFY_MS, identified, bake);
	host_key_free(&key);
	free(identity);
}

static void agent_up(void *context, const struct link_hello *hello)
{
	struct bake *bake = context;

	(void)hello;
	if (bake->stage != BAKE_BOOT)
		return;
	bake_stage(bake, BAKE_IDENTIFY);
	bake_identify(bake, 1);
}

static void agent_down(void *context, const struct err *why)
{
	(void)context;
	log_debug("connection to the agent: %s", why->message);
}

void bake_connect(struct bake *bake)
{
	static const struct link_events events = { .up = agent_up, .down = agent_down };

	bake->link = link_new(bake->core->loop, bake->running.channel, &events, bake);
}

/* ---- rehearsal -------------------------------------------------------------------------------- */

/* The machine does what each of its clones will do first: takes an identity, lets itself be probed. Then
 * the files and names of that are known to its kernel, and no clone has to look for them. A probe may
 * fail here; it is the clone's that counts. */
static void rehearsed(void *context, const struct link_exec_result *result, const struct err *err)
{
	struct bake *bake = context;

	(void)result, (void)err;
	if (bake->ending)
		return;
	bake->probe++;
	rehearse_probe(bake);
}

static void rehearse_probe(struct bake *bake)
{
	const struct pack_machine *spec = bake_spec(bake);

	while (bake->probe < spec->probes && spec->probe[bake->probe].kind == PACK_PROBE_SCRIPT)
		bake->probe++;
	if (bake->probe == spec->probes) {
		bake_stage(bake, BAKE_SETTLE);
		return;
	}
	const struct pack_probe *probe = &spec->probe[bake->probe];
	link_get_file(bake->link, probe->kind == PACK_PROBE_FILE ? probe->what : "/proc/net/tcp",
		      PROBE_MOST, rehearsed, bake);
}

void bake_rehearse(struct bake *bake)
{
	bake->probe = 0;
	bake_identify(bake, 2);
}

/* ---- scripts in it ---------------------------------------------------------------------------- */

static void script_ran(void *context, const struct link_exec_result *run, const struct err *err)
{
	struct bake *bake = context;
	AUTO_FREE char *message = NULL;

	if (bake->ending)
		return;
	if (err || run->status != 0 || run->timed_out) {
		const char *script = bake->stage == BAKE_SETUP ? bake_spec(bake)->setup[bake->setup] :
								 "the warm-up";
		message = err ? str_fmt("%s: %s", script, err->message) :
				str_fmt("%s ended with status %d: %.300s", script, run->status,
					(const char *)run->errors);
		bake_finish(bake, message);
		return;
	}
	if (bake->stage == BAKE_SETUP) {
		bake->setup++;
		bake_stage(bake, BAKE_SETUP);
	} else {
		bake_stage(bake, bake->stage + 1);
	}
}

static void run_script(struct bake *bake, const char *text, size_t length, uint64_t timeout_ms)
{
	static const char *const argv[] = { "/bin/sh", "-s", NULL };
	AUTO_FREE char *user = str_fmt("TK_USER=%s", bake_spec(bake)->user ? bake_spec(bake)->user : "root");
	AUTO_FREE char *name = str_fmt("TK_MACHINE=%s", bake_spec(bake)->name);
	const char *const env[] = { user, name, NULL };
	struct link_exec exec = { .argv = argv,
				  .env = env,
				  .input = (const uint8_t *)text,
				  .input_length = length,
				  .timeout_ms = timeout_ms };

	link_exec(bake->link, &exec, script_ran, bake);
}

void bake_set_up(struct bake *bake)
{
	const struct pack_machine *spec = bake_spec(bake);
	AUTO(buf) struct buf text = { 0 };
	struct err err = ERR_INIT;

	if (bake->setup == spec->setups) {
		bake_stage(bake, BAKE_WARM);
		return;
	}
	if (pack_script(bake->pack, spec->setup[bake->setup], &text, &err) < 0)
		bake_finish(bake, err.message);
	else
		run_script(bake, (const char *)text.data, text.length, SETUP_MS);
}

/* What a student and the daemon run first. Reading it once here puts it into the memory that all clones
 * share; otherwise each clone would read it from its disk into memory of its own. */
static const char warm_up[] =
	"[ -n \"$TK_USER\" ] && runuser -u \"$TK_USER\" -- env LANG=ja_JP.UTF-8 TERM=xterm-256color"
	" bash -lic 'ls -la --color=auto; man ls | cat; history; true' </dev/null >/dev/null 2>&1\n"
	"for c in cat cp mv rm mkdir ls find grep less man nano vi tar sort id stat sudo; do\n"
	"\tp=$(command -v $c) && cat \"$p\" >/dev/null\n"
	"done\n"
	"cat /usr/share/bash-completion/bash_completion >/dev/null 2>&1 </dev/null\n"
	"sudo -n true </dev/null; runuser -u nobody -- true </dev/null\n"
	"exit 0\n";

/* Nothing that would fire at once in all clones; nothing that is still being done. cron wakes up with the
 * minute: not in the clones' first ten seconds. */
static const char settle[] =
	"systemctl is-system-running --wait >/dev/null 2>&1 </dev/null\n"
	"systemctl stop 'apt-daily*.timer' man-db.timer logrotate.timer fstrim.timer dpkg-db-backup.timer"
	" e2scrub_all.timer systemd-tmpfiles-clean.timer >/dev/null 2>&1 </dev/null\n"
	"rm -f /var/lib/systemd/random-seed\n"
	"journalctl --rotate --vacuum-time=1s >/dev/null 2>&1 </dev/null\n"
	"s=$(date +%-S); [ \"$s\" -lt 46 ] || sleep $((62 - s)) </dev/null\n"
	"sync\nexit 0\n";

void bake_warm(struct bake *bake)
{
	run_script(bake, warm_up, sizeof(warm_up) - 1, SETTLE_MS);
}

void bake_settle(struct bake *bake)
{
	run_script(bake, settle, sizeof(settle) - 1, SETTLE_MS);
}
