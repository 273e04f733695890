/* The JSON that the API, the event stream and the command line share. Built, never printed. */
#include "core/internal.h"

#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/activity.h"
#include "core/capacity.h"
#include "core/message.h"
#include "core/organisation.h"
#include "core/proof.h"
#include "core/setting.h"

#define ACTIVITY_SHOWN 10
#define I(number) ((json_int_t)(number))

/* json_pack() with a format that is a literal: it can fail only for text that is not UTF-8, and then
 * the view says null there rather than taking the whole answer down. */
static json_t *text(const char *value)
{
	json_t *string = json_string(value ? value : "");

	return string ? string : json_null();
}

static json_t *texts(const struct pack_text *in)
{
	json_t *object = json_object();

	for (int lang = 0; lang < PACK_LANGS; lang++)
		json_object_set_new(object, pack_lang_names[lang], text(in->in[lang]));
	return object;
}

/* ---- courses and the host ---- */

json_t *view_course(const struct pack *pack)
{
	json_t *labs = json_array(), *machines = json_array();

	for (size_t i = 0; i < pack->labs; i++) {
		const struct pack_lab *lab = &pack->lab[i];
		json_array_append_new(labs, json_pack("{s:s, s:o, s:i, s:i, s:i}", "id", lab->id, "title",
						      texts(&lab->title), "day", lab->day, "minutes",
						      lab->minutes, "tasks", (int)lab->tasks));
	}
	for (size_t i = 0; i < pack->machines; i++) {
		const struct pack_machine *machine = &pack->machine[i];
		json_array_append_new(machines,
				      json_pack("{s:s, s:s, s:i, s:i, s:i}", "name", machine->name, "image",
						machine->image, "memory_mib", machine->memory_mib, "vcpus",
						machine->vcpus, "disk_mib", machine->disk_mib));
	}
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:o, s:o, s:o, s:o}", "id", pack->id, "version",
			 pack->version, "digest", pack->digest, "tlp", pack->tlp, "license",
			 pack->license, "title", texts(&pack->title), "summary", texts(&pack->summary),
			 "machines", machines, "labs", labs);
}

static int running_machines(struct core *core)
{
	struct machine *machine;
	int count = 0;

	LIST_FOREACH(machine, &core->machines, by_id)
		count += machine->link != NULL;
	return count;
}

json_t *view_host(struct core *core)
{
	const struct virt_host *host = &core->host;

	return json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:b, s:i, s:I, s:I, s:I, s:b, s:I, s:i, s:s}", "accel",
			 host->accel == VIRT_ACCEL_KVM ? "kvm" : "tcg", "accel_reason",
			 host->accel_reason, "can_clone", host->can_clone, "clone_reason",
			 host->clone_reason, "qemu_version", host->qemu_version, "libvirt_version",
			 host->libvirt_version, "libvirt", core_virt_is_up(core), "cpus", (int)host->cpus,
			 "memory_total", I(host->memory_total), "memory_available",
			 I(host->memory_available), "memory_reserve", I(memory_reserve(core)), "memory_low",
			 core->memory_low, "disk_free", I(host->disk_free), "machines",
			 running_machines(core), "version", TERAKOYA_VERSION);
}

/* ---- seats ---- */

/* How near to ready a state is: a seat shows the state of its machine that is farthest from it. */
static int state_rank(enum machine_state state)
{
	static const enum machine_state order[] = {
		MACHINE_FAILED,	       MACHINE_LOST,	MACHINE_OFF,	 MACHINE_REMOVING, MACHINE_ABSENT,
		MACHINE_WAITING,       MACHINE_CLONING, MACHINE_BOOTING, MACHINE_PERSONALISING,
		MACHINE_PROBING,       MACHINE_FROZEN,	MACHINE_FREEZING, MACHINE_RESUMING,
		MACHINE_READY,
	};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] == state)
			return (int)i;
	return 0;
}

static json_t *view_health(const struct link_health *health)
{
	if (!health->memory_total_mib)
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "disk_total_mib",
			 I(health->disk_total_mib), "disk_free_mib", I(health->disk_free_mib),
			 "files_free", I(health->files_free), "memory_total_mib",
			 I(health->memory_total_mib), "memory_free_mib", I(health->memory_free_mib),
			 "processes", I(health->processes), "processes_max", I(health->processes_max),
			 "load", health->load / 100.0);
}

static json_t *view_terminals(uint32_t terminals)
{
	json_t *numbers = json_array();

	for (int number = 1; number <= LINK_PTYS_MAX; number++)
		if (terminals & 1u << number)
			json_array_append_new(numbers, json_integer(number));
	return numbers;
}

static json_t *view_machine(const struct machine *machine)
{
	char complaint[128];
	int64_t since = clock_real_ms() - (int64_t)(clock_mono_ms() - machine->stage_at);

	machine_complaint(machine, complaint);
	return json_pack("{s:I, s:s, s:s, s:o, s:o, s:I, s:I, s:i, s:s, s:o}", "id", I(machine->row.id), "name",
			 machine->row.name, "state", machine_state_names[machine->state], "reason",
			 text(*complaint ? complaint : machine->row.reason), "health",
			 view_health(&machine->health), "stage_ms", I(since), "ready_ms",
			 I(machine->ready_ms), "replaced", (int)machine->row.replaced, "user",
			 machine->spec && machine->spec->user ? machine->spec->user : "root",
			 "terminals", view_terminals(machine->terminals));
}

static void sum_progress(const struct seat *seat, int *points, int *done)
{
	*points = *done = 0;
	for (size_t i = 0; i < seat->progresses; i++) {
		*points += (int)seat->progress[i].points;
		*done += seat->progress[i].done;
	}
}

static json_t *view_watchers(const struct seat *seat)
{
	json_t *list = json_array();

	for (size_t i = 0; i < seat->watchers; i++) {
		const struct seat_watcher *watcher = &seat->watcher[i];
		json_array_append_new(list, json_pack("{s:o, s:s, s:I, s:i}", "name", text(watcher->name),
						      "mode", watcher->assists ? "assist" : "watch",
						      "machine", I(watcher->machine_id), "terminal",
						      (int)watcher->terminal));
	}
	return list;
}

json_t *view_seat(const struct seat *seat)
{
	enum machine_state worst = seat->machines ? MACHINE_READY : MACHINE_ABSENT;
	json_t *machines = json_array();
	int points, done;

	for (size_t i = 0; i < seat->machines; i++) {
		enum machine_state state = seat->machine[i].state;
		if (state_rank(state) < state_rank(worst))
			worst = state;
		json_array_append_new(machines, view_machine(&seat->machine[i]));
	}
	sum_progress(seat, &points, &done);
	json_t *view = json_pack("{s:I, s:I, s:i, s:o, s:o, s:o, s:o, s:b, s:I, s:o, s:s, s:o, s:i, s:i, s:o}", "id", I(seat->row.id),
			 "class", I(seat->row.class_id), "number", (int)seat->row.number, "name",
			 text(seat->row.name), "organisation",
			 view_organisation(seat->class->core, seat->row.organisation), "mail",
			 text(seat->row.mail), "language",
			 str_is_empty(seat->row.language) ? json_null() : text(seat->row.language), "joined", seat->row.person != 0, "hand",
			 I(seat->row.hand ? seat->row.hand_at : 0), "lab", text(seat->row.lab), "state",
			 machine_state_names[worst], "machines", machines, "points", points, "done", done,
			 "catch_up", view_catching(seat));
	json_object_set_new(view, "watchers", view_watchers(seat));
	json_object_set_new(view, "lab_since", json_integer(grade_lab_since(seat)));
	json_object_set_new(view, "task_since", json_integer(grade_task_since(seat)));
	return view;
}

json_t *view_progress(const struct seat *seat, const struct progress_row *row)
{
	return json_pack("{s:I, s:s, s:s, s:b, s:b, s:i, s:i, s:i, s:i, s:I, s:I, s:I}", "seat",
			 I(seat->row.id), "lab", row->lab, "task", row->task, "done", row->done,
			 "caught_up", row->caught_up, "points", (int)row->points, "attempts",
			 (int)row->attempts, "hints", (int)row->hints, "last_code", row->last_code,
			 "first_at", I(row->first_at), "done_at", I(row->done_at), "took_ms", I(row->took_ms));
}

/* ---- classes ---- */

json_t *view_class(const struct class *class)
{
	int ready = 0;

	for (size_t i = 0; i < class->seats; i++)
		ready += seat_is_ready(&class->seat[i]);
	json_t *view = json_pack("{s:I, s:o, s:s, s:s, s:I, s:o, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:I, s:i, s:I, s:I}", "id",
			 I(class->row.id), "name", text(class->row.name), "course", class->row.course,
			 "version", class->row.version, "proven_at",
			 I(proof_passed_at(class->core, class->pack)), "title", texts(&class->pack->title), "state",
			 class_state_names[class->state], "code", class->row.code, "joining",
			 class->row.own_codes ? "seat" : "class", "cards_at", I(class->row.cards_at), "created_at",
			 I(class->row.created_at), "launched_at", I(class->row.launched_at), "ready_at",
			 I(class->row.ready_at), "closed_at", I(class->row.closed_at), "seats",
			 (int)class->seats, "ready", ready, "ready_ms", I(class->ready_ms),
			 "results_days", (int)setting_number(class->core, SETTING_RESULTS_DAYS), "results_until",
			 I(class->results_until), "results_removed_at", I(class->results_removed_at));
	view_add_times(view, class);
	return view;
}

const char *task_kind_name(enum pack_task_kind kind)
{
	return kind == PACK_TASK_STATE ? "state" : kind == PACK_TASK_ANSWER ? "answer" : "quiz";
}

static json_t *view_outline(const struct pack *pack)
{
	json_t *labs = json_array();

	for (size_t i = 0; i < pack->labs; i++) {
		const struct pack_lab *lab = &pack->lab[i];
		json_t *tasks = json_array();
		for (size_t k = 0; k < lab->tasks; k++) {
			const struct pack_task *task = &lab->task[k];
			json_array_append_new(
				tasks, json_pack("{s:s, s:o, s:i, s:i, s:s, s:b}", "id", task->id, "title",
						 texts(&task->title), "points", (int)task->points,
						 "minutes", (int)task->minutes, "kind",
						 task_kind_name(task->kind), "optional", task->optional));
		}
		json_array_append_new(labs, json_pack("{s:s, s:o, s:i, s:i, s:b, s:o}", "id", lab->id, "title",
						      texts(&lab->title), "day", (int)lab->day, "minutes",
						      (int)lab->minutes, "fresh", lab->fresh, "tasks", tasks));
	}
	return labs;
}

json_t *view_class_full(struct class *class)
{
	json_t *view = view_class(class), *seats = json_array();

	for (size_t i = 0; i < class->seats; i++) {
		const struct seat *seat = &class->seat[i];
		json_t *one = view_seat(seat), *progress = json_array();
		for (size_t k = 0; k < seat->progresses; k++)
			json_array_append_new(progress, view_progress(seat, &seat->progress[k]));
		json_object_set_new(one, "progress", progress);
		json_array_append_new(seats, one);
	}
	json_object_set_new(view, "seat", seats);
	json_object_set_new(view, "labs", view_outline(class->pack));
	json_object_set_new(view, "everyone", view_everyone(class));
	json_object_set_new(view, "messages", view_messages(class));
	json_object_set_new(view, "activity", view_activity(class, ACTIVITY_SHOWN));
	return view;
}

/* ---- the student's page ---- */

static json_t *rendered(const struct pack_text *in, const struct pack_values *values, bool inline_only)
{
	json_t *object = json_object();

	for (int lang = 0; lang < PACK_LANGS; lang++) {
		AUTO(buf) struct buf html = { 0 };
		if (in->in[lang])
			pack_render(in->in[lang], values, inline_only, &html, NULL);
		json_object_set_new(object, pack_lang_names[lang], text((const char *)html.data));
	}
	return object;
}

static json_t *view_hints(const struct pack_task *task, const struct progress_row *progress,
			  const struct pack_values *values)
{
	json_t *hints = json_array();

	for (size_t i = 0; i < task->hints; i++) {
		json_t *hint = json_pack("{s:i}", "cost", (int)task->hint[i].cost);
		if (progress && i < progress->hints)
			json_object_set_new(hint, "text", rendered(&task->hint[i].text, values, false));
		json_array_append_new(hints, hint);
	}
	return hints;
}

static json_t *view_task(const struct seat *seat, const struct pack_lab *lab,
			 const struct pack_task *task, const struct pack_values *values)
{
	const struct progress_row *progress = progress_find(seat, lab->id, task->id);
	json_t *options = json_array();

	AUTO_FREE size_t *order = mem_alloc((task->options + 1) * sizeof(*order));
	pack_shuffle(lab, task, seat->class->row.secret, seat->row.number, order);
	for (size_t i = 0; i < task->options; i++)
		json_array_append_new(options, rendered(&task->option[order[i]].text, values, true));
	return json_pack("{s:s, s:s, s:i, s:i, s:b, s:o, s:o, s:o, s:o, s:o}", "id", task->id, "kind",
			 task_kind_name(task->kind), "points", (int)task->points, "minutes", (int)task->minutes,
			 "optional", task->optional, "title", rendered(&task->title, values, true), "text",
			 rendered(&task->text, values, false), "hints", view_hints(task, progress, values),
			 "options", options, "progress",
			 progress ? view_progress(seat, progress) : json_null());
}

static json_t *view_seat_lab(const struct seat *seat, const struct pack_lab *lab)
{
	struct pack_values values = { 0 };
	json_t *tasks = json_array();

	pack_values(lab, seat->class->row.secret, seat->row.number, &values);
	for (size_t i = 0; i < lab->tasks; i++)
		json_array_append_new(tasks, view_task(seat, lab, &lab->task[i], &values));
	pack_values_free(&values);
	return json_pack("{s:s, s:o, s:i, s:i, s:b, s:b, s:b, s:o}", "id", lab->id, "title", texts(&lab->title),
			 "day", (int)lab->day, "minutes", (int)lab->minutes, "fresh", lab->fresh, "resets",
			 grade_needs_reset(seat, lab), "open", grade_lab_is_open(seat, lab), "tasks", tasks);
}

json_t *view_workspace(struct seat *seat)
{
	const struct pack *pack = seat->class->pack;
	json_t *labs = json_array();

	for (size_t i = 0; i < pack->labs; i++)
		json_array_append_new(labs, view_seat_lab(seat, &pack->lab[i]));
	return json_pack("{s:o, s:o, s:o, s:o}", "class", view_class(seat->class), "seat", view_seat(seat),
			 "labs", labs, "messages", view_unread(seat));
}

json_t *view_lab(struct seat *seat, const struct pack_lab *lab, enum pack_lang lang, struct err *err)
{
	struct pack_values values = { 0 };
	AUTO(buf) struct buf html = { 0 };

	pack_values(lab, seat->class->row.secret, seat->row.number, &values);
	int failed = pack_guide(seat->class->pack, lab, lang, &values, &html, err);
	pack_values_free(&values);
	if (failed < 0)
		return NULL;
	return json_pack("{s:s, s:s, s:o, s:o}", "id", lab->id, "language", pack_lang_names[lang], "title",
			 text(lab->title.in[lang]), "guide", text((const char *)html.data));
}

/* ---- a lab without a seat ---- */

static json_t *view_feedback(const struct pack_task *task, const struct pack_values *values)
{
	json_t *list = json_array();

	for (size_t i = 0; i < task->feedbacks; i++)
		json_array_append_new(list, json_pack("{s:i, s:o}", "code", task->feedback[i].code, "text",
						      rendered(&task->feedback[i].text, values, true)));
	return list;
}

static json_t *view_all_hints(const struct pack_task *task, const struct pack_values *values)
{
	json_t *list = json_array();

	for (size_t i = 0; i < task->hints; i++)
		json_array_append_new(list, json_pack("{s:i, s:o}", "cost", (int)task->hint[i].cost, "text",
						      rendered(&task->hint[i].text, values, false)));
	return list;
}

static json_t *view_pack_task(const struct pack_task *task, const struct pack_values *values)
{
	json_t *options = json_array();

	for (size_t i = 0; i < task->options; i++)
		json_array_append_new(options, rendered(&task->option[i].text, values, true));
	return json_pack("{s:s, s:s, s:i, s:i, s:b, s:o, s:o, s:o, s:o, s:o}", "id", task->id, "kind",
			 task_kind_name(task->kind), "points", (int)task->points, "minutes", (int)task->minutes,
			 "optional", task->optional, "title", rendered(&task->title, values, true), "text",
			 rendered(&task->text, values, false), "options", options, "hints",
			 view_all_hints(task, values), "feedback", view_feedback(task, values));
}

json_t *view_pack_lab(const struct pack *pack, const struct pack_lab *lab, enum pack_lang lang, struct err *err)
{
	static const uint8_t secret[PACK_SECRET_BYTES];
	struct pack_values values = { 0 };
	AUTO(buf) struct buf html = { 0 };
	json_t *tasks = json_array();

	pack_values(lab, secret, 1, &values);
	int failed = pack_guide(pack, lab, lang, &values, &html, err);
	for (size_t i = 0; i < lab->tasks; i++)
		json_array_append_new(tasks, view_pack_task(&lab->task[i], &values));
	pack_values_free(&values);
	if (failed < 0) {
		json_decref(tasks);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:o, s:i, s:i, s:b, s:s, s:o, s:o}", "id", lab->id, "language",
			 pack_lang_names[lang], "title", texts(&lab->title), "day", (int)lab->day, "minutes",
			 (int)lab->minutes, "fresh", lab->fresh, "machine", lab->machine, "guide",
			 text((const char *)html.data), "tasks", tasks);
}
