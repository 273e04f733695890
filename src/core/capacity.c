/* Whether a class fits on this host, said before anything is started. */
#include "core/internal.h"

#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define MIB                (1ull << 20)
#define RESERVE            (768 * MIB) /* for the host itself, libvirtd and the daemon */
#define DISK_RESERVE       (2048 * MIB)
#define EMULATOR           (40 * MIB)  /* QEMU's own, per machine */
#define TRANSLATION        (64 * MIB)  /* its translation cache under TCG, when it is full */
#define BUSY_PERCENT       20          /* of its memory that a clone makes its own; measured after labs: 119 to
					 * 139 MB in all, so this leaves a good quarter */
#define DISK_PER_MACHINE   (512 * MIB)
#define CLONE_MS           350         /* of one processor, per machine; measured: docs/measurements.md */

static uint64_t machine_memory(const struct core *core, const struct pack_machine *machine)
{
	uint64_t memory = (uint64_t)machine->memory_mib * MIB;

	if (core->host.can_clone)
		memory = memory * BUSY_PERCENT / 100;
	return memory + EMULATOR + (core->host.accel == VIRT_ACCEL_TCG ? TRANSLATION : 0);
}

static uint64_t seat_memory(const struct core *core, const struct pack *pack)
{
	uint64_t memory = 0;

	for (size_t i = 0; i < pack->machines; i++)
		memory += machine_memory(core, &pack->machine[i]);
	return memory;
}

static void capacity_verdict(struct capacity *capacity, const char *course)
{
	double giga = 1024.0 * 1024 * 1024;

	if (capacity->fits)
		snprintf(capacity->verdict, sizeof(capacity->verdict),
			 "%u seats need %.1f GB of %.1f GB free memory, ready in about %u s; %u would fit",
			 capacity->seats, (double)capacity->memory_needed / giga,
			 (double)capacity->memory_free / giga, (capacity->launch_ms + 999) / 1000,
			 capacity->seats_that_fit);
	else
		snprintf(capacity->verdict, sizeof(capacity->verdict),
			 "%u seats of %s do not fit on this host now: they need %.1f GB of memory and %.1f GB "
			 "of disk, and %.1f and %.1f GB are free; %u seats fit",
			 capacity->seats, course, (double)capacity->memory_needed / giga,
			 (double)capacity->disk_needed / giga, (double)capacity->memory_free / giga,
			 (double)capacity->disk_free / giga, capacity->seats_that_fit);
}

void class_capacity(struct core *core, const char *course, unsigned seats, struct capacity *capacity)
{
	pack_capacity(core, course_find(core, course), seats, capacity);
}

void pack_capacity(struct core *core, const struct pack *pack, unsigned seats, struct capacity *capacity)
{
	const struct virt_host *host = &core->host;

	*capacity = (struct capacity){ .seats = seats };
	if (!pack || !core->host_known) {
		snprintf(capacity->verdict, sizeof(capacity->verdict), "%s",
			 pack ? "the host is not known yet: libvirtd does not answer" : "no such course");
		return;
	}
	uint64_t memory = seat_memory(core, pack), disk = pack->machines * DISK_PER_MACHINE;
	capacity->memory_free = host->memory_available > RESERVE ? host->memory_available - RESERVE : 0;
	capacity->disk_free = host->disk_free > DISK_RESERVE ? host->disk_free - DISK_RESERVE : 0;
	capacity->memory_needed = memory * seats;
	capacity->disk_needed = disk * seats;
	uint64_t by_memory = capacity->memory_free / memory, by_disk = capacity->disk_free / disk;
	uint64_t most = by_memory < by_disk ? by_memory : by_disk;
	capacity->seats_that_fit = most > CLASS_SEATS_MAX ? CLASS_SEATS_MAX : (unsigned)most;
	capacity->fits = seats <= capacity->seats_that_fit;
	capacity->launch_ms = 500 + (uint32_t)(seats * pack->machines * CLONE_MS);
	capacity_verdict(capacity, pack->id);
}
