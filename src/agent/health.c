#include "agent/agent.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>

#define MIB (1024 * 1024)

static uint32_t clamp(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/* MemAvailable: sysinfo() does not know how much of the cache could be given back. */
static uint64_t memory_available(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *file = fopen("/proc/meminfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib * 1024;
}

void health_answer(struct port *port, const struct frame *ping)
{
	struct frame_writer writer;
	struct statvfs disk = { 0 };
	struct sysinfo info = { 0 };
	size_t room;
	uint8_t *tail = port_tail(port, &room);

	statvfs("/", &disk);
	sysinfo(&info);
	frame_begin(&writer, tail, room, FRAME_PONG, 0);
	frame_put_bytes(&writer, ping->payload, ping->length);
	frame_put_u32(&writer, clamp((uint64_t)disk.f_blocks * disk.f_frsize / MIB));
	frame_put_u32(&writer, clamp((uint64_t)disk.f_bavail * disk.f_frsize / MIB));
	frame_put_u32(&writer, clamp(disk.f_favail));
	frame_put_u32(&writer, clamp((uint64_t)info.totalram * info.mem_unit / MIB));
	frame_put_u32(&writer, clamp(memory_available() / MIB));
	frame_put_u32(&writer, info.procs);
	frame_put_u32(&writer, AGENT_USER_PROCESSES);
	frame_put_u32(&writer, clamp((uint64_t)info.loads[0] * 100 >> SI_LOAD_SHIFT));
	port_commit(port, frame_end(&writer));
}
