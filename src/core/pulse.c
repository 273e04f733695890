/* Signs of life. Every machine that is ready is asked now and then whether its agent still answers; the
 * answer says what the machine has left, so that a student who has filled the disk or let processes
 * breed is seen before they raise a hand. The numbers are the guest's word: they are shown, and decide
 * nothing. A machine that stands still with its class does not answer, and need not.
 */
#include "core/internal.h"

#define LOG_MODULE "pulse"
#include "base/clock.h"
#include "base/log.h"

#define DOWN_MS  5000  /* without a connection before a machine counts as lost */
#define ASK_MS   15000 /* between one question and the next */
#define PING_MS  10000
#define RETRY_MS 20000 /* a lost machine whose agent is connected is probed again this often */

enum complaint { COMPLAINT_NONE, COMPLAINT_DISK, COMPLAINT_FILES, COMPLAINT_PROCESSES, COMPLAINT_MEMORY };

static enum complaint find_complaint(const struct machine *machine)
{
	const struct link_health *health = &machine->health;

	if (machine->state != MACHINE_READY || !health->memory_total_mib)
		return COMPLAINT_NONE;
	if (health->disk_free_mib <= health->disk_total_mib / 100)
		return COMPLAINT_DISK;
	if (health->files_free < 100)
		return COMPLAINT_FILES;
	if (health->processes >= health->processes_max / 10 * 9)
		return COMPLAINT_PROCESSES;
	if (health->memory_free_mib <= health->memory_total_mib / 25)
		return COMPLAINT_MEMORY;
	return COMPLAINT_NONE;
}

void machine_complaint(const struct machine *machine, char text[128])
{
	const struct link_health *health = &machine->health;

	switch (find_complaint(machine)) {
	case COMPLAINT_DISK:
		snprintf(text, 128, "its disk is full: %u of %u MiB are free", health->disk_free_mib,
			 health->disk_total_mib);
		break;
	case COMPLAINT_FILES:
		snprintf(text, 128, "its disk takes no more files: %u can still be made",
			 health->files_free);
		break;
	case COMPLAINT_PROCESSES:
		snprintf(text, 128, "it has too many processes: %u, and the student may have %u",
			 health->processes, health->processes_max);
		break;
	case COMPLAINT_MEMORY:
		snprintf(text, 128, "its memory is used up: %u of %u MiB are free",
			 health->memory_free_mib, health->memory_total_mib);
		break;
	case COMPLAINT_NONE:
		text[0] = 0;
	}
}

static void ponged(void *context, const struct err *err)
{
	struct machine *machine = awaited_machine(context);

	if (!machine)
		return;
	machine->pinging = false;
	if (err && err->kind != ERR_UNAVAILABLE && !machine->seat->class->paused_at)
		machine_step(machine, EVENT_SILENT, NULL);
	if (err)
		return;
	enum complaint before = find_complaint(machine);
	machine->health = *link_health(machine->link);
	if (find_complaint(machine) == before)
		return;
	char text[128];
	machine_complaint(machine, text);
	log_info("seat %u %s: %s", machine->seat->row.number, machine->row.name,
		 *text ? text : "it is well again");
	seat_publish(machine->seat);
}

static void check_pulse(struct machine *machine, uint64_t now)
{
	if (!machine->link || machine->seat->class->paused_at)
		return;
	if (machine->state == MACHINE_READY && machine->down_at && now - machine->down_at > DOWN_MS) {
		machine_step(machine, EVENT_SILENT, NULL);
		return;
	}
	bool listens = machine->state == MACHINE_READY && link_is_up(machine->link);
	if (listens && machine->clock_looks && now >= machine->clock_look_at)
		freeze_check_clock(machine);
	if (listens && !machine->pinging && (!machine->asked_at || now - machine->asked_at > ASK_MS)) {
		machine->pinging = true;
		machine->asked_at = now;
		link_ping(machine->link, PING_MS, ponged, await(machine));
	}
	/* The agent answered after all, and it still knows who it is. */
	if (machine->state == MACHINE_LOST && link_is_up(machine->link) && !machine->down_at &&
	    now - machine->stage_at > RETRY_MS && !machine->pinging)
		machine_step(machine, EVENT_KNOWN, NULL);
}

void machine_pulse(struct core *core)
{
	struct machine *machine;
	uint64_t now = clock_mono_ms();

	LIST_FOREACH(machine, &core->machines, by_id)
		check_pulse(machine, now);
}
