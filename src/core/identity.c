/* As whom a machine wakes up: by its place in the seat, and by chance. */
#include "core/internal.h"

#include <sodium.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"

void machine_new_uuid(char uuid[37])
{
	uint8_t b[16];

	randombytes_buf(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(uuid, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		 b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
		 b[14], b[15]);
}

static void fill_hosts(const struct machine *machine, struct link_identity *identity)
{
	const struct pack *pack = machine->seat->class->pack;

	for (size_t i = 0; i < pack->machines; i++) {
		const struct pack_machine *other = &pack->machine[i];
		unsigned n = identity->host_count;
		if (!other->nics || n == ARRAY_SIZE(identity->host))
			continue;
		snprintf(identity->host[n].address, sizeof(identity->host[n].address), "%.*s",
			 (int)strcspn(other->nic[0].address, "/"), other->nic[0].address);
		snprintf(identity->host[n].name, sizeof(identity->host[n].name), "%s", other->name);
		identity->host_count++;
	}
}

void machine_fill_identity(const struct machine *machine, struct link_identity *identity)
{
	const struct pack_machine *spec = machine->spec;
	uint8_t id[16];

	snprintf(identity->host_name, sizeof(identity->host_name), "%s", spec->name);
	randombytes_buf(id, sizeof(id));
	sodium_bin2hex(identity->machine_id, sizeof(identity->machine_id), id, sizeof(id));
	identity->real_ms = clock_real_ms();
	if (machine->core->config.time_zone)
		snprintf(identity->time_zone, sizeof(identity->time_zone), "%s",
			 machine->core->config.time_zone);
	randombytes_buf(identity->entropy, sizeof(identity->entropy));
	for (size_t i = 0; i < spec->nics && i < ARRAY_SIZE(identity->nic); i++) {
		struct link_nic *nic = &identity->nic[identity->nic_count++];
		memcpy(nic->mac, spec->nic[i].mac, sizeof(nic->mac));
		snprintf(nic->address, sizeof(nic->address), "%s", spec->nic[i].address);
	}
	fill_hosts(machine, identity);
	snprintf(identity->user, sizeof(identity->user), "%s", spec->user ? spec->user : "");
	identity->user_sudo = spec->user_sudo;
}
