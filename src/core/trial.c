/* One seat for a pack that is being written.
 *
 * The seat's class points to a pack that only the trial knows. Reading it again does not replace it: what
 * the seat, its machines and the templates hold are pointers into it. So the labs and files of the new reading
 * change places with the old ones, and the environment stays; a pack whose environment would make other
 * machines is not taken over. The old labs go where the new ones came from and are kept until the daemon
 * ends, like every pack that was read: a check that is on its way still points to its task.
 */
#include "core/trial.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "trial"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/class.h"
#include "core/course.h"
#include "core/grade.h"
#include "core/internal.h"

#define TICK_MS 500

const char *const trial_state_names[] = {
	[TRIAL_BAKING] = "baking", [TRIAL_STARTING] = "starting", [TRIAL_OPENING] = "opening",
	[TRIAL_OPEN] = "open",	   [TRIAL_FAILED] = "failed",
};
static_assert(ARRAY_SIZE(trial_state_names) == TRIAL_STATES, "a name for every state");

struct trial {
	LIST_ENTRY(trial) entry;
	struct core *core;
	struct actor actor;
	int64_t id, class_id, work_id; /* 0: not yet */
	enum trial_state state;
	char *directory, *lab, *reason;
	struct pack *pack;
	sd_event_source *tick;
	uint64_t asked; /* clock_mono_ms() when somebody last asked */
};

static const struct actor trier = { .role = ROLE_ADMIN, .name = "lab try" };

struct trial *trial_find(struct core *core, int64_t id)
{
	struct trial *trial;

	LIST_FOREACH(trial, &core->trials, entry)
		if (trial->id == id)
			return trial;
	return NULL;
}

bool trial_has_class(struct core *core, int64_t class_id)
{
	struct trial *trial;

	LIST_FOREACH(trial, &core->trials, entry)
		if (trial->class_id == class_id)
			return true;
	return false;
}

const struct pack *trial_pack(struct core *core, size_t index)
{
	struct trial *trial;

	LIST_FOREACH(trial, &core->trials, entry)
		if (index-- == 0)
			return trial->pack;
	return NULL;
}

/* The pack stays: see above. */
static void trial_free(struct trial *trial)
{
	LIST_REMOVE(trial, entry);
	sd_event_source_disable_unref(trial->tick);
	free(trial->directory);
	free(trial->lab);
	free(trial->reason);
	free(trial);
}

/* Its class is one of a proof that nobody runs: proof_tidy() closes and removes it. */
void trial_end(struct trial *trial)
{
	struct core *core = trial->core;

	log_info("trial %lld of %s ends", (long long)trial->id, trial->directory);
	trial_free(trial);
	templates_refresh(core);
	proof_wake(core);
}

/* Until the daemon ends: see above. */
static struct pack *pack_keep(struct core *core, struct pack *pack)
{
	core->tried = mem_grow(core->tried, core->tried_count + 1, sizeof(*core->tried));
	core->tried[core->tried_count++] = pack;
	return pack;
}

void trials_free(struct core *core)
{
	struct trial *trial;

	while ((trial = LIST_FIRST(&core->trials)))
		trial_free(trial);
	for (size_t i = 0; i < core->tried_count; i++)
		pack_free(core->tried[i]);
	free(core->tried);
}

/* ---- on the way to an open lab ---------------------------------------------------------------- */

static void trial_fail(struct trial *trial, const char *reason)
{
	log_warning("trial %lld of %s: %s", (long long)trial->id, trial->directory, reason);
	trial->state = TRIAL_FAILED;
	free(trial->reason);
	trial->reason = str_copy(reason);
}

static struct seat *trial_seat(const struct trial *trial)
{
	struct class *class = trial->class_id ? core_class(trial->core, trial->class_id) : NULL;

	return class ? class_seat(class, 1) : NULL;
}

static void launch(struct trial *trial)
{
	const struct class_new wanted = { .course = trial->pack->id, .pack = trial->pack,
					  .name = "lab try", .seats = 1, .hidden = true };
	struct err err = ERR_INIT;
	struct class *class;

	if (class_create(trial->core, &trier, &wanted, &class, &err) < 0) {
		trial_fail(trial, err.message);
		return;
	}
	trial->class_id = class->row.id;
	trial->state = TRIAL_STARTING;
	if (class_launch(trial->core, &trier, class, true, &err) < 0)
		trial_fail(trial, err.message);
}

/* Another bake may be under way: then this one's turn comes with a later tick. */
static void go_baking(struct trial *trial)
{
	struct core *core = trial->core;
	struct work *work = core_work(trial->core, trial->work_id);
	struct err err = ERR_INIT;

	if (work && work->state == WORK_RUNNING)
		return;
	if (work && work->state == WORK_FAILED)
		trial_fail(trial, work->message);
	else if (!templates_have(core, trial->pack))
		return;
	else if (!core->host.can_clone || template_all_baked(core, trial->pack))
		launch(trial);
	else if (template_bake_pack(core, trial->pack, false, &work, &err) == 0)
		trial->work_id = work ? work->id : 0;
	else if (err.kind != ERR_CONFLICT)
		trial_fail(trial, err.message);
}

struct opening {
	struct core *core;
	int64_t trial_id;
};

static void lab_opened(void *context, const struct err *err)
{
	struct opening *opening = context;
	struct trial *trial = opening->core->stopping ? NULL :
							trial_find(opening->core, opening->trial_id);

	if (trial && trial->state == TRIAL_OPENING && err)
		trial_fail(trial, err->message);
	else if (trial && trial->state == TRIAL_OPENING)
		trial->state = TRIAL_OPEN;
	free(opening);
}

static void open_lab(struct trial *trial, struct seat *seat)
{
	struct opening *opening = mem_alloc(sizeof(*opening));
	struct err err = ERR_INIT;

	*opening = (struct opening){ trial->core, trial->id };
	trial->state = TRIAL_OPENING;
	if (grade_open_lab(seat, pack_lab(trial->pack, trial->lab), lab_opened, opening, &err) < 0) {
		free(opening);
		trial_fail(trial, err.message);
	}
}

static void go_starting(struct trial *trial)
{
	struct seat *seat = trial_seat(trial);

	if (!seat) {
		trial_fail(trial, "its class is gone");
		return;
	}
	for (size_t i = 0; i < seat->machines; i++)
		if (seat->machine[i].state == MACHINE_FAILED) {
			trial_fail(trial, seat->machine[i].row.reason);
			return;
		}
	if (seat->class->state == CLASS_OPEN && seat_is_ready(seat))
		open_lab(trial, seat);
}

static int trial_tick(sd_event_source *source, uint64_t now, void *context)
{
	struct trial *trial = context;

	(void)source, (void)now;
	if (clock_mono_ms() > trial->asked + TRIAL_IDLE_MS) {
		trial_end(trial);
		return 0;
	}
	if (trial->state == TRIAL_BAKING)
		go_baking(trial);
	else if (trial->state == TRIAL_STARTING)
		go_starting(trial);
	return loop_timer(trial->core->loop, &trial->tick, TICK_MS, trial_tick, trial);
}

/* ---- beginning -------------------------------------------------------------------------------- */

static struct pack *read_pack(const char *directory, const char *lab, struct err *err)
{
	struct pack *pack = pack_open(directory, NULL, err);

	if (pack && !pack_lab(pack, lab)) {
		err_set(err, ERR_NOT_FOUND, "the course in %s has no lab \"%s\"", directory, lab);
		pack_free(STEAL(pack));
	}
	return pack;
}

int trial_start(struct core *core, const struct actor *actor, const char *directory, const char *lab,
		struct trial **trial, struct err *err)
{
	struct trial *other;
	size_t count = 0;

	LIST_FOREACH(other, &core->trials, entry)
		count++;
	if (count >= TRIALS_MAX)
		return err_set(err, ERR_CONFLICT, "%d labs are being tried already; end one of them", TRIALS_MAX);
	if (*directory != '/')
		return err_set(err, ERR_INVALID, "directory must be an absolute path");
	struct pack *pack = read_pack(directory, lab, err);
	if (!pack)
		return -1;
	if (!core_virt_is_up(core)) {
		pack_free(pack);
		return err_set(err, ERR_UNAVAILABLE, "libvirtd does not answer, so no machine can be made; "
			       "start it, or run `terakoya doctor --fix`");
	}
	*trial = mem_alloc(sizeof(**trial));
	**trial = (struct trial){ .core = core,
				  .id = ++core->next_trial,
				  .directory = str_copy(directory),
				  .lab = str_copy(lab),
				  .pack = pack_keep(core, pack),
				  .asked = clock_mono_ms() };
	LIST_INSERT_HEAD(&core->trials, *trial, entry);
	templates_refresh(core);
	loop_timer(core->loop, &(*trial)->tick, TICK_MS, trial_tick, *trial);
	note(core, actor, "lab.try", 0, 0, pack->id, "");
	return 0;
}

/* ---- while it is open ------------------------------------------------------------------------- */

static json_t *view_tasks(const struct trial *trial)
{
	const struct pack_lab *lab = pack_lab(trial->pack, trial->lab);
	json_t *list = json_array();

	for (size_t i = 0; i < lab->tasks; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "id", lab->task[i].id, "kind",
						      task_kind_name(lab->task[i].kind)));
	return list;
}

json_t *trial_view(struct trial *trial)
{
	const struct seat *seat = trial_seat(trial);
	const struct work *work = trial->state == TRIAL_BAKING ? core_work(trial->core, trial->work_id) : NULL;
	json_t *view = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:I}", "id",
				 (json_int_t)trial->id, "directory", trial->directory, "course",
				 trial->pack->id, "lab", trial->lab, "state", trial_state_names[trial->state],
				 "reason", trial->reason ? trial->reason : "", "step", work ? work->step : "",
				 "tasks", view_tasks(trial), "class", (json_int_t)trial->class_id, "seat",
				 (json_int_t)(seat ? seat->row.id : 0));

	trial->asked = clock_mono_ms();
	return view;
}

/* Whether machines made of one would be the same as those made of the other. */
static bool same_environment(struct core *core, const struct pack *old, const struct pack *new)
{
	char was[65], is[65];

	if (old->machines != new->machines)
		return false;
	for (size_t i = 0; i < old->machines; i++)
		if (template_new_key(core, old, &old->machine[i], false, was, NULL) < 0 ||
		    template_new_key(core, new, &new->machine[i], false, is, NULL) < 0 || strcmp(was, is) != 0)
			return false;
	return true;
}

#define SWAP(a, b)                     \
	do {                           \
		__typeof__(a) c_ = a;  \
		a = b;                 \
		b = c_;                \
	} while (0)

int trial_reload(struct trial *trial, struct err *err)
{
	struct pack *old = trial->pack, *new = read_pack(trial->directory, trial->lab, err);

	if (!new)
		return -1;
	if (strcmp(old->digest, new->digest) == 0) {
		pack_free(new);
		return 0;
	}
	if (!same_environment(trial->core, old, new)) {
		pack_free(new);
		return err_set(err, ERR_CONFLICT, "the environment makes other machines now: end this trial and "
			       "begin another to work in them");
	}
	pack_keep(trial->core, new);
	SWAP(*old, *new);
	SWAP(old->machine, new->machine);
	SWAP(old->network, new->network);
	SWAP(old->machines, new->machines);
	SWAP(old->networks, new->networks);
	return 0;
}

int trial_solve(struct trial *trial, const char *id, link_exec_fn *done, void *context, struct err *err)
{
	const struct pack_lab *lab = pack_lab(trial->pack, trial->lab);
	const struct pack_task *task = pack_task(lab, id);
	struct seat *seat = trial_seat(trial);

	if (!task)
		return err_set(err, ERR_NOT_FOUND, "the lab %s has no task \"%s\"", lab->id, id);
	if (!task->solve)
		return err_set(err, ERR_INVALID, "the task %s is a quiz: there is nothing to run", id);
	if (!seat || trial->state != TRIAL_OPEN)
		return err_set(err, ERR_CONFLICT, "the lab is not open yet");
	return grade_solve(seat, lab, task, seat->row.number, done, context, err);
}
