#include "core/internal.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "class"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/activity.h"
#include "core/code.h"
#include "core/roster.h"

const char *const class_state_names[] = {
	[CLASS_DRAFT] = "draft",	 [CLASS_PREPARING] = "preparing", [CLASS_PREPARED] = "prepared",
	[CLASS_OPEN] = "open",		 [CLASS_FREEZING] = "freezing",	  [CLASS_FROZEN] = "frozen",
	[CLASS_RESUMING] = "resuming",	 [CLASS_CLOSING] = "closing",	  [CLASS_CLOSED] = "closed",
};
static_assert(ARRAY_SIZE(class_state_names) == CLASS_STATES, "every class state has a name");

struct seat *class_seat(struct class *class, unsigned number)
{
	return number >= 1 && number <= class->seats ? &class->seat[number - 1] : NULL;
}

struct machine *seat_machine(struct seat *seat, const char *name)
{
	for (size_t i = 0; i < seat->machines; i++)
		if (!name || strcmp(seat->machine[i].row.name, name) == 0)
			return &seat->machine[i];
	return NULL;
}

bool seat_is_ready(const struct seat *seat)
{
	for (size_t i = 0; i < seat->machines; i++)
		if (seat->machine[i].state != MACHINE_READY)
			return false;
	return seat->machines > 0;
}

bool class_is_private(const struct class *class)
{
	return class->row.hidden && !trial_has_class(class->core, class->row.id);
}

void seat_publish(struct seat *seat)
{
	if (seat->class->row.hidden)
		proof_wake(seat->class->core);
	if (!class_is_private(seat->class) && !seat->class->core->stopping)
		bus_publish(seat->class->core, "seat", seat->class->row.id, seat->row.id,
			    view_seat(seat));
}

void class_publish(struct class *class)
{
	if (class->row.hidden)
		proof_wake(class->core);
	else
		bus_publish(class->core, "class", class->row.id, 0, view_class(class));
}

int class_set_state(struct class *class, enum class_state state, struct err *err)
{
	char *old = class->row.state;

	class->row.state = str_copy(class_state_names[state]);
	if (classes_update(class->core->store, &class->row, err) < 0) {
		free(class->row.state);
		class->row.state = old;
		return -1;
	}
	free(old);
	class->state = state;
	class_publish(class);
	return 0;
}

/* ---- memory ----------------------------------------------------------------------------------- */

static void seat_release(struct seat *seat)
{
	for (size_t i = 0; i < seat->machines; i++) {
		machine_release(&seat->machine[i]);
		LIST_REMOVE(&seat->machine[i], by_id);
		machine_row_free(&seat->machine[i].row);
	}
	for (size_t i = 0; i < seat->progresses; i++)
		progress_row_free(&seat->progress[i]);
	grade_free(seat);
	free(seat->watcher);
	free(seat->clock_lab);
	free(seat->machine);
	free(seat->progress);
	seat_row_free(&seat->row);
}

void class_free(struct class *class)
{
	LIST_REMOVE(class, entry);
	everyone_free(class);
	freeze_free(class);
	activity_free(class);
	for (size_t i = 0; i < class->seats; i++)
		seat_release(&class->seat[i]);
	free(class->seat);
	free(class->staff);
	class_row_free(&class->row);
	free(class);
}

static int seat_load(struct seat *seat, struct err *err)
{
	struct core *core = seat->class->core;
	struct machine_row *rows;
	size_t count;

	if (progress_list(core->store, seat->row.id, &seat->progress, &seat->progresses, err) < 0 ||
	    machines_list(core->store, seat->row.id, &rows, &count, err) < 0)
		return -1;
	seat->machine = mem_alloc(count * sizeof(*seat->machine));
	for (size_t i = 0; i < count; i++) {
		struct machine *machine = &seat->machine[i];
		machine->row = rows[i];
		machine->seat = seat;
		machine->core = core;
		machine->spec = pack_machine(seat->class->pack, rows[i].name);
		machine_load(machine);
		LIST_INSERT_HEAD(&core->machines, machine, by_id);
	}
	seat->machines = count;
	free(rows);
	return 0;
}

static enum class_state class_state_from_name(const char *name)
{
	for (int state = 0; state < CLASS_STATES; state++)
		if (str_equal(class_state_names[state], name))
			return state;
	return CLASS_DRAFT;
}

static int seats_load(struct class *class, struct err *err)
{
	struct seat_row *rows;
	size_t count;

	if (seats_list(class->core->store, class->row.id, &rows, &count, err) < 0)
		return -1;
	class->seat = mem_alloc(count * sizeof(*class->seat));
	for (size_t i = 0; i < count; i++) {
		class->seat[i].row = rows[i];
		class->seat[i].class = class;
	}
	class->seats = count;
	free(rows);
	for (size_t i = 0; i < count; i++)
		if (seat_load(&class->seat[i], err) < 0)
			return -1;
	return 0;
}

/* What the database has of a class whose row and course are known. */
static int class_fill(struct class *class, struct err *err)
{
	if (class_staff_list(class->core->store, class->row.id, &class->staff, &class->staff_count, err) < 0 ||
	    seats_load(class, err) < 0 || retention_load(class, err) < 0 || pause_load(class, err) < 0)
		return -1;
	if (class->row.ready_at && class->row.launched_at)
		class->ready_ms = (uint32_t)(class->row.ready_at - class->row.launched_at);
	return 0;
}

/* Reads a class with all below it from the database; takes the row. pack: NULL for that of the row's
 * course. A class whose course is not here any more cannot be run, only looked at: it is left out, with a
 * warning, until the pack is back. */
static struct class *class_load(struct core *core, struct class_row *row, struct pack *pack,
				struct err *err)
{
	struct class *class = mem_alloc(sizeof(*class));

	class->row = *row;
	*row = (struct class_row){ 0 };
	class->core = core;
	class->state = class_state_from_name(class->row.state);
	LIST_INSERT_HEAD(&core->classes, class, entry);
	class->pack = pack ? pack :
			     course_of_class(core, class->row.course, class->row.version,
					     class->row.digest);
	if (!class->pack)
		err_set(err, ERR_NOT_FOUND, "its course %s %s is not installed; put the pack back and restart",
			class->row.course, class->row.version);
	if (!class->pack || class_fill(class, err) < 0) {
		class_free(class);
		return NULL;
	}
	if (!class->row.hidden)
		packs_keep(core, class->pack);
	return class;
}

int classes_load(struct core *core, struct err *err)
{
	struct class_row *rows;
	size_t count;

	if (classes_list(core->store, true, &rows, &count, err) < 0)
		return -1;
	/* Newest first in the list: insert the oldest first. */
	for (size_t i = count; i-- > 0;) {
		struct err why = ERR_INIT;
		int64_t id = rows[i].id;
		bool hidden = rows[i].hidden;
		bool loaded = class_load(core, &rows[i], NULL, &why);
		if (!loaded && hidden) /* a trial's, whose machines the reconciler removes */
			classes_remove(core->store, id, NULL);
		else if (!loaded)
			log_warning("class %lld is left out: %s", (long long)id, why.message);
		class_row_free(&rows[i]);
	}
	free(rows);
	return 0;
}

/* ---- making ----------------------------------------------------------------------------------- */

static int check_name(const char *what, const char *name, struct err *err)
{
	if (str_is_empty(name) || !str_is_clean_utf8(name, strlen(name)))
		return err_set(err, ERR_INVALID, "%s must be plain text of 1 to %d characters", what,
			       CLASS_NAME_MAX);
	if (str_characters(name) > CLASS_NAME_MAX)
		return err_set(err, ERR_INVALID, "%s has %zu characters; at most %d are allowed", what,
			       str_characters(name), CLASS_NAME_MAX);
	return 0;
}

static int check_request(const struct class_new *request, unsigned *seats, struct err *err)
{
	*seats = request->person_count ? (unsigned)request->person_count : request->seats;
	if (*seats < 1 || *seats > CLASS_SEATS_MAX)
		return err_set(err, ERR_INVALID, "a class has 1 to %d seats, not %u", CLASS_SEATS_MAX,
			       *seats);
	if (request->person_count && request->seats && request->seats != request->person_count)
		return err_set(err, ERR_INVALID, "%u seats were asked for, but %zu names were given",
			       request->seats, request->person_count);
	if (request->name && check_name("the class's name", request->name, err) < 0)
		return -1;
	return 0;
}

static char *default_name(const struct pack *pack)
{
	time_t now = time(NULL);
	struct tm local;
	char date[16];

	localtime_r(&now, &local);
	strftime(date, sizeof(date), "%Y-%m-%d", &local);
	return str_fmt("%s, %s", pack->title.in[PACK_EN], date);
}

static int add_seat(struct core *core, const struct pack *pack, int64_t class_id, unsigned number,
		    char *const person[ROSTER_FIELDS], struct err *err)
{
	char code[SEAT_CODE_MAX];
	struct seat_row seat = { .class_id = class_id,
				 .number = number,
				 .name = person[ROSTER_NAME],
				 .mail = person[ROSTER_MAIL],
				 .language = person[ROSTER_LANGUAGE],
				 .code = code };
	int64_t seat_id;

	seat_code_make(code);
	/* No link leads to the seat until one is asked for. */
	randombytes_buf(seat.join_hash, sizeof(seat.join_hash));
	if (organisation_need(core, person[ROSTER_ORGANISATION], &seat.organisation, err) < 0 ||
	    seats_add(core->store, &seat, &seat_id, err) < 0)
		return -1;
	for (size_t i = 0; i < pack->machines; i++) {
		struct machine_row machine = { .seat_id = seat_id,
					       .name = pack->machine[i].name,
					       .state = (char *)machine_state_names[MACHINE_ABSENT],
					       .reason = (char *)"",
					       .changed_at = clock_real_ms() };
		int64_t id;
		if (machines_add(core->store, &machine, &id, err) < 0)
			return -1;
	}
	return 0;
}

static void unused_code(struct core *core, char code[CODE_MAX])
{
	do
		code_make(code);
	while (core_class_by_code(core, code));
}

static int add_class(struct core *core, const struct actor *actor, const struct class_new *request,
		     const struct pack *pack, unsigned seats, const struct roster *roster, int64_t *id,
		     struct err *err)
{
	AUTO_FREE char *name = request->name ? str_copy(request->name) : default_name(pack);
	char *const nobody[ROSTER_FIELDS] = { NULL };
	char code[CODE_MAX];
	struct class_row row = { .name = name,
				 .course = pack->id,
				 .version = pack->version,
				 .digest = (char *)pack->digest,
				 .code = code,
				 .state = (char *)class_state_names[CLASS_DRAFT],
				 .instructor = actor->person,
				 .created_at = clock_real_ms(),
				 .hidden = request->hidden,
				 .own_codes = request->own_codes };

	unused_code(core, code);
	if (request->secret)
		memcpy(row.secret, request->secret, sizeof(row.secret));
	else
		randombytes_buf(row.secret, sizeof(row.secret));
	if (classes_add(core->store, &row, id, err) < 0)
		return -1;
	for (unsigned i = 0; i < seats; i++)
		if (add_seat(core, pack, *id, i + 1, i < roster->rows ? roster->row[i].value : nobody,
			     err) < 0)
			return -1;
	return 0;
}

static int read_class(struct core *core, int64_t id, struct pack *pack, struct class **class,
		      struct err *err)
{
	struct class_row *rows;
	size_t count;

	if (classes_list(core->store, true, &rows, &count, err) < 0)
		return -1;
	*class = NULL;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].id == id)
			*class = class_load(core, &rows[i], pack, err);
		class_row_free(&rows[i]);
	}
	free(rows);
	return *class ? 0 : -1;
}

int class_create(struct core *core, const struct actor *actor, const struct class_new *request,
		 struct class **class, struct err *err)
{
	const struct pack *pack = request->pack ? request->pack :
						  course_version(core, request->course, request->version);
	AUTO(roster) struct roster roster = { 0 };
	unsigned seats;
	int64_t id;

	if (!pack)
		return err_set(err, ERR_NOT_FOUND, "there is no course \"%s\"%s%s here; see `terakoya pack list`",
			       request->course, request->version ? " of version " : "",
			       request->version ? request->version : "");
	if (check_request(request, &seats, err) < 0)
		return -1;
	roster_of(request->people, request->person_count, &roster);
	if (roster_refuse(&roster, err) < 0 || store_begin(core->store, err) < 0 ||
	    store_end(core->store, add_class(core, actor, request, pack, seats, &roster, &id, err), err) < 0 ||
	    organisations_load(core, err) < 0 || read_class(core, id, request->pack, class, err) < 0)
		return -1;
	note_class(core, actor, *class, "class.create", "");
	class_publish(*class);
	template_hold(core, pack);
	return 0;
}

int class_set_joining(struct core *core, const struct actor *actor, struct class *class, bool own_codes,
		      struct err *err)
{
	struct class_row row = class->row;

	if (class->state == CLASS_CLOSING || class->state == CLASS_CLOSED)
		return err_set(err, ERR_CONFLICT, "class %lld is over: nobody can join it", (long long)row.id);
	if (own_codes == row.own_codes)
		return 0;
	row.own_codes = own_codes;
	if (classes_update(core->store, &row, err) < 0)
		return -1;
	class->row.own_codes = own_codes;
	note_class(core, actor, class, "class.joining", own_codes ? "{\"by\":\"seat\"}" : "{\"by\":\"class\"}");
	class_publish(class);
	return 0;
}

/* ---- closing ---------------------------------------------------------------------------------- */

/* Removes what one seat has on the host: machines of every generation first, then its networks. */
struct sweep_job {
	struct virt_job base;
	int64_t class_id;
	char prefix[32]; /* "c3-" */
};

static int sweep_seen(struct virt *virt, const struct virt_inventory *seen, const char *prefix,
		      struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < seen->machines; i++)
		if (str_starts(seen->machine[i].name, prefix))
			result |= virt_machine_destroy(virt, seen->machine[i].name, err);
	for (size_t i = 0; i < seen->volumes; i++)
		if (str_starts(seen->volume[i], prefix))
			result |= virt_volume_remove(virt, seen->volume[i], err);
	for (size_t i = 0; i < seen->networks; i++)
		if (str_starts(seen->network[i], prefix))
			result |= virt_network_destroy(virt, seen->network[i], err);
	return result;
}

static void sweep_work(struct job *job)
{
	struct sweep_job *sweep = (struct sweep_job *)job;
	struct virt_inventory seen = { 0 };

	sweep->base.result = virt_list(sweep->base.virt, &seen, &sweep->base.err);
	if (sweep->base.result == 0)
		sweep->base.result =
			sweep_seen(sweep->base.virt, &seen, sweep->prefix, &sweep->base.err);
	virt_inventory_free(&seen);
}

static void class_closed(struct class *class)
{
	struct err err = ERR_INIT;

	class->row.closed_at = clock_real_ms();
	retention_closed(class);
	if (machines_remove_of_class(class->core->store, class->row.id, &err) < 0 ||
	    class_set_state(class, CLASS_CLOSED, &err) < 0) {
		log_error("class %lld could not be closed: %s", (long long)class->row.id, err.message);
		return;
	}
	for (size_t i = 0; i < class->seats; i++) {
		struct seat *seat = &class->seat[i];
		for (size_t k = 0; k < seat->machines; k++) {
			machine_release(&seat->machine[k]);
			LIST_REMOVE(&seat->machine[k], by_id);
			machine_row_free(&seat->machine[k].row);
		}
		seat->machines = 0;
		seat_publish(seat);
	}
	retention_look(class->core);
	templates_refresh(class->core); /* one that was baked anew may be nobody's now */
	log_info("class %lld is closed; nothing of it is left on the host", (long long)class->row.id);
}

/* After a failure (libvirtd went away) the reconciler starts it again. */
static void sweep_done(struct job *job)
{
	struct sweep_job *sweep = (struct sweep_job *)job;
	struct class *class = core_class(sweep->base.core, sweep->class_id);

	if (class && !sweep->base.core->stopping) {
		class->sweeping = false;
		if (sweep->base.result == 0)
			class_closed(class);
		else
			log_warning("class %lld is not swept yet: %s", (long long)sweep->class_id,
				    sweep->base.err.message);
	}
	free(sweep);
}

static bool class_is_making(const struct class *class)
{
	for (size_t i = 0; i < class->seats; i++)
		for (size_t k = 0; k < class->seat[i].machines; k++)
			if (class->seat[i].machine[k].making)
				return true;
	return false;
}

void class_continue_close(struct class *class)
{
	struct core *core = class->core;

	if (class->state != CLASS_CLOSING || class->sweeping || !core->virt_up || class_is_making(class))
		return;
	struct sweep_job *sweep = mem_alloc(sizeof(*sweep));
	sweep->base.job.work = sweep_work;
	sweep->base.job.done = sweep_done;
	sweep->class_id = class->row.id;
	snprintf(sweep->prefix, sizeof(sweep->prefix), "c%lld-", (long long)class->row.id);
	class->sweeping = true;
	core_submit(core, &sweep->base);
}

void class_step_machines(struct class *class, enum machine_event event)
{
	struct store *store = class->core->store;
	struct err err = ERR_INIT;
	bool together = store_begin(store, &err) == 0;

	for (size_t i = 0; i < class->seats; i++)
		for (size_t k = 0; k < class->seat[i].machines; k++)
			machine_step(&class->seat[i].machine[k], event, NULL);
	if (!together || store_commit(store, &err) < 0)
		log_error("what class %lld's machines are to become was not written down: %s", (long long)class->row.id,
			  err.message);
}

int class_close(struct core *core, const struct actor *actor, struct class *class, struct err *err)
{
	if (class->state == CLASS_CLOSED || class->state == CLASS_CLOSING)
		return err_set(err, ERR_CONFLICT, "class %lld is %s already", (long long)class->row.id,
			       class_state_names[class->state]);
	everyone_end(class, "the class was closed");
	freeze_end(class, "the class was closed");
	if (class_set_state(class, CLASS_CLOSING, err) < 0)
		return -1;
	for (size_t i = 0; i < class->seats; i++)
		grade_forget(&class->seat[i]);
	class_step_machines(class, EVENT_REMOVE);
	note_class(core, actor, class, "class.close", "");
	class_continue_close(class);
	return 0;
}

int class_remove(struct core *core, const struct actor *actor, struct class *class, struct err *err)
{
	int64_t id = class->row.id;
	bool hidden = class->row.hidden;
	AUTO_FREE char *digest = str_copy(class->row.digest);

	if (class->state != CLASS_DRAFT && class->state != CLASS_CLOSED)
		return err_set(err, ERR_CONFLICT, "class %lld is %s; close it before it is removed",
			       (long long)id, class_state_names[class->state]);
	if (classes_remove(core->store, id, err) < 0)
		return -1;
	note_class(core, actor, class, "class.remove", "");
	if (!hidden) /* while it is known who may hear that */
		bus_publish(core, "class", id, 0,
			    json_pack("{s:I, s:s}", "id", (json_int_t)id, "state", "removed"));
	class_free(class);
	packs_release(core, digest);
	return 0;
}
