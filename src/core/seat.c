#include "core/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/activity.h"
#include "core/name.h"
#include "core/organisation.h"
#include "core/roster.h"

#define HAND_UNDO_MS 20000

static void seat_note(struct seat *seat, const struct actor *actor, const char *action,
		      const char *machine)
{
	AUTO_FREE char *object = str_fmt("seat %lld/%02u%s%s", (long long)seat->row.class_id,
					 seat->row.number, machine ? " " : "", machine ? machine : "");

	note(seat->class->core, actor, action, seat->row.class_id, seat->row.id, object, "");
}

static int class_must_run(const struct seat *seat, struct err *err)
{
	enum class_state state = seat->class->state;

	if (pause_check(seat->class, err) < 0)
		return -1;
	if (state == CLASS_OPEN || state == CLASS_PREPARING || state == CLASS_PREPARED)
		return 0;
	return err_set(err, ERR_CONFLICT, "class %lld is %s: its seats have no machines now",
		       (long long)seat->class->row.id, class_state_names[state]);
}

static struct machine *find_machine(struct seat *seat, const char *name, struct err *err)
{
	struct machine *machine = seat_machine(seat, name);

	if (!machine)
		err_set(err, ERR_NOT_FOUND, "seat %u has no machine \"%s\"", seat->row.number,
			name ? name : "");
	return machine;
}

/* Labs that were open have to be set up anew in the new machine: opening the seat's present lab is what
 * grade does by itself once the machine is ready. */
int seat_renew(struct seat *seat, const char *machine, struct err *err)
{
	struct core *core = seat->class->core;

	if (class_must_run(seat, err) < 0)
		return -1;
	if (!core->virt_up)
		return err_set(err, ERR_UNAVAILABLE,
			       "libvirtd is away, so no machine can be made now; try again shortly");
	if (labs_reset(core->store, seat->row.id, err) < 0)
		return -1;
	grade_renew(seat);
	for (size_t i = 0; i < seat->machines; i++) {
		struct machine *one = &seat->machine[i];
		if (machine && strcmp(machine, one->row.name) != 0)
			continue;
		one->row.replaced = 0;
		machine_step(one, EVENT_WANT, NULL);
	}
	return 0;
}

int seat_reset(struct core *core, const struct actor *actor, struct seat *seat, const char *machine,
	       struct err *err)
{
	(void)core;
	if ((machine && !find_machine(seat, machine, err)) || class_must_run(seat, err) < 0)
		return -1;
	if (seat->grade)
		catching_end(seat->grade, "the machine was reset meanwhile");
	if (seat_renew(seat, machine, err) < 0)
		return -1;
	if (seat->grade) {
		free(seat->grade->not_caught_up);
		seat->grade->not_caught_up = NULL;
	}
	seat_note(seat, actor, "seat.reset", machine);
	activity_add(seat, ACTIVITY_RESET, NULL, NULL, machine);
	return 0;
}

int seat_power(struct core *core, const struct actor *actor, struct seat *seat, const char *machine,
	       enum seat_power power, struct err *err)
{
	static const char *const actions[] = { "seat.power-on", "seat.power-off", "seat.reboot" };
	struct machine *one = find_machine(seat, machine, err);

	(void)core;
	if (!one || class_must_run(seat, err) < 0)
		return -1;
	if (power == SEAT_POWER_ON) {
		if (one->state != MACHINE_OFF && one->state != MACHINE_FROZEN)
			return err_set(err, ERR_CONFLICT, "%s is %s; only a machine that is off can be started",
				       one->row.name, machine_state_names[one->state]);
		machine_step(one, one->state == MACHINE_OFF ? EVENT_START : EVENT_THAW, NULL);
	} else if (machine_power(one, power == SEAT_POWER_OFF ? VIRT_POWER_OFF : VIRT_POWER_RESET,
				 err) < 0) {
		return -1;
	}
	seat_note(seat, actor, actions[power], one->row.name);
	return 0;
}

static int seat_save(struct seat *seat, struct err *err)
{
	if (seats_update(seat->class->core->store, &seat->row, err) < 0)
		return -1;
	seat_publish(seat);
	return 0;
}

static int name_is_free(const struct seat *seat, const char *name, struct err *err)
{
	const struct class *class = seat->class;
	AUTO_FREE char *key = name_key(name);

	for (size_t i = 0; i < class->seats && *name; i++) {
		AUTO_FREE char *other = name_key(class->seat[i].row.name);
		if (&class->seat[i] != seat && strcmp(other, key) == 0)
			return err_set(err, ERR_CONFLICT, "seat %u has the name \"%s\" already",
				       class->seat[i].row.number, name);
	}
	return 0;
}

/* All rows of the change, in one transaction: an organisation may be made for it. */
static int change_store(struct core *core, struct seat_row *row, const char *organisation, struct err *err)
{
	if (store_begin(core->store, err) < 0)
		return -1;
	if (organisation_need(core, organisation, &row->organisation, err) == 0 &&
	    seats_update(core->store, row, err) == 0)
		return store_commit(core->store, err);
	store_rollback(core->store);
	return -1;
}

static void change_keep(struct seat *seat, struct seat_row *row)
{
	row->name = str_copy(row->name);
	row->mail = str_copy(row->mail);
	row->language = str_copy(row->language);
	free(seat->row.name);
	free(seat->row.mail);
	free(seat->row.language);
	seat->row = *row;
}

int seat_change(struct core *core, const struct actor *actor, struct seat *seat,
		const struct class_person *wanted, struct err *err)
{
	const char *own = organisation_name(core, seat->row.organisation);
	const char *name = wanted->name ? wanted->name : seat->row.name;
	/* A free seat may be told anything but a name. */
	const struct class_person person = { .name = *name ? name : "-",
					     .mail = wanted->mail ? wanted->mail : seat->row.mail,
					     .organisation = wanted->organisation ? wanted->organisation : own,
					     .language = wanted->language ? wanted->language :
									    seat->row.language };
	AUTO(roster) struct roster roster = { 0 };

	roster_of(&person, 1, &roster);
	char *const *value = roster.row[0].value;
	struct seat_row row = seat->row;
	row.name = *name ? value[ROSTER_NAME] : (char *)"";
	row.mail = value[ROSTER_MAIL];
	row.language = value[ROSTER_LANGUAGE];
	if (roster_refuse(&roster, err) < 0 || name_is_free(seat, row.name, err) < 0 ||
	    change_store(core, &row, value[ROSTER_ORGANISATION], err) < 0)
		return -1;
	change_keep(seat, &row);
	seat_note(seat, actor, "seat.rename", NULL);
	if (organisations_load(core, err) < 0)
		return -1;
	seat_publish(seat);
	return 0;
}

/* A hand that was lowered by mistake gets its place in the order back. */
static int64_t hand_raised_at(const struct seat *seat)
{
	bool again = seat->hand_was && clock_mono_ms() - seat->hand_lowered < HAND_UNDO_MS;

	return again ? seat->hand_was : clock_real_ms();
}

int seat_raise_hand(struct core *core, struct seat *seat, bool raised, struct err *err)
{
	(void)core;
	if (seat->row.hand == raised)
		return 0;
	struct seat_row old = seat->row;
	seat->row.hand = raised;
	seat->row.hand_at = raised ? hand_raised_at(seat) : 0;
	if (seat_save(seat, err) < 0) {
		seat->row = old;
		return -1;
	}
	bool again = raised && seat->row.hand_at == seat->hand_was;
	seat->hand_was = raised ? 0 : old.hand_at;
	seat->hand_lowered = clock_mono_ms();
	if (raised && !again)
		activity_add(seat, ACTIVITY_HAND, NULL, NULL, NULL);
	return 0;
}

int seat_join_token(struct core *core, const struct actor *actor, struct seat *seat, char token[65],
		    struct err *err)
{
	struct seat_row row = seat->row;
	uint8_t secret[32];

	randombytes_buf(secret, sizeof(secret));
	sodium_bin2hex(token, 65, secret, sizeof(secret));
	crypto_hash_sha256(row.join_hash, (const unsigned char *)token, 64);
	if (seats_update(core->store, &row, err) < 0)
		return -1;
	seat->row = row;
	seat_note(seat, actor, "seat.join-link", NULL);
	return 0;
}

void machine_set_terminals(struct machine *machine, uint32_t numbers)
{
	if (machine->terminals == numbers)
		return;
	machine->terminals = numbers;
	seat_publish(machine->seat);
}

void seat_set_watchers(struct seat *seat, const struct seat_watcher *watcher, size_t count)
{
	free(seat->watcher);
	seat->watcher = mem_grow(NULL, count + 1, sizeof(*watcher));
	memcpy(seat->watcher, watcher, count * sizeof(*watcher));
	seat->watchers = count;
	seat_publish(seat);
}
