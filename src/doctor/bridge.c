/* br_netfilter: bridged frames in the host's packet filter.
 *
 * While that kernel module is loaded and net.bridge.bridge-nf-call-iptables is 1 (its default),
 * every frame that passes a bridge also passes the FORWARD hooks of iptables and nftables and the
 * connection tracking, as if the host routed it
 * (https://www.kernel.org/doc/Documentation/networking/ip-sysctl.txt, bridge-nf-call-iptables). Our
 * own nftables table lets what stays on one bridge pass. Others' rules do not: Docker sets FORWARD
 * to DROP, and then the machines of a seat do not reach each other. And tracking tells connections
 * apart by addresses and ports alone, which are the same in every seat: packets of one are taken
 * for another's, and rules that ask for "established" or "invalid" decide by chance. Frames still do
 * not leave their bridge: the air gap does not hang on this. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"
#include "doctor/inside.h"

#define SWITCHES    "/proc/sys/net/bridge"
#define SETTINGS    "/etc/sysctl.d/60-terakoya-bridge.conf"
#define UDEV_RULES  "/etc/udev/rules.d/60-terakoya-bridge.rules"
#define MODULE_LOAD "/usr/lib/systemd/systemd-sysctl --prefix=/net/bridge"

static const char *const switches[] = { "bridge-nf-call-iptables", "bridge-nf-call-ip6tables",
					"bridge-nf-call-arptables" };

static bool switch_is_on(const char *directory, const char *name)
{
	AUTO_FREE char *path = str_fmt("%s/%s", directory, name);
	AUTO(buf) struct buf text = { 0 };

	return buf_read_file(&text, path, 16, NULL) == 0 && text.length && text.data[0] != '0';
}

unsigned doctor_bridge_switches(const char *directory)
{
	unsigned on = 0;

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		on |= (unsigned)switch_is_on(directory, switches[i]) << i;
	return on;
}

/* False also where nobody but root may ask. */
static bool forwarding_is_dropped(void)
{
	char *argv[] = { (char *)"iptables", (char *)"-S", (char *)"FORWARD", NULL };
	AUTO(buf) struct buf output = { 0 };

	buf_text(&output, "");
	return doctor_run_program(argv, NULL, 2000, &output) == 0 &&
	       strstr((char *)output.data, "-P FORWARD DROP");
}

/* Who sets the switches because it filters or translates what passes its own bridges. */
static const char *who_needs_it(void)
{
	static const char *const bridges[][2] = { { "docker0", "Docker" },
						  { "cni0", "Kubernetes" },
						  { "kube-ipvs0", "Kubernetes" } };

	for (size_t i = 0; i < ARRAY_SIZE(bridges); i++) {
		AUTO_FREE char *path = str_fmt("/sys/class/net/%s", bridges[i][0]);
		if (access(path, F_OK) == 0)
			return bridges[i][1];
	}
	return NULL;
}

void doctor_probe_bridge(struct doctor *doctor, struct doctor_result *result)
{
	const char *other = who_needs_it();

	(void)doctor;
	if (access(SWITCHES, F_OK) < 0) {
		doctor_ok(result, "br_netfilter is not loaded: bridged frames pass no packet filter");
		return;
	}
	if (!doctor_bridge_switches(SWITCHES)) {
		doctor_ok(result, "br_netfilter is loaded, and switched off");
		return;
	}
	if (forwarding_is_dropped()) {
		doctor_fail(result, "br_netfilter sends bridged frames through iptables, and its FORWARD "
				    "chain drops");
		doctor_means(result, "the machines of a seat do not reach each other; labs with more than one "
				     "machine cannot be held");
	} else {
		doctor_warn(result, "br_netfilter sends bridged frames through iptables, nftables and "
				    "connection tracking");
		doctor_means(result, "addresses are the same in every seat, so that connections of different "
				     "seats are taken for one another: rules of this host may drop some of "
				     "them, and each frame costs more. The air gap does not hang on it");
	}
	if (other)
		doctor_remedy(result, "%s is on this host and needs it: hold classes on another host, or "
				      "stop %s first", other, other);
	else
		doctor_remedy(result, "run: sysctl -w net.bridge.bridge-nf-call-iptables=0 "
				      "net.bridge.bridge-nf-call-ip6tables=0 "
				      "net.bridge.bridge-nf-call-arptables=0, and put the same into %s",
			      SETTINGS);
}

static int write_file(const char *path, const char *text)
{
	AUTO_FILE FILE *file = fopen(path, "w");

	return file && fputs(text, file) >= 0 && fflush(file) == 0 ? 0 : -1;
}

int doctor_bridge_switch_off(const char *directory)
{
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		AUTO_FREE char *path = str_fmt("%s/%s", directory, switches[i]);
		if (write_file(path, "0\n") < 0)
			return -1;
	}
	return 0;
}

/* Kept over restarts, and when the module is loaded later: sysctl.d(5) has this very rule. */
static int keep_off(void)
{
	AUTO(buf) struct buf settings = { 0 };

	buf_fmt(&settings, "# Written by terakoya doctor --fix\n");
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		buf_fmt(&settings, "-net.bridge.%s = 0\n", switches[i]);
	if (write_file(SETTINGS, (char *)settings.data) < 0)
		return -1;
	return write_file(UDEV_RULES, "# Written by terakoya doctor --fix\n"
				      "ACTION==\"add\", SUBSYSTEM==\"module\", "
				      "KERNEL==\"br_netfilter\", RUN+=\"" MODULE_LOAD "\"\n");
}

int doctor_fix_bridge(struct doctor *doctor, struct doctor_result *result)
{
	const char *other = who_needs_it();

	(void)doctor;
	if (other)
		return doctor_note(result, -1, "%s is on this host, and its networks need it", other);
	if (doctor_bridge_switch_off(SWITCHES) < 0)
		return doctor_note(result, -1, "%s cannot be written: %m", SWITCHES);
	if (keep_off() < 0)
		return doctor_note(result, 0, "bridged frames pass no packet filter until the next start; "
					      "%s could not be written: %m", SETTINGS);
	return doctor_note(result, 0, "bridged frames pass no packet filter any more; %s and %s keep it so",
			   SETTINGS, UDEV_RULES);
}
