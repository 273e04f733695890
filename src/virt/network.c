#include "virt/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/str.h"

#define LOG_MODULE "network"
#include "base/log.h"

/* Isolated segments, and the air gap.
 *
 * A segment is a bridge that nothing but machines' cards is plugged into. libvirt's own isolated
 * networks run iptables a dozen times apiece (0.13 s to make one, 0.23 s to remove it: 11 s for the
 * 30 of a class), so the bridge is made here, in about 2 ms, and libvirt gets a network of
 * <forward mode='bridge'/> on it, which touches no firewall.
 *
 * The host has no address on the bridge, but that alone is no wall: Linux answers ARP for any of
 * its addresses on any of its interfaces, and takes in, or forwards, whatever is addressed to the
 * bridge's hardware address. Three walls stand against it, each enough by itself for what it
 * covers:
 *
 *	1  nftables tables "terakoya" for every interface named tk*, the bridges and the host's ends
 *	   of the cards (xml.c): `inet` takes, sends and forwards no packet there, `arp` neither
 *	   asks nor answers. Put in atomically before the first bridge is made, and looked for
 *	   again before others are, since `nft flush ruleset` removes them too. (A `bridge` table
 *	   would drop earlier, but matching by the bridge's name there needs a kernel module,
 *	   nft_meta_bridge, that not every host has)
 *	2  per bridge: forwarding off, whatever ip_forward says, and no answer to any ARP request
 *	3  IPv6 off on the bridge, so that the host has no link-local address there
 *
 * Cards of different seats never meet: they are on different bridges, and nothing joins those. */

#define GUARD_FRESH_MS 5000
#define BRIDGE_PREFIX  "tk"

extern char **environ;

static const char guard_rules[] =
	"add table arp terakoya\n"
	"delete table arp terakoya\n"
	"table arp terakoya {\n"
	"	chain input {\n"
	"		type filter hook input priority -300; policy accept;\n"
	"		iifname \"" BRIDGE_PREFIX "*\" drop\n"
	"	}\n"
	"	chain output {\n"
	"		type filter hook output priority -300; policy accept;\n"
	"		oifname \"" BRIDGE_PREFIX "*\" drop\n"
	"	}\n"
	"}\n"
	"add table inet terakoya\n"
	"delete table inet terakoya\n"
	"table inet terakoya {\n"
	"	chain input {\n"
	"		type filter hook input priority -300; policy accept;\n"
	"		iifname \"" BRIDGE_PREFIX "*\" drop\n"
	"	}\n"
	"	chain output {\n"
	"		type filter hook output priority -300; policy accept;\n"
	"		oifname \"" BRIDGE_PREFIX "*\" drop\n"
	"	}\n"
	/* With br_netfilter loaded, frames between two machines of a segment pass here as well. */
	"	chain forward {\n"
	"		type filter hook forward priority -300; policy accept;\n"
	"		iifname \"" BRIDGE_PREFIX "*\" oifname != \"" BRIDGE_PREFIX "*\" drop\n"
	"		oifname \"" BRIDGE_PREFIX "*\" iifname != \"" BRIDGE_PREFIX "*\" drop\n"
	"	}\n"
	"}\n";

/* ---- the guard ------------------------------------------------------------------------------ */

/* Runs nft; input may be NULL. True when it exits with 0. */
static bool run_nft(char *const argv[], const char *input)
{
	int pipes[2], status = -1;
	pid_t pid;
	posix_spawn_file_actions_t actions;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[0], STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!input)
		posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int code = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[0]);
	/* Less than a pipe holds, so that this cannot block. */
	bool written = !input || write(pipes[1], input, strlen(input)) == (ssize_t)strlen(input);
	close(pipes[1]);
	if (code || waitpid(pid, &status, 0) < 0)
		return false;
	return written && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool guard_stands(void)
{
	char *arp[] = { "nft", "list", "chain", "arp", "terakoya", "input", NULL };
	char *inet[] = { "nft", "list", "chain", "inet", "terakoya", "input", NULL };

	return run_nft(arp, NULL) && run_nft(inet, NULL);
}

/* Under network_lock. */
static int ensure_guard(struct virt *virt, struct err *err)
{
	char *install[] = { "nft", "-f", "-", NULL };
	uint64_t now = clock_mono_ms();

	if (virt->guarded_ms && now - virt->guarded_ms < GUARD_FRESH_MS)
		return 0;
	if (!guard_stands()) {
		if (!run_nft(install, guard_rules))
			return err_set(err, ERR_UNAVAILABLE,
				       "the air gap's firewall rules cannot be put in, so no "
				       "network is made: is nftables installed, and terakoyad "
				       "root?");
		log_info("the air gap's rules are in place (nft list table inet terakoya)");
	}
	virt->guarded_ms = now;
	return 0;
}

/* ---- bridges -------------------------------------------------------------------------------- */

/* "tk", the instance's six digits, and the serial to base 36: at most 15 characters, as the kernel
 * wants it. */
void network_bridge_name(const struct virt *virt, uint32_t serial, char name[16])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	char text[8], *at = text + sizeof(text) - 1;

	*at = '\0';
	do {
		*--at = digits[serial % 36];
		serial /= 36;
	} while (serial);
	snprintf(name, 16, BRIDGE_PREFIX "%.6s%s", virt->instance, at);
}

static int write_setting(const char *place, const char *name, const char *value, struct err *err)
{
	char path[256];

	snprintf(path, sizeof(path), "/proc/sys/net/%s/%s", place, name);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0; /* IPv6 is not there at all */
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		return err_errno(err, "cannot write %s to %s", value, path);
	return 0;
}

static int harden(const char *bridge, struct err *err)
{
	static const struct {
		const char *family, *name, *value;
	} settings[] = {
		{ "ipv6", "disable_ipv6", "1" },
		{ "ipv4", "forwarding", "0" },
		{ "ipv4", "arp_ignore", "8" }, /* answer for no local address: ip-sysctl.rst */
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		char place[64];
		snprintf(place, sizeof(place), "%s/conf/%s", settings[i].family, bridge);
		if (write_setting(place, settings[i].name, settings[i].value, err) < 0)
			return -1;
	}
	return 0;
}

static int set_up(int fd, const char *bridge, bool up)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", bridge);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return -1;
	if (up)
		request.ifr_flags |= IFF_UP;
	else
		request.ifr_flags &= (short)~IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request);
}

static int remove_bridge(const char *bridge, struct err *err)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, "cannot remove bridge %s", bridge);
	set_up(fd, bridge, false);
	if (ioctl(fd, SIOCBRDELBR, bridge) < 0 && errno != ENXIO && errno != ENODEV)
		return err_errno(err, "cannot remove bridge %s", bridge);
	return 0;
}

/* A new bridge forwards at once: the kernel's spanning tree is off, and the delay is only its. */
static int make_bridge(const char *bridge, struct err *err)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || (ioctl(fd, SIOCBRADDBR, bridge) < 0 && errno != EEXIST))
		return err_errno(err, "cannot make bridge %s", bridge);
	if (harden(bridge, err) < 0) {
		remove_bridge(bridge, NULL);
		return -1;
	}
	if (set_up(fd, bridge, true) < 0) {
		err_errno(err, "cannot switch on bridge %s", bridge);
		remove_bridge(bridge, NULL);
		return -1;
	}
	return 0;
}

/* ---- networks ------------------------------------------------------------------------------- */

static int create_network(struct virt *virt, virConnectPtr connection, const char *name,
			  const char *bridge, struct err *err)
{
	AUTO_FREE char *full = str_fmt("%s%s", virt->prefix, name);
	AUTO(network) virNetworkPtr network = virNetworkLookupByName(connection, full);

	if (!virt->is_test && (ensure_guard(virt, err) < 0 || make_bridge(bridge, err) < 0))
		return -1;
	if (network)
		return 0;
	AUTO_FREE char *text = xml_network(virt, name, bridge);
	network = virNetworkCreateXML(connection, text);
	if (!network) {
		err_from_virt(err, "cannot make network %s", name);
		if (!virt->is_test)
			remove_bridge(bridge, NULL);
		return -1;
	}
	return 0;
}

int virt_network_create(struct virt *virt, const char *name, uint32_t serial, struct err *err)
{
	char bridge[16];

	if (virt_check_name(name, err) < 0)
		return -1;
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);
	if (!connection)
		return -1;
	network_bridge_name(virt, serial, bridge);
	pthread_mutex_lock(&virt->network_lock);
	int code = create_network(virt, connection, name, bridge, err);
	pthread_mutex_unlock(&virt->network_lock);
	return code;
}

static int destroy_network(struct virt *virt, virNetworkPtr network, const char *name,
			   struct err *err)
{
	AUTO_FREE char *text = virNetworkGetXMLDesc(network, 0);
	char bridge[16] = "";

	if (text)
		xml_read_text(text, "/network/bridge/@name", bridge, sizeof(bridge));
	if (virNetworkDestroy(network) < 0 && virGetLastErrorCode() != VIR_ERR_NO_NETWORK)
		return err_from_virt(err, "cannot remove network %s", name);
	if (virt->is_test || !str_starts(bridge, BRIDGE_PREFIX))
		return 0;
	return remove_bridge(bridge, err);
}

int virt_network_destroy(struct virt *virt, const char *name, struct err *err)
{
	int code = 0;

	if (virt_check_name(name, err) < 0)
		return -1;
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);
	if (!connection)
		return -1;
	AUTO_FREE char *full = str_fmt("%s%s", virt->prefix, name);
	machine_settle(virt, connection);
	pthread_mutex_lock(&virt->network_lock);
	AUTO(network) virNetworkPtr network = virNetworkLookupByName(connection, full);
	if (network)
		code = destroy_network(virt, network, name, err);
	else if (virGetLastErrorCode() != VIR_ERR_NO_NETWORK)
		code = err_from_virt(err, "cannot look for network %s", name);
	pthread_mutex_unlock(&virt->network_lock);
	return code;
}

/* ---- orphans -------------------------------------------------------------------------------- */

static bool is_used(virNetworkPtr *networks, int count, const char *bridge)
{
	for (int i = 0; i < count; i++) {
		char name[16] = "";
		AUTO_FREE char *text = virNetworkGetXMLDesc(networks[i], 0);
		if (text && xml_read_text(text, "/network/bridge/@name", name, sizeof(name)) &&
		    str_equal(name, bridge))
			return true;
	}
	return false;
}

/* Whether anything is plugged in. */
static bool has_ports(const char *bridge)
{
	AUTO_FREE char *path = str_fmt("/sys/class/net/%s/brif", bridge);
	DIR *directory = opendir(path);
	unsigned ports = 0;

	for (struct dirent *entry; directory && (entry = readdir(directory));)
		ports += entry->d_name[0] != '.';
	if (directory)
		closedir(directory);
	return ports;
}

/* Bridges of this instance that no network knows: of a daemon that died between making the one and the other, or of
 * a libvirtd that forgot its networks. Machines live through that, and so does the bridge that they are plugged
 * into: it goes when they have gone. Another instance's are its own business. */
void network_sweep(struct virt *virt, virConnectPtr connection)
{
	char prefix[16];
	virNetworkPtr *networks = NULL;

	if (virt->is_test)
		return;
	snprintf(prefix, sizeof(prefix), BRIDGE_PREFIX "%.6s", virt->instance);
	pthread_mutex_lock(&virt->network_lock);
	int count = virConnectListAllNetworks(connection, &networks, 0);
	DIR *directory = count >= 0 ? opendir("/sys/class/net") : NULL;
	for (struct dirent *entry; directory && (entry = readdir(directory));)
		if (str_starts(entry->d_name, prefix) && !is_used(networks, count, entry->d_name) &&
		    !has_ports(entry->d_name)) {
			log_info("bridge %s belongs to no network and is removed", entry->d_name);
			remove_bridge(entry->d_name, NULL);
		}
	if (directory)
		closedir(directory);
	for (int i = 0; i < count; i++)
		virNetworkFree(networks[i]);
	free(networks);
	pthread_mutex_unlock(&virt->network_lock);
}
