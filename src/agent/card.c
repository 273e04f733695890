#include "agent/agent.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Fills request->ifr_name with the card that has this hardware address. */
static int card_find(int fd, const char *mac, struct ifreq *request)
{
	struct if_nameindex *cards = if_nameindex();
	int error = ENODEV;

	for (struct if_nameindex *card = cards; card && card->if_index && error; card++) {
		char text[18];
		*request = (struct ifreq){ 0 };
		snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", card->if_name);
		if (ioctl(fd, SIOCGIFHWADDR, request) < 0 ||
		    request->ifr_hwaddr.sa_family != ARPHRD_ETHER)
			continue;
		const uint8_t *byte = (const uint8_t *)request->ifr_hwaddr.sa_data;
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", byte[0], byte[1],
			 byte[2], byte[3], byte[4], byte[5]);
		if (!strcasecmp(text, mac))
			error = 0;
	}
	if_freenameindex(cards);
	return error;
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
