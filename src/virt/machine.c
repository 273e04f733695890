#include "virt/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

/* Machines: transient domains, each on an overlay of its own. What libvirt forgets when a machine
 * powers off is in the database; what must survive is the overlay, and that is a file. */

#define MEMORY_STEP    (2ull << 20)
#define KILL_MS_MAX    200 /* a killed QEMU of 400 MB is dead after 5 to 20 ms */
#define ZOMBIE_STEPS   3
#define KILL_STEP_US   3000
#define SETTLE_MS_MAX  5000
#define SETTLE_STEP_US 20000

int machine_check(const struct virt_machine *machine, struct err *err)
{
	if (virt_check_name(machine->name, err) < 0)
		return -1;
	if (machine->memory == 0 || machine->memory % MEMORY_STEP)
		return err_set(err, ERR_INVALID,
			       "machine %s: memory must be a multiple of 2 MiB, not %llu bytes",
			       machine->name, (unsigned long long)machine->memory);
	if (machine->vcpus < 1 || machine->vcpus > 16)
		return err_set(err, ERR_INVALID, "machine %s: 1 to 16 processors, not %u",
			       machine->name, machine->vcpus);
	if (machine->nic_count > VIRT_NICS_MAX)
		return err_set(err, ERR_INVALID, "machine %s: at most %d network cards, not %u",
			       machine->name, VIRT_NICS_MAX, machine->nic_count);
	for (unsigned i = 0; i < machine->nic_count; i++)
		if (virt_check_name(machine->nic[i].network, err) < 0)
			return err_wrap(err, "machine %s, network card %u", machine->name, i + 1);
	return 0;
}

virDomainPtr domain_find(struct virt *virt, virConnectPtr connection, const char *name,
			    struct err *err)
{
	AUTO_FREE char *full = str_fmt("%s%s", virt->prefix, name);
	virDomainPtr domain = virDomainLookupByName(connection, full);

	if (!domain)
		err_from_virt(err, "machine %s is not running", name);
	return domain;
}

virDomainPtr domain_open(struct virt *virt, const char *name, struct err *err)
{
	if (virt_check_name(name, err) < 0)
		return NULL;
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);
	return connection ? domain_find(virt, connection, name, err) : NULL;
}

/* libvirt keeps QEMU's process id beside its own state; there is no call that tells it. */
static int read_pid(virDomainPtr domain)
{
	AUTO_FREE char *path = str_fmt("/run/libvirt/qemu/%s.pid", virDomainGetName(domain));
	AUTO(buf) struct buf text = { 0 };
	long pid;

	if (buf_read_file(&text, path, 32, NULL) < 0 || text.length == 0)
		return 0;
	text.data[strcspn((char *)text.data, "\n")] = '\0';
	return str_to_number((const char *)text.data, 1, 1 << 30, &pid) ? (int)pid : 0;
}

int machine_read_running(struct virt *virt, virDomainPtr domain, struct virt_running *running,
			 struct err *err)
{
	AUTO_FREE char *text = virDomainGetXMLDesc(domain, 0);

	if (!text)
		return err_from_virt(err, "cannot read what libvirt says about %s",
				     virDomainGetName(domain));
	if (xml_read_running(text, running, err) < 0)
		return -1;
	running->pid = virt->is_test ? 0 : read_pid(domain);
	return 0;
}

/* ---- half-made machines --------------------------------------------------------------------- */

/* libvirt shows a domain that was never resumed just as one that an admin has paused. The
 * difference is a file beside the overlay: it is made before such a domain, and goes once it was
 * resumed. */
static char *waking_path(const struct virt *virt, const char *name)
{
	return str_fmt("%s/pool/%s.waking", virt->state_dir, name);
}

int machine_mark_waking(const struct virt *virt, const char *name, struct err *err)
{
	AUTO_FREE char *path = waking_path(virt, name);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? err_errno(err, "cannot make %s", path) : 0;
}

void machine_clear_waking(const struct virt *virt, const char *name)
{
	AUTO_FREE char *path = waking_path(virt, name);

	unlink(path);
}

bool machine_is_whole(const struct virt *virt, virDomainPtr domain, const char *name)
{
	AUTO_FREE char *path = waking_path(virt, name);
	int state, reason;

	if (virDomainGetState(domain, &state, &reason, 0) < 0)
		return false; /* gone meanwhile */
	if (state == VIR_DOMAIN_PAUSED)
		return access(path, F_OK) < 0;
	return state == VIR_DOMAIN_RUNNING;
}

/* ---- boot and start ------------------------------------------------------------------------- */

static int start_on(struct virt *virt, const struct virt_machine *machine, const char *disk,
		    struct virt_running *running, struct err *err)
{
	struct host_facts facts;
	struct volume_chain chain = { 0 };
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);

	if (!connection || host_facts(virt, &facts, err) < 0 ||
	    volume_chain_read(&chain, disk, err) < 0)
		return -1;
	struct xml_domain spec = { .virt = virt, .facts = &facts, .machine = machine,
				   .chain = &chain };
	AUTO_FREE char *text = xml_domain(&spec);
	uint64_t begin = clock_mono_us();
	AUTO(domain) virDomainPtr domain = virDomainCreateXML(connection, text, 0);
	if (!domain)
		return err_from_virt(err, "machine %s does not start", machine->name);
	running->create_us = (uint32_t)(clock_mono_us() - begin);
	return machine_read_running(virt, domain, running, err);
}

int machine_make_disk(struct virt *virt, const struct virt_machine *machine, const char *disk,
		      struct virt_running *running, bool *runs, struct err *err)
{
	struct host_facts facts;
	const char *base = machine->base_disk;
	const struct host_facts *owner = virt->is_test ? NULL : &facts;

	*runs = false;
	if (host_facts(virt, &facts, err) < 0)
		return -1;
	/* The test driver has no images: its machines stand on nothing. */
	if (virt->is_test && access(base ? base : "", R_OK) < 0)
		base = NULL;
	for (int attempt = 0;; attempt++) {
		struct err why = ERR_INIT;
		if (volume_write(disk, base, machine->disk, owner, &why) == 0)
			return 0;
		if (why.kind != ERR_CONFLICT || attempt)
			return err_give(err, &why);
		if (virt_machine_find(virt, machine->name, running, &why) == 0) {
			*runs = true;
			return 0;
		}
		if (virt_machine_destroy(virt, machine->name, err) < 0)
			return -1;
	}
}

static int boot(struct virt *virt, const struct virt_machine *machine, struct virt_running *made,
		struct err *err)
{
	AUTO_FREE char *disk = volume_path(virt, machine->name);
	uint64_t begin = clock_mono_us();
	bool runs;

	if (machine_make_disk(virt, machine, disk, made, &runs, err) < 0)
		return -1;
	if (runs)
		return 0;
	made->volume_us = (uint32_t)(clock_mono_us() - begin);
	if (start_on(virt, machine, disk, made, err) < 0) {
		virt_machine_destroy(virt, machine->name, NULL);
		return -1;
	}
	return 0;
}

int virt_machine_boot(struct virt *virt, const struct virt_machine *machine,
		      struct virt_running *running, struct err *err)
{
	struct virt_running made = { 0 };

	if (machine_check(machine, err) < 0 || boot(virt, machine, &made, err) < 0)
		return -1;
	*running = made;
	return 0;
}

int virt_machine_start(struct virt *virt, const struct virt_machine *machine,
		       struct virt_running *running, struct err *err)
{
	struct virt_running made = { 0 };

	if (machine_check(machine, err) < 0)
		return -1;
	if (virt_machine_find(virt, machine->name, &made, NULL) == 0) {
		*running = made;
		return 0;
	}
	AUTO_FREE char *disk = volume_path(virt, machine->name);
	freeze_forget(virt, machine->name); /* its disk goes on without it */
	if (start_on(virt, machine, disk, &made, err) < 0)
		return -1;
	*running = made;
	return 0;
}

/* ---- end ------------------------------------------------------------------------------------ */

enum life { LIFE_RUNS, LIFE_ZOMBIE, LIFE_GONE };

static enum life process_life(int pid)
{
	AUTO_FREE char *path = str_fmt("/proc/%d/stat", pid);
	AUTO(buf) struct buf text = { 0 };

	if (buf_read_file(&text, path, 4096, NULL) < 0 || text.length == 0)
		return LIFE_GONE;
	const char *rest = strrchr((const char *)text.data, ')');
	return rest && rest[1] && rest[2] == 'Z' ? LIFE_ZOMBIE : LIFE_RUNS;
}

/* Kills QEMU and waits until it is dead and buried, or stays a zombie. True when it does. */
static bool kill_process(int pid)
{
	enum life life = LIFE_RUNS;
	unsigned unburied = 0;

	kill(pid, SIGKILL);
	for (uint64_t end = clock_mono_ms() + KILL_MS_MAX; clock_mono_ms() < end;) {
		life = process_life(pid);
		if (life == LIFE_GONE)
			return false;
		if (life == LIFE_ZOMBIE && ++unburied > ZOMBIE_STEPS)
			return true;
		usleep(KILL_STEP_US);
	}
	return false;
}

struct ended {
	char name[80]; /* the domain's */
	struct ended *next;
};

static void remember_ended(struct virt *virt, virDomainPtr domain)
{
	struct ended *ended = mem_alloc(sizeof(*ended));

	snprintf(ended->name, sizeof(ended->name), "%s", virDomainGetName(domain));
	pthread_mutex_lock(&virt->lock);
	ended->next = virt->ended;
	virt->ended = ended;
	pthread_mutex_unlock(&virt->lock);
}

void machine_settle(struct virt *virt, virConnectPtr connection)
{
	uint64_t end = clock_mono_ms() + SETTLE_MS_MAX;

	pthread_mutex_lock(&virt->lock);
	struct ended *list = virt->ended;
	virt->ended = NULL;
	pthread_mutex_unlock(&virt->lock);
	while (list) {
		AUTO(domain) virDomainPtr domain = virDomainLookupByName(connection, list->name);
		if (domain && clock_mono_ms() < end) {
			usleep(SETTLE_STEP_US);
			continue;
		}
		struct ended *next = list->next;
		free(list);
		list = next;
	}
}

/* libvirt asks QEMU to end, and looks whether it has only every 200 ms. A machine that is thrown
 * away has nothing to write out, so it is killed first, and libvirt finds it gone at the first
 * look. Where process 1 is slow to bury the dead, libvirt would wait for that too (1.2 s with some
 * containers' init); then it is left to notice the end by itself, and whoever must not see the
 * domain any more waits for that once, for all of them (machine_settle). */
int machine_end(struct virt *virt, virDomainPtr domain, bool gently, struct err *err)
{
	int pid = gently || virt->is_test ? 0 : read_pid(domain);

	if (pid > 1 && kill_process(pid)) {
		remember_ended(virt, domain);
		return 0;
	}
	if (virDomainDestroyFlags(domain, gently ? VIR_DOMAIN_DESTROY_GRACEFUL : 0) < 0) {
		int code = virGetLastErrorCode();
		if (code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_OPERATION_INVALID)
			return 0;
		return err_from_virt(err, "cannot end %s", virDomainGetName(domain));
	}
	return 0;
}

int virt_machine_destroy(struct virt *virt, const char *name, struct err *err)
{
	struct err why = ERR_INIT;

	if (virt_check_name(name, err) < 0)
		return -1;
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);
	if (!connection)
		return -1;
	AUTO(domain) virDomainPtr domain = domain_find(virt, connection, name, &why);
	if (!domain && why.kind != ERR_NOT_FOUND)
		return err_give(err, &why);
	if (domain && machine_end(virt, domain, false, err) < 0)
		return -1;
	return virt_volume_remove(virt, name, err);
}

/* ---- find and power ------------------------------------------------------------------------- */

int virt_machine_find(struct virt *virt, const char *name, struct virt_running *running,
		      struct err *err)
{
	struct virt_running found = { 0 };

	AUTO(domain) virDomainPtr domain = domain_open(virt, name, err);
	if (!domain)
		return -1;
	if (!machine_is_whole(virt, domain, name))
		return err_set(err, ERR_CONFLICT,
			       "machine %s was never resumed: destroy it and make it again", name);
	if (machine_read_running(virt, domain, &found, err) < 0)
		return -1;
	*running = found;
	return 0;
}

int virt_machine_power(struct virt *virt, const char *name, enum virt_power power, struct err *err)
{
	int code = -1;

	AUTO(domain) virDomainPtr domain = domain_open(virt, name, err);
	if (!domain)
		return -1;
	switch (power) {
	case VIRT_POWER_SHUTDOWN:
		code = virDomainShutdownFlags(domain, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN);
		break;
	case VIRT_POWER_OFF:
		return machine_end(virt, domain, true, err);
	case VIRT_POWER_RESET:
		code = virDomainReset(domain, 0);
		break;
	}
	return code < 0 ? err_from_virt(err, "cannot switch machine %s", name) : 0;
}

int virt_machine_halt(struct virt *virt, const char *name, bool halt, struct err *err)
{
	AUTO(domain) virDomainPtr domain = domain_open(virt, name, err);
	if (!domain)
		return -1;
	if (!machine_is_whole(virt, domain, name))
		return err_set(err, ERR_CONFLICT, "machine %s is only being made", name);
	if ((halt ? virDomainSuspend(domain) : virDomainResume(domain)) < 0 &&
	    virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID)
		return err_from_virt(err, halt ? "cannot stop %s" : "cannot let %s go on", name);
	return 0;
}

/* ---- usage ---------------------------------------------------------------------------------- */

static int read_cpu(int pid, uint64_t *cpu_us, struct err *err)
{
	AUTO_FREE char *path = str_fmt("/proc/%d/stat", pid);
	AUTO(buf) struct buf text = { 0 };
	unsigned long long user, system;

	if (buf_read_file(&text, path, 4096, err) < 0 || text.length == 0)
		return err_wrap(err, "cannot see the processor time of process %d", pid);
	/* The name may hold anything, but the last ')' ends it: proc(5), fields 14, 15. */
	const char *rest = strrchr((const char *)text.data, ')');
	if (!rest ||
	    sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
		   &system) != 2)
		return err_set(err, ERR_INTERNAL, "%s does not look as proc(5) says", path);
	*cpu_us = (user + system) * 1000000ull / (unsigned long long)sysconf(_SC_CLK_TCK);
	return 0;
}

int virt_machine_usage(int pid, struct virt_usage *usage, struct err *err)
{
	struct virt_usage seen = { 0 };
	AUTO_FREE char *path = str_fmt("/proc/%d/smaps_rollup", pid);
	AUTO_FILE FILE *file = fopen(path, "re");
	char line[256];
	unsigned long long kib;

	if (!file && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "process %d is gone", pid);
	if (!file)
		return err_errno(err, "cannot read %s", path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Pss: %llu kB", &kib) == 1)
			seen.pss = kib * 1024;
		else if (sscanf(line, "Anonymous: %llu kB", &kib) == 1 || sscanf(line, "SwapPss: %llu kB", &kib) == 1)
			seen.own += kib * 1024;
	if (read_cpu(pid, &seen.cpu_us, err) < 0)
		return -1;
	*usage = seen;
	return 0;
}
