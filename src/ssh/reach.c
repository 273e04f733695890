/* Where a forwarded connection may go. The machine could reach nothing else anyway, its networks being
 * isolated; this says so at once, in words, instead of letting a packet disappear.
 */
#include "ssh/inside.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

struct address {
	int family;
	uint8_t bytes[16];
	unsigned prefix;
};

/* "10.10.0.10/24", or without a prefix. */
static bool address_read(const char *text, struct address *address)
{
	char host[64];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	long prefix;

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = 0;
	address->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	long most = address->family == AF_INET6 ? 128 : 32;
	prefix = most;
	if (slash && !str_to_number(slash + 1, 0, most, &prefix))
		return false;
	address->prefix = (unsigned)prefix;
	return inet_pton(address->family, host, address->bytes) == 1;
}

static bool same_network(const struct address *network, const struct address *address)
{
	unsigned whole = network->prefix / 8, rest = network->prefix % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	return network->family == address->family &&
	       !memcmp(network->bytes, address->bytes, whole) &&
	       (!rest || !((network->bytes[whole] ^ address->bytes[whole]) & mask));
}

static bool is_loopback(const struct address *address)
{
	static const uint8_t one[16] = { [15] = 1 };

	return address->family == AF_INET ? address->bytes[0] == 127
					  : !memcmp(address->bytes, one, sizeof(one));
}

static bool is_of_seat(const struct pack *pack, const struct address *address)
{
	struct address network;

	for (size_t i = 0; i < pack->machines; i++)
		for (size_t j = 0; j < pack->machine[i].nics; j++)
			if (address_read(pack->machine[i].nic[j].address, &network) &&
			    same_network(&network, address))
				return true;
	return false;
}

/* Of the network that both are in, if there is one. */
static const char *nic_address(const struct pack_machine *to, const struct pack_machine *from)
{
	for (size_t i = 0; i < to->nics; i++)
		for (size_t j = 0; j < from->nics; j++)
			if (str_equal(to->nic[i].network, from->nic[j].network))
				return to->nic[i].address;
	return to->nics ? to->nic[0].address : NULL;
}

static int reach_name(const struct pack *pack, const struct pack_machine *from, const char *host,
		      char address[64], struct err *err)
{
	const struct pack_machine *to = pack_machine(pack, host);
	const char *found = to ? nic_address(to, from) : NULL;

	if (!found)
		return err_set(err, ERR_NOT_FOUND,
			       "this seat has no machine \"%.64s\": name one, or an address", host);
	snprintf(address, 64, "%.*s", (int)strcspn(found, "/"), found);
	return 0;
}

int reach(const struct pack *pack, const struct pack_machine *from, const char *host,
	  char address[64], struct err *err)
{
	struct address wanted;

	if (!strcmp(host, "localhost")) {
		strcpy(address, "127.0.0.1");
		return 0;
	}
	if (strlen(host) >= 64 || strchr(host, '/') || !address_read(host, &wanted))
		return reach_name(pack, from, host, address, err);
	if (!is_loopback(&wanted) && !is_of_seat(pack, &wanted))
		return err_set(err, ERR_DENIED, "%s is not in this seat's network", host);
	strcpy(address, host);
	return 0;
}
