/* The host's own part: packages, processor, memory, disk, limits, firewall. */
#include "doctor/inside.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/str.h"
#include "base/user.h"

#define MIB 1048576ull

/* ---- packages --------------------------------------------------------------------------------- */

/* What a running Terakoya calls for, by a file that the package brings. */
static const struct {
	const char *package, *file, *other; /* other: where a host without merged /usr has it */
} packages[] = {
	{ "qemu-system-x86", "/usr/bin/qemu-system-x86_64", NULL },
	{ "qemu-utils", "/usr/bin/qemu-img", NULL },
	{ "libvirt-daemon-system", "/etc/libvirt/qemu.conf", NULL },
	{ "libvirt-daemon", "/usr/sbin/libvirtd", NULL },
	{ "libvirt-clients", "/usr/bin/virsh", NULL },
	{ "mmdebstrap", "/usr/bin/mmdebstrap", NULL },
	{ "e2fsprogs", "/usr/sbin/mke2fs", "/sbin/mke2fs" },
	{ "xz-utils", "/usr/bin/xz", NULL },
	{ "nftables", "/usr/sbin/nft", NULL },
	{ "iptables", "/usr/sbin/iptables", NULL },
	{ "iproute2", "/usr/sbin/ip", "/sbin/ip" },
	{ "acl", "/usr/bin/setfacl", "/bin/setfacl" },
};

static bool package_is_there(size_t index)
{
	const char *other = packages[index].other;

	return access(packages[index].file, F_OK) == 0 || (other && access(other, F_OK) == 0);
}

/* " mmdebstrap qemu-utils": empty when all are there. */
static void missing_packages(struct buf *missing)
{
	buf_text(missing, "");
	for (size_t i = 0; i < ARRAY_SIZE(packages); i++)
		if (!package_is_there(i))
			buf_fmt(missing, " %s", packages[i].package);
}

static void probe_packages(struct doctor *doctor, struct doctor_result *result)
{
	AUTO(buf) struct buf missing = { 0 };

	(void)doctor;
	missing_packages(&missing);
	if (!missing.length) {
		doctor_ok(result, "all %zu packages that are called for are installed",
			  ARRAY_SIZE(packages));
		return;
	}
	doctor_fail(result, "not installed:%s", (char *)missing.data);
	doctor_means(result, "without them machines cannot be built or started");
	doctor_remedy(result, "run: apt-get install%s", (char *)missing.data);
}

static int install(struct doctor *doctor, struct doctor_result *result, const char *names)
{
	AUTO_FREE char *command =
		str_fmt("export DEBIAN_FRONTEND=noninteractive; apt-get -q -y install %s || "
			"{ apt-get -q update && apt-get -q -y install %s; }",
			names, names);
	AUTO_FREE char *text = str_fmt("installing %s", names);
	char *argv[] = { (char *)"sh", (char *)"-c", command, NULL };
	AUTO(buf) struct buf output = { 0 };
	char line[256];

	doctor->say(text);
	if (doctor_run_program(argv, NULL, 900000, &output) == 0)
		return doctor_note(result, 0, "installed %s", names);
	doctor_last_line(&output, line, sizeof(line));
	return doctor_note(result, -1, "apt-get did not install %s: %s", names, line);
}

static int fix_packages(struct doctor *doctor, struct doctor_result *result)
{
	AUTO(buf) struct buf missing = { 0 };

	missing_packages(&missing);
	return install(doctor, result, (char *)missing.data + (missing.length > 0));
}

/* ---- the keys of the guests' archive ---------------------------------------------------------- */

static void probe_keyring(struct doctor *doctor, struct doctor_result *result)
{
	DIR *keyrings = opendir("/usr/share/keyrings");
	struct dirent *file;
	bool found = false;

	(void)doctor;
	while (keyrings && (file = readdir(keyrings)))
		found |= str_starts(file->d_name, "debian-archive-trixie-stable.");
	if (keyrings)
		closedir(keyrings);
	if (found) {
		doctor_ok(result, "the keys of Debian 13's archive are known");
		return;
	}
	doctor_fail(result, "the keys of Debian 13's archive are not in /usr/share/keyrings");
	doctor_means(result, "the image cannot be built: its packages cannot be verified");
	doctor_remedy(result, "run: apt-get update && apt-get install debian-archive-keyring "
			      "(2023.3+deb12u2 or newer)");
}

static int fix_keyring(struct doctor *doctor, struct doctor_result *result)
{
	return install(doctor, result, "debian-archive-keyring");
}

/* ---- the processor ---------------------------------------------------------------------------- */

bool doctor_cpu_flag(const char *text, const char *flag)
{
	const char *line = strstr(text, "\nflags");
	size_t length = strlen(flag);
	const char *end, *word;

	if (!line)
		return false;
	end = strchrnul(line + 1, '\n');
	for (word = strstr(line, flag); word && word < end; word = strstr(word + 1, flag))
		if (word[-1] == ' ' && (word[length] == ' ' || word[length] == '\n' || !word[length]))
			return true;
	return false;
}

static bool processor_virtualises(void)
{
	AUTO(buf) struct buf text = { 0 };

	if (buf_read_file(&text, "/proc/cpuinfo", 4u << 20, NULL) < 0)
		return false;
	return doctor_cpu_flag((char *)text.data, "vmx") || doctor_cpu_flag((char *)text.data, "svm");
}

static bool kvm_makes_machines(void)
{
	AUTO_CLOSE int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	AUTO_CLOSE int machine = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	return machine >= 0;
}

static void probe_kvm(struct doctor *doctor, struct doctor_result *result)
{
	bool node = access("/dev/kvm", F_OK) == 0;

	(void)doctor;
	if (node && processor_virtualises() && (geteuid() != 0 || kvm_makes_machines())) {
		doctor_ok(result, "KVM is there, and the processor has what it needs");
		return;
	}
	if (!node)
		doctor_warn(result, "there is no /dev/kvm");
	else if (!processor_virtualises())
		doctor_warn(result, "/dev/kvm is there, but /proc/cpuinfo shows neither vmx nor svm: "
				    "it is not usable for ordinary machines");
	else
		doctor_warn(result, "/dev/kvm is there, but making a machine with it fails");
	doctor_means(result, "machines run in software emulation (TCG): a boot takes half a minute "
			     "instead of seconds, clones are not slowed down; and emulation promises no "
			     "isolation: hold classes for trusted students only");
	doctor_remedy(result, "nothing has to be done; for speed and isolation switch on virtualisation in "
			      "the firmware, or nested virtualisation on the host below");
}

/* libvirt's QEMU user is a member of group kvm. While the node is 0600 root:root, libvirt 9.0 takes its
 * cache of QEMU's capabilities for stale, and probes QEMU anew a dozen times for each machine. */
static void probe_kvm_owner(struct doctor *doctor, struct doctor_result *result)
{
	struct stat node;
	gid_t kvm;

	(void)doctor;
	if (stat("/dev/kvm", &node) < 0) {
		doctor_ok(result, "there is no /dev/kvm, so nobody has to reach it");
		return;
	}
	if ((node.st_mode & 06) == 06 || !group_find("kvm", &kvm) ||
	    (node.st_gid == kvm && (node.st_mode & 060) == 060)) {
		doctor_ok(result, "libvirt's QEMU user may open /dev/kvm");
		return;
	}
	doctor_fail(result, "/dev/kvm has mode %04o, owner %u and group %u: libvirt's QEMU user cannot "
			    "open it", node.st_mode & 07777, node.st_uid, node.st_gid);
	doctor_means(result, "libvirt looks at QEMU anew a dozen times for each machine: more than a "
			     "minute instead of half a second");
	doctor_remedy(result, "run: chgrp kvm /dev/kvm && chmod 660 /dev/kvm");
}

static int fix_kvm_owner(struct doctor *doctor, struct doctor_result *result)
{
	gid_t kvm;

	(void)doctor;
	if (!group_find("kvm", &kvm) || chown("/dev/kvm", (uid_t)-1, kvm) < 0 || chmod("/dev/kvm", 0660) < 0)
		return doctor_note(result, -1, "cannot change /dev/kvm: %m");
	return doctor_note(result, 0, "/dev/kvm belongs to group kvm now, mode 0660");
}

/* ---- memory and disk -------------------------------------------------------------------------- */

unsigned long long doctor_meminfo(const char *text, const char *name)
{
	unsigned long long kib = 0;
	size_t length = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':' &&
		    sscanf(line + length + 1, "%llu", &kib) == 1)
			return kib * 1024;
	}
	return 0;
}

/* Baking takes about 1 GiB; then each seat takes 70 to 350 MiB. */
static void probe_memory(struct doctor *doctor, struct doctor_result *result)
{
	AUTO(buf) struct buf text = { 0 };
	unsigned long long free_mib;

	(void)doctor;
	if (buf_read_file(&text, "/proc/meminfo", 1u << 16, NULL) < 0) {
		doctor_warn(result, "/proc/meminfo cannot be read");
		return;
	}
	free_mib = doctor_meminfo((char *)text.data, "MemAvailable") / MIB;
	doctor_ok(result, "%llu MiB of memory are available", free_mib);
	if (free_mib >= 4096)
		return;
	if (free_mib < 1536)
		doctor_fail(result, "only %llu MiB of memory are available", free_mib);
	else
		doctor_warn(result, "%llu MiB of memory are available", free_mib);
	doctor_means(result, "a template is baked in about 1024 MiB, and a seat takes 70 to 350 MiB: %s",
		     free_mib < 1536 ? "not even a small class fits" : "only a small class fits");
	doctor_remedy(result, "stop what is not needed, or give the host more memory");
}

/* Free MiB on the file system that holds path or the nearest directory above it that exists. */
static long long free_mib_at(const char *path)
{
	AUTO_FREE char *at = str_copy(path);
	struct statvfs about;
	char *slash;

	while (statvfs(at, &about) < 0) {
		slash = strrchr(at, '/');
		if (!slash || !at[1])
			return -1;
		slash[slash == at] = 0;
	}
	return (long long)((unsigned long long)about.f_bavail * about.f_frsize / MIB);
}

static void probe_disk(struct doctor *doctor, struct doctor_result *result)
{
	long long free_mib = free_mib_at(doctor->state_dir);

	doctor_ok(result, "%lld MiB are free for %s", free_mib, doctor->state_dir);
	if (free_mib >= 10240)
		return;
	if (free_mib < 4096)
		doctor_fail(result, "only %lld MiB are free for %s", free_mib, doctor->state_dir);
	else
		doctor_warn(result, "%lld MiB are free for %s", free_mib, doctor->state_dir);
	doctor_means(result, "building an image takes 3500 MiB for a minute, image and template take about "
			     "1000 MiB, and each seat takes what its student writes, up to 4096 MiB");
	doctor_remedy(result, "make room, or put the state on a larger disk with --state-dir");
}

static void probe_run(struct doctor *doctor, struct doctor_result *result)
{
	long long free_mib = free_mib_at("/run");

	(void)doctor;
	if (free_mib >= 32) {
		doctor_ok(result, "%lld MiB are free in /run", free_mib);
		return;
	}
	doctor_fail(result, "/run is nearly full: %lld MiB are free", free_mib);
	doctor_means(result, "libvirt keeps the state of running machines there; restarted on a full /run it "
			     "ends all of them");
	doctor_remedy(result, "see what fills it with: du -xsh /run/* | sort -h; and remove what is not needed");
}

/* ---- limits and the firewall ------------------------------------------------------------------ */

static void probe_open_files(struct doctor *doctor, struct doctor_result *result)
{
	struct rlimit limit = { 0 };

	(void)doctor;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max >= 8192) {
		doctor_ok(result, "a process may open up to %llu files",
			  (unsigned long long)limit.rlim_max);
		return;
	}
	doctor_warn(result, "a process may open only %llu files", (unsigned long long)limit.rlim_max);
	doctor_means(result, "a class of 100 seats with their browsers needs some 2000 in the daemon and more "
			     "in libvirtd");
	doctor_remedy(result, "raise nofile in /etc/security/limits.conf, or LimitNOFILE= in the services");
}

static void probe_nft(struct doctor *doctor, struct doctor_result *result)
{
	char *argv[] = { (char *)"nft", (char *)"list", (char *)"tables", NULL };
	AUTO(buf) struct buf output = { 0 };
	char line[256];

	(void)doctor;
	if (geteuid() != 0) {
		doctor_ok(result, "not tried: only root may ask the kernel's packet filter");
		return;
	}
	if (doctor_run_program(argv, NULL, 2000, &output) == 0) {
		doctor_ok(result, "the kernel's packet filter answers");
		return;
	}
	doctor_last_line(&output, line, sizeof(line));
	doctor_fail(result, "nft list tables fails: %s", *line ? line : "nft is not installed");
	doctor_means(result, "libvirt cannot shut the seats' networks off from each other and the host");
	doctor_remedy(result, "install nftables, and load the module: modprobe nf_tables");
}

/* ---- the table -------------------------------------------------------------------------------- */

const struct doctor_check doctor_host_checks[] = {
	{ "packages", "Packages", probe_packages, fix_packages },
	{ "keyring", "Keys of Debian 13's archive", probe_keyring, fix_keyring },
	{ "kvm", "Hardware virtualisation", probe_kvm, NULL },
	{ "kvm-owner", "Who may use /dev/kvm", probe_kvm_owner, fix_kvm_owner },
	{ "memory", "Memory", probe_memory, NULL },
	{ "disk", "Disk", probe_disk, NULL },
	{ "run", "Room in /run", probe_run, NULL },
	{ "open-files", "Open files", probe_open_files, NULL },
	{ "firewall", "Packet filter", probe_nft, NULL },
	{ "bridge-filter", "Bridged frames in the packet filter", doctor_probe_bridge, doctor_fix_bridge },
};
const size_t doctor_host_count = ARRAY_SIZE(doctor_host_checks);
