#include "agent/agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CARDS_FIRST 16 /* indices: the loopback has 1, the machine's own cards the next ones */

/* True when request->ifr_name is the card that has this hardware address. */
static bool card_is(int fd, struct ifreq *request, const struct ether_addr *mac)
{
	return ioctl(fd, SIOCGIFHWADDR, request) == 0 &&
	       request->ifr_hwaddr.sa_family == ARPHRD_ETHER &&
	       !memcmp(request->ifr_hwaddr.sa_data, mac, sizeof(*mac));
}

/* Fills request->ifr_name with the card that has this hardware address. The kernel's whole list, by
 * netlink, costs a clone a tenth of all that it runs before it is ready; so first it is asked who has
 * the lowest indices. */
static int card_find(int fd, const char *text, struct ifreq *request)
{
	struct ether_addr mac;

	if (!ether_aton_r(text, &mac))
		return EINVAL;
	for (int index = 1; index <= CARDS_FIRST; index++) {
		*request = (struct ifreq){ .ifr_ifindex = index };
		if (ioctl(fd, SIOCGIFNAME, request) == 0 && card_is(fd, request, &mac))
			return 0;
	}
	struct if_nameindex *cards = if_nameindex();
	bool found = false;
	for (struct if_nameindex *card = cards; card && card->if_index && !found; card++) {
		*request = (struct ifreq){ 0 };
		snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", card->if_name);
		found = card_is(fd, request, &mac);
	}
	if_freenameindex(cards);
	return found ? 0 : ENODEV;
}

static bool has_ipv4(int fd, struct ifreq *request, unsigned long call, struct in_addr value)
{
	struct sockaddr_in address;

	if (ioctl(fd, call, request) < 0)
		return false;
	memcpy(&address, &request->ifr_addr, sizeof(address));
	return address.sin_addr.s_addr == value.s_addr;
}

static int set_ipv4(int fd, struct ifreq *request, unsigned long call, struct in_addr value)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = value };

	memcpy(&request->ifr_addr, &address, sizeof(address));
	return ioctl(fd, call, request) < 0 ? errno : 0;
}

static int card_address(int fd, struct ifreq *request, const char *text)
{
	char copy[64], *slash, *end = NULL;
	struct in_addr address, mask;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = 0;
	unsigned long prefix = slash ? strtoul(slash, &end, 10) : 33;
	if (prefix > 32 || end == slash || *end || inet_pton(AF_INET, copy, &address) != 1)
		return EINVAL;
	mask.s_addr = prefix ? htonl(0xffffffffu << (32 - prefix)) : 0;
	if (has_ipv4(fd, request, SIOCGIFADDR, address) &&
	    has_ipv4(fd, request, SIOCGIFNETMASK, mask))
		return 0; /* a clone has its template's */
	int error = set_ipv4(fd, request, SIOCSIFADDR, address);
	return error ? error : set_ipv4(fd, request, SIOCSIFNETMASK, mask);
}

static int card_up(int fd, struct ifreq *request)
{
	if (ioctl(fd, SIOCGIFFLAGS, request) < 0)
		return errno;
	if (request->ifr_flags & IFF_UP)
		return 0; /* saying it again would have the driver set up its filters again */
	request->ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, request) < 0 ? errno : 0;
}

int card_set(const char *mac, const char *address)
{
	struct ifreq request;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	int error = card_find(fd, mac, &request);
	if (!error && *address)
		error = card_address(fd, &request, address);
	if (!error)
		error = card_up(fd, &request);
	close(fd);
	return error;
}
