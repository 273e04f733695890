#include "virt/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/user.h"

#define LOG_MODULE "virt"
#include "base/log.h"

/* What this host can do. Asked once per connection, since QEMU and libvirt change only with a
 * package upgrade, which restarts libvirtd; memory and disk are read each time. */

#define KVM_DEVICE    "/dev/kvm"
#define KVM_API       12 /* the only stable version there has been: Linux, virt/kvm/api.rst, 4.1 */
#define QEMU_ASK_MAX  (256 * 1024)
#define QEMU_ASK_STEP 4096

extern char **environ;

/* ---- KVM or TCG ----------------------------------------------------------------------------- */

static bool processor_has_virtualisation(void)
{
	AUTO_FILE FILE *file = fopen("/proc/cpuinfo", "re");
	char line[8192];

	while (file && fgets(line, sizeof(line), file))
		if (str_starts(line, "flags") && (strstr(line, " vmx ") || strstr(line, " svm ") ||
						  strstr(line, " vmx\n") || strstr(line, " svm\n")))
			return true;
	return false;
}

/* Both signs are needed: a nested host may show the device, although no stock kernel runs on it. */
static bool kvm_works(char reason[256])
{
	AUTO_CLOSE int fd = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);

	reason[0] = '\0';
	if (!processor_has_virtualisation())
		snprintf(reason, 256,
			 "the processor shows neither vmx nor svm in /proc/cpuinfo: switch on "
			 "virtualisation in the firmware, or nested on the outer host");
	else if (fd < 0)
		snprintf(reason, 256, KVM_DEVICE " cannot be opened: %s", strerror(errno));
	else if (ioctl(fd, KVM_GET_API_VERSION, 0) != KVM_API)
		snprintf(reason, 256, KVM_DEVICE " does not speak version %d of its interface",
			 KVM_API);
	else {
		AUTO_CLOSE int vm = ioctl(fd, KVM_CREATE_VM, 0);
		if (vm < 0)
			snprintf(reason, 256, KVM_DEVICE " makes no machine: %s", strerror(errno));
	}
	return !reason[0];
}

/* ---- what libvirt says ---------------------------------------------------------------------- */

static int ask_capabilities(virConnectPtr connection, struct host_facts *facts, struct err *err)
{
	const char *type = facts->accel == VIRT_ACCEL_KVM ? "kvm" : "qemu";
	AUTO_FREE char *text =
		virConnectGetDomainCapabilities(connection, NULL, "x86_64", "q35", type, 0);

	if (!text)
		return err_from_virt(err, "libvirt knows no QEMU for x86_64, machine q35, type %s",
				     type);
	if (!xml_read_text(text, "/domainCapabilities/machine", facts->machine_type,
			   sizeof(facts->machine_type)) ||
	    !xml_read_text(text, "/domainCapabilities/path", facts->emulator,
			   sizeof(facts->emulator)))
		return err_set(err, ERR_INTERNAL,
			       "libvirt's description of QEMU lacks machine type or path");
	return 0;
}

/* libvirt tells whom it runs QEMU as: "+64055:+107". */
static int ask_owner(virConnectPtr connection, struct host_facts *facts, struct err *err)
{
	AUTO_FREE char *text = virConnectGetCapabilities(connection);
	char label[64];
	unsigned uid, gid;

	if (!text)
		return err_from_virt(err, "libvirt does not describe this host");
	if (xml_read_text(text, "//secmodel[model='dac']/baselabel[1]", label, sizeof(label)) &&
	    sscanf(label, "+%u:+%u", &uid, &gid) == 2) {
		facts->uid = uid;
		facts->gid = gid;
		return 0;
	}
	if (!user_find("libvirt-qemu", &facts->uid, &facts->gid))
		return err_set(err, ERR_INTERNAL,
			       "cannot tell which user libvirt runs QEMU as: it shows no DAC "
			       "label, and there is no user libvirt-qemu");
	return 0;
}

/* ---- what QEMU says ------------------------------------------------------------------------- */

static int spawn_qemu(const char *emulator, int in, int out, pid_t *pid)
{
	char *argv[] = { (char *)emulator, "-machine", "none", "-nodefaults", "-nographic",
			 "-monitor", "none", "-serial", "none", "-qmp", "stdio", NULL };
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	int code = posix_spawn(pid, emulator, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

/* Asks a QEMU without a machine for its migration capabilities; it ends by itself. */
static int ask_qemu(const char *emulator, struct buf *answer, struct err *err)
{
	static const char words[] = "{\"execute\":\"qmp_capabilities\"}"
				    "{\"execute\":\"query-migrate-capabilities\"}"
				    "{\"execute\":\"quit\"}\n";
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, status;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_errno(err, "cannot ask QEMU");
	AUTO_CLOSE int in_read = in[0];
	AUTO_CLOSE int in_write = in[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_errno(err, "cannot ask QEMU");
	AUTO_CLOSE int out_read = out[0];
	AUTO_CLOSE int out_write = out[1];
	int code = spawn_qemu(emulator, in_read, out_write, &pid);
	if (code)
		return err_set(err, ERR_INTERNAL, "cannot run %s: %s", emulator, strerror(code));
	close(STEAL_FD(out_write));
	bool asked = write(in_write, words, sizeof(words) - 1) == (ssize_t)sizeof(words) - 1;
	ssize_t got;
	while (asked && answer->length < QEMU_ASK_MAX &&
	       (got = read(out_read, buf_reserve(answer, QEMU_ASK_STEP), QEMU_ASK_STEP)) > 0)
		buf_written(answer, (size_t)got);
	close(STEAL_FD(in_write)); /* what it has still to say, or waits to hear, must not keep it */
	close(STEAL_FD(out_read));
	waitpid(pid, &status, 0);
	return asked ? 0 : err_set(err, ERR_INTERNAL, "%s does not take a question", emulator);
}

static bool memfd_seals(void)
{
	AUTO_CLOSE int fd = memfd_create("terakoya-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0;
}

static void find_clone_support(struct host_facts *facts)
{
	AUTO(buf) struct buf answer = { 0 };
	struct err err = ERR_INIT;
	char *reason = facts->clone_reason;

	if (ask_qemu(facts->emulator, &answer, &err) < 0)
		snprintf(reason, sizeof(facts->clone_reason), "%.250s", err.message);
	else if (!answer.data || !strstr((const char *)answer.data, "\"x-ignore-shared\""))
		snprintf(reason, sizeof(facts->clone_reason),
			 "this QEMU cannot keep RAM out of a saved state (x-ignore-shared): "
			 "machines boot cold");
	else if (!memfd_seals())
		snprintf(reason, sizeof(facts->clone_reason),
			 "this kernel has no sealed memory (memfd_create): machines boot cold");
	else if (geteuid() != 0)
		snprintf(reason, sizeof(facts->clone_reason),
			 "terakoyad does not run as root, and cannot hand memory to QEMU's user");
	facts->can_clone = !reason[0];
}

/* ---- together ------------------------------------------------------------------------------- */

static void find_accel(struct host_facts *facts)
{
	facts->accel = kvm_works(facts->accel_reason) ? VIRT_ACCEL_KVM : VIRT_ACCEL_TCG;
	snprintf(facts->cpu_model, sizeof(facts->cpu_model), "%s",
		 facts->accel == VIRT_ACCEL_KVM ? "host-passthrough" : "maximum");
	/* Under KVM the guest has a better clock than this counter. */
	if (facts->accel == VIRT_ACCEL_TCG)
		facts->tsc_khz = tsc_measure();
}

static int find_facts(struct virt *virt, struct host_facts *facts, struct err *err)
{
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);

	if (!connection)
		return -1;
	if (virConnectGetVersion(connection, &facts->qemu) < 0 ||
	    virConnectGetLibVersion(connection, &facts->libvirt) < 0)
		return err_from_virt(err, "libvirt does not tell its version");
	if (virt->is_test) {
		snprintf(facts->accel_reason, sizeof(facts->accel_reason), "libvirt's test driver");
		snprintf(facts->clone_reason, sizeof(facts->clone_reason),
			 "libvirt's test driver runs no real machines");
		return 0;
	}
	find_accel(facts);
	if (ask_capabilities(connection, facts, err) < 0 || ask_owner(connection, facts, err) < 0)
		return -1;
	find_clone_support(facts);
	return volume_ensure_pool(virt, connection, err);
}

int host_facts(struct virt *virt, struct host_facts *facts, struct err *err)
{
	int code = 0;

	pthread_mutex_lock(&virt->facts_lock);
	if (!virt->facts_known) {
		struct host_facts found = { 0 };
		code = find_facts(virt, &found, err);
		virt->facts = found;
		virt->facts_known = code == 0;
	}
	if (code == 0)
		*facts = virt->facts;
	pthread_mutex_unlock(&virt->facts_lock);
	return code;
}

void host_forget(struct virt *virt)
{
	pthread_mutex_lock(&virt->facts_lock);
	virt->facts_known = false;
	pthread_mutex_unlock(&virt->facts_lock);
}

void host_version_text(unsigned long version, char *text, size_t size)
{
	snprintf(text, size, "%lu.%lu.%lu", version / 1000000, version / 1000 % 1000,
		 version % 1000);
}

static int read_memory(struct virt_host *host, struct err *err)
{
	AUTO_FILE FILE *file = fopen("/proc/meminfo", "re");
	char line[256];
	unsigned long long kib;

	if (!file)
		return err_errno(err, "cannot read /proc/meminfo");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemTotal: %llu kB", &kib) == 1)
			host->memory_total = kib * 1024;
		else if (sscanf(line, "MemAvailable: %llu kB", &kib) == 1)
			host->memory_available = kib * 1024;
	}
	return 0;
}

int virt_host(struct virt *virt, struct virt_host *host, struct err *err)
{
	struct virt_host seen = { 0 };
	struct host_facts facts;
	struct statvfs disk;

	if (host_facts(virt, &facts, err) < 0 || read_memory(&seen, err) < 0)
		return -1;
	if (statvfs(virt->state_dir, &disk) < 0)
		return err_errno(err, "cannot see how full %s is", virt->state_dir);
	seen.disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
	seen.cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	seen.accel = facts.accel;
	seen.can_clone = facts.can_clone;
	memcpy(seen.accel_reason, facts.accel_reason, sizeof(seen.accel_reason));
	memcpy(seen.clone_reason, facts.clone_reason, sizeof(seen.clone_reason));
	memcpy(seen.machine_type, facts.machine_type, sizeof(seen.machine_type));
	memcpy(seen.cpu_model, facts.cpu_model, sizeof(seen.cpu_model));
	host_version_text(facts.qemu, seen.qemu_version, sizeof(seen.qemu_version));
	host_version_text(facts.libvirt, seen.libvirt_version, sizeof(seen.libvirt_version));
	*host = seen;
	return 0;
}
