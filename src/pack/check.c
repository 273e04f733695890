/* What a schema cannot say about the environment and the days. */
#include "pack/reader.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define DAY_MINUTES_MAX 720

struct ipv4 {
	uint32_t address, mask;
	long prefix;
};

static bool ipv4_parse(const char *text, struct ipv4 *ip)
{
	const char *slash = strchr(text, '/');
	AUTO_FREE char *host = str_copy_n(text, slash ? (size_t)(slash - text) : 0);
	struct in_addr in;

	if (!slash || inet_pton(AF_INET, host, &in) != 1 ||
	    !str_to_number(slash + 1, 8, 30, &ip->prefix))
		return false;
	ip->address = ntohl(in.s_addr);
	ip->mask = ~0u << (32 - ip->prefix);
	uint32_t rest = ip->address & ~ip->mask;
	return rest != 0 && rest != ~ip->mask;
}

static bool network_exists(const struct pack *pack, const char *name)
{
	for (size_t i = 0; i < pack->networks; i++)
		if (str_equal(pack->network[i], name))
			return true;
	return false;
}

/* One card beside another on the same network. */
static void check_neighbours(struct reader *reader, const struct pack_nic *nic,
			     const struct pack_nic *other, bool same_machine)
{
	struct ipv4 a, b;

	if (!str_equal(nic->network, other->network) || !ipv4_parse(nic->address, &a) ||
	    !ipv4_parse(other->address, &b))
		return;
	if (same_machine)
		finding_at(reader, nic->address,
			   "a second nic on the network %s; expected one per machine",
			   nic->network);
	else if (a.address == b.address)
		finding_at(reader, nic->address, "the address %s is taken; expected a free one",
			   nic->address);
	else if (a.prefix != b.prefix || (a.address & a.mask) != (b.address & b.mask))
		finding_at(reader, nic->address,
			   "%s is not in the subnet of %s; expected one subnet on the network %s",
			   nic->address, other->address, nic->network);
}

static void check_nic(struct reader *reader, size_t machine, size_t n)
{
	const struct pack *pack = reader->pack;
	const struct pack_nic *nic = &pack->machine[machine].nic[n];
	struct ipv4 ip;

	if (!network_exists(pack, nic->network))
		finding_at(reader, nic->network,
			   "there is no network %s; expected the name of a <network>",
			   nic->network);
	if (!ipv4_parse(nic->address, &ip))
		finding_at(
			reader, nic->address,
			"%s is no host's address; expected IPv4 with a prefix of 8 to 30, such as "
			"10.10.0.10/24",
			nic->address);
	for (size_t i = 0; i <= machine; i++)
		for (size_t j = 0; j < (i < machine ? pack->machine[i].nics : n); j++)
			check_neighbours(reader, nic, &pack->machine[i].nic[j], i == machine);
}

static void check_machine(struct reader *reader, size_t n)
{
	const struct pack_machine *machine = &reader->pack->machine[n];

	if (pack_machine(reader->pack, machine->name) != machine)
		finding_at(reader, machine->name, "a second machine %s; expected unique names",
			   machine->name);
	if (str_equal(machine->user, "root"))
		finding_at(reader, machine->user,
			   "the student would be root; expected an account of their own");
	if (machine->nics > PACK_NICS_MAX)
		finding_at(reader, machine, "%zu nics; expected at most %d", machine->nics,
			   PACK_NICS_MAX);
	for (size_t i = 0; i < machine->nics && i < PACK_NICS_MAX; i++)
		check_nic(reader, n, i);
	for (size_t i = 0; i < machine->setups; i++)
		check_script(reader, machine->setup[i], machine->setup[i], NULL);
	for (size_t i = 0; i < machine->probes; i++)
		if (machine->probe[i].kind == PACK_PROBE_SCRIPT)
			check_script(reader, machine->probe[i].what, machine->probe[i].what, NULL);
}

static void check_environment(struct reader *reader)
{
	const struct pack *pack = reader->pack;

	if (pack->machines > PACK_MACHINES_MAX || pack->networks > PACK_MACHINES_MAX) {
		finding_at(reader, pack,
			   "%zu machines and %zu networks; expected at most %d of each",
			   pack->machines, pack->networks, PACK_MACHINES_MAX);
		return;
	}
	for (size_t i = 0; i < pack->networks; i++)
		for (size_t j = 0; j < i; j++)
			if (str_equal(pack->network[i], pack->network[j]))
				finding_at(reader, pack->network[i],
					   "a second network %s; expected unique names",
					   pack->network[i]);
	for (size_t i = 0; i < pack->machines; i++)
		check_machine(reader, i);
}

static void check_days(struct reader *reader)
{
	const struct pack *pack = reader->pack;
	unsigned minutes = 0;

	for (size_t i = 0; i < pack->labs; i++) {
		const struct pack_lab *lab = &pack->lab[i];
		if (pack_lab(pack, lab->id) != lab)
			finding_at(reader, lab, "the lab %s a second time; expected each lab once",
				   lab->id);
		minutes = (i && lab[-1].day == lab->day ? minutes : 0) + lab->minutes;
		if (minutes > DAY_MINUTES_MAX)
			finding_at(reader, lab,
				   "day %u has %u minutes of labs; expected at most %d", lab->day,
				   minutes, DAY_MINUTES_MAX);
	}
}

void check_plain(struct reader *reader, const struct pack_text *text)
{
	for (int lang = 0; lang < PACK_LANGS; lang++) {
		const struct place *place = reader_place(reader, text->in[lang]);
		if (place)
			check_names(reader, NULL, place->file, place->line, text->in[lang]);
	}
}

void check_course(struct reader *reader)
{
	check_plain(reader, &reader->pack->title);
	check_plain(reader, &reader->pack->summary);
	check_environment(reader);
	check_days(reader);
}
