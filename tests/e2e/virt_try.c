/* Bakes one machine and clones it, on real machines, and says in TAP what holds; with a count, it
 * measures that many clones instead.
 *
 *	virt_try STATE KERNEL INITRD DISK CMDLINE SETTLE-SECONDS             what holds, as TAP
 *	virt_try STATE KERNEL INITRD DISK CMDLINE SETTLE-SECONDS COUNT LANES figures
 *	virt_try STATE                                                       holds a network
 *
 * STATE is a directory that libvirt's QEMU user can reach. Everything made is removed at the end,
 * but for the template, which the next run uses again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "virt/holder.h"
#include "virt/virt.h"
#include "virt_guest.h"

#define INSTANCE "f00d5eed00000000000000000000cafe"
#define COUNT_MAX 200
#define LANES_MAX 16
#define LOAD      4 /* processes that keep the host busy while a machine boots */
#define CLOCK_S   8

static struct {
	const char *state, *kernel, *initrd, *disk, *cmdline;
	unsigned settle, count, lanes;
	struct virt *virt;
	struct loop *loop;
	char key[65];
	atomic_uint next, stopped;
	atomic_bool up;
	struct virt_running running[COUNT_MAX];
} try;

static unsigned passed, failed;

static void tell(bool ok, const char *what, const struct err *err)
{
	ok ? passed++ : failed++;
	printf("%sok %u - %s\n", ok ? "" : "not ", passed + failed, what);
	if (!ok && err)
		printf("# %s: %s\n", err_kind_name(err->kind), err->message);
	fflush(stdout);
}

static struct virt_machine machine(const char *name, const char *network)
{
	struct virt_machine machine = {
		.name = name, .memory = 384ull << 20, .vcpus = 1, .disk = 4ull << 30,
		.kernel = try.kernel, .initrd = try.initrd, .cmdline = try.cmdline,
		.base_disk = try.disk, .nic_count = 1,
		.nic = { { .network = network, .mac = "52:54:00:10:00:01" } },
	};

	return machine;
}

/* ---- a busy host ---------------------------------------------------------------------------- */

/* Boots under load: that is when a guest takes a wrong measure of its clock. */
static void load_begin(pid_t pid[LOAD])
{
	for (unsigned i = 0; i < LOAD; i++) {
		pid[i] = fork();
		if (pid[i] != 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (nice(5) < 0)
			_exit(1);
		for (;;)
			;
	}
}

static void load_end(pid_t pid[LOAD])
{
	for (unsigned i = 0; i < LOAD; i++)
		if (pid[i] > 0 && kill(pid[i], SIGKILL) == 0)
			waitpid(pid[i], NULL, 0);
}

static void try_clock(const struct virt_running *running, const char *what)
{
	double rate = guest_clock_rate(running, CLOCK_S);

	tell(rate > 0.99 && rate < 1.01, what, NULL);
	printf("# its clock goes %.4f s in one of the host's\n", rate);
}

/* ---- bake ----------------------------------------------------------------------------------- */

static bool have_template(void)
{
	AUTO_FREE struct virt_template *list = NULL;
	size_t count = 0;

	if (virt_template_list(try.virt, &list, &count, NULL) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (str_equal(list[i].key, try.key))
			return true;
	return false;
}

static int bake(struct err *err)
{
	struct virt_machine spec = machine("bake", "bake");
	struct virt_template template;
	struct virt_running running;
	uint64_t begin = clock_mono_ms();
	pid_t load[LOAD];

	if (virt_network_create(try.virt, "bake", 9999, err) < 0 ||
	    virt_template_boot(try.virt, &spec, try.key, &running, err) < 0)
		return -1;
	printf("# booted, channel %s console %s pid %d\n", running.channel, running.console,
	       running.pid);
	load_begin(load);
	bool answers = guest_boot_id(&running, "", 300)[0];
	load_end(load);
	if (!answers)
		return err_set(err, ERR_TIMEOUT, "the agent does not answer within 300 s");
	sleep(try.settle);
	uint64_t freeze = clock_mono_ms();
	if (virt_template_freeze(try.virt, "bake", try.key, &template, err) < 0)
		return -1;
	printf("# baked in %llu ms, frozen in %llu: ram %llu KiB, state %llu, disk %llu\n",
	       (unsigned long long)(clock_mono_ms() - begin),
	       (unsigned long long)(clock_mono_ms() - freeze),
	       (unsigned long long)template.ram_bytes / 1024,
	       (unsigned long long)template.state_bytes / 1024,
	       (unsigned long long)template.disk_bytes / 1024);
	return virt_network_destroy(try.virt, "bake", err);
}

/* ---- what holds ----------------------------------------------------------------------------- */

/* Tries, as root and through the machine's own descriptors, to change the template's RAM. */
static bool ram_is_sealed(int pid, unsigned *seen)
{
	AUTO_FREE char *dir = str_fmt("/proc/%d/fd", pid);
	DIR *directory = opendir(dir);
	bool sealed = true;

	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		AUTO_FREE char *path = str_fmt("%s/%s", dir, entry->d_name);
		char target[256] = "";
		if (readlink(path, target, sizeof(target) - 1) < 0 ||
		    !strstr(target, "memfd:terakoya-ram"))
			continue;
		(*seen)++;
		AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED || pwrite(fd, "x", 1, 0) >= 0 || ftruncate(fd, 0) == 0 ||
		    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0)
			sealed = false;
	}
	if (directory)
		closedir(directory);
	return sealed;
}

static unsigned holds_of(int pid)
{
	AUTO_FREE char *path = str_fmt("/proc/%d/maps", pid);
	AUTO_FILE FILE *file = fopen(path, "re");
	char line[512];
	unsigned count = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, "memfd:terakoya-ram"))
			count++;
	return count;
}

static void try_seal(void)
{
	struct virt_machine spec = machine("one", "one");
	struct virt_running running;
	struct err err = ERR_INIT;
	unsigned seen = 0;

	if (virt_machine_clone(try.virt, &spec, try.key, &running, &err) < 0) {
		tell(false, "a machine is cloned", &err);
		return;
	}
	tell(true, "a machine is cloned", NULL);
	printf("# volume %u us, create %u us, state %u us, resume %u us\n", running.volume_us,
	       running.create_us, running.state_us, running.resume_us);
	tell(holds_of(running.pid) > 0, "a clone maps its template's sealed RAM", NULL);
	bool sealed = ram_is_sealed(running.pid, &seen);
	tell(sealed, "nobody can write the template's RAM through a clone", NULL);
	printf("# %u descriptors tried\n", seen);
}

static void try_find(void)
{
	struct virt_machine spec = machine("one", "one");
	struct virt_running found, again;
	struct err err = ERR_INIT;

	tell(virt_machine_find(try.virt, "one", &found, &err) == 0 && found.channel[0] &&
		     found.console[0] && found.pid > 1,
	     "a running clone is found with channel, console and process", &err);
	tell(virt_machine_clone(try.virt, &spec, try.key, &again, &err) == 0 &&
		     again.pid == found.pid,
	     "cloning what runs already gives what runs", &err);
	struct virt_usage usage;
	tell(virt_machine_usage(found.pid, &usage, &err) == 0 && usage.pss > 0,
	     "a clone's memory is known", &err);
	printf("# pss %llu KiB\n", (unsigned long long)usage.pss / 1024);
}

static void try_list(void)
{
	struct virt_inventory seen;
	struct err err = ERR_INIT;

	if (virt_list(try.virt, &seen, &err) < 0) {
		tell(false, "what is there can be listed", &err);
		return;
	}
	tell(seen.machines == 1 && seen.networks == 1 && seen.volumes == 1 &&
		     seen.machine[0].running,
	     "exactly our own machine, network and volume are listed", NULL);
	virt_inventory_free(&seen);
}

/* As virsh has it, for what src/virt does not do itself. */
static void virsh(const char *verb, const char *name)
{
	AUTO_FREE char *command =
		str_fmt("virsh -q -c qemu:///system %s tk-%.6s-%s", verb, INSTANCE, name);

	if (system(command) != 0)
		tell(false, command, NULL);
}

static void try_half_made(void)
{
	AUTO_FREE char *mark = str_fmt("%s/pool/one.waking", try.state);
	struct virt_running running;
	struct virt_inventory seen = { 0 };
	struct err err = ERR_INIT;

	virsh("suspend", "one");
	tell(virt_machine_find(try.virt, "one", &running, &err) == 0,
	     "a machine that an admin paused is still a machine", &err);
	close(open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	tell(virt_machine_find(try.virt, "one", &running, &err) < 0 && err.kind == ERR_CONFLICT,
	     "a clone that was never resumed is no machine", &err);
	tell(virt_list(try.virt, &seen, &err) == 0 && seen.machines == 1 &&
		     !seen.machine[0].running,
	     "and it is listed as such", &err);
	virt_inventory_free(&seen);
	unlink(mark);
	virsh("resume", "one");
}

static void try_power(void)
{
	struct virt_machine spec = machine("one", "one");
	struct virt_running running;
	struct err err = ERR_INIT;

	if (virt_machine_find(try.virt, "one", &running, &err) < 0) {
		tell(false, "a clone is found", &err);
		return;
	}
	pid_t load[LOAD];
	char first[40];
	snprintf(first, sizeof(first), "%s", guest_boot_id(&running, "", 10));
	tell(first[0], "a clone's agent answers", NULL);
	try_clock(&running, "the clock of a clone goes as the host's, though the host was busy "
			    "when its template booted");
	load_begin(load);
	tell(virt_machine_power(try.virt, "one", VIRT_POWER_RESET, &err) == 0 &&
		     guest_boot_id(&running, first, 240)[0],
	     "a clone that is reset boots afresh, and its agent answers", &err);
	load_end(load);
	try_clock(&running, "and so it does after a reboot on a busy host");
	tell(virt_machine_power(try.virt, "one", VIRT_POWER_OFF, &err) == 0 &&
		     virt_machine_find(try.virt, "one", &running, &err) < 0 &&
		     err.kind == ERR_NOT_FOUND,
	     "a clone that is switched off is gone", &err);
	tell(virt_machine_start(try.virt, &spec, &running, &err) == 0,
	     "a machine boots again on the disk it has", &err);
	usleep(300000);
	tell(atomic_load(&try.stopped) > 0, "the end of a machine is told", NULL);
}

static void try_refusals(void)
{
	struct virt_machine spec = machine("two", "one");
	struct virt_running running;
	struct err err = ERR_INIT;
	char other[65];

	memset(other, '0', 64);
	other[64] = '\0';
	tell(virt_machine_clone(try.virt, &spec, other, &running, &err) < 0 &&
		     err.kind == ERR_NOT_FOUND,
	     "an unknown template is refused", &err);
	spec.memory *= 2;
	tell(virt_machine_clone(try.virt, &spec, try.key, &running, &err) < 0 &&
		     err.kind == ERR_CONFLICT,
	     "a template of other hardware is refused", &err);
	spec = machine("two", "nowhere");
	tell(virt_machine_clone(try.virt, &spec, try.key, &running, &err) < 0,
	     "a clone on a network that is not there fails", &err);
	printf("# %s: %s\n", err_kind_name(err.kind), err.message);
	spec = machine("../two", "one");
	tell(virt_machine_clone(try.virt, &spec, try.key, &running, &err) < 0 &&
		     err.kind == ERR_INVALID,
	     "a name that is a path is refused", &err);
}

static void try_removal(void)
{
	struct virt_inventory seen;
	struct err err = ERR_INIT;

	tell(virt_machine_destroy(try.virt, "one", &err) == 0 &&
		     virt_machine_destroy(try.virt, "one", &err) == 0,
	     "a machine is destroyed, and destroying it again is no error", &err);
	tell(virt_network_destroy(try.virt, "one", &err) == 0 &&
		     virt_network_destroy(try.virt, "one", &err) == 0,
	     "a network is removed, and removing it again is no error", &err);
	if (virt_list(try.virt, &seen, &err) < 0) {
		tell(false, "nothing is left behind", &err);
		return;
	}
	tell(!seen.machines && !seen.networks && !seen.volumes, "nothing is left behind", NULL);
	virt_inventory_free(&seen);
}

static void try_all(void)
{
	struct err err = ERR_INIT;

	tell(virt_network_create(try.virt, "one", 1, &err) == 0 &&
		     virt_network_create(try.virt, "one", 1, &err) == 0,
	     "a network is made, and making it again is no error", &err);
	try_seal();
	try_find();
	try_list();
	try_refusals();
	try_half_made();
	try_power();
	try_removal();
}

/* ---- figures -------------------------------------------------------------------------------- */

static void *lane(void *argument)
{
	struct err err = ERR_INIT;

	(void)argument;
	for (unsigned i; (i = atomic_fetch_add(&try.next, 1)) < try.count;) {
		char name[32];
		snprintf(name, sizeof(name), "r%d-%u", getpid(), i);
		struct virt_machine spec = machine(name, name);
		if (virt_machine_clone(try.virt, &spec, try.key, &try.running[i], &err) < 0)
			tell(false, name, &err);
	}
	return NULL;
}

static void *end_lane(void *argument)
{
	struct err err = ERR_INIT;

	(void)argument;
	for (unsigned i; (i = atomic_fetch_add(&try.next, 1)) < try.count;) {
		char name[32];
		snprintf(name, sizeof(name), "r%d-%u", getpid(), i);
		if (virt_machine_destroy(try.virt, name, &err) < 0)
			tell(false, name, &err);
	}
	return NULL;
}

static void in_lanes(void *(*work)(void *))
{
	pthread_t threads[LANES_MAX];

	atomic_store(&try.next, 0);
	for (unsigned i = 0; i < try.lanes; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (unsigned i = 0; i < try.lanes; i++)
		pthread_join(threads[i], NULL);
}

static void networks(bool make)
{
	struct err err = ERR_INIT;
	uint64_t begin = clock_mono_us();

	for (unsigned i = 0; i < try.count; i++) {
		char name[32];
		snprintf(name, sizeof(name), "r%d-%u", getpid(), i);
		if ((make ? virt_network_create(try.virt, name, i, &err)
			  : virt_network_destroy(try.virt, name, &err)) < 0)
			tell(false, name, &err);
	}
	printf("# %u networks %s in %llu us each\n", try.count, make ? "made" : "removed",
	       (unsigned long long)(clock_mono_us() - begin) / try.count);
}

static void print_steps(void)
{
	uint64_t sum[4] = { 0 }, pss = 0, cpu = 0;

	for (unsigned i = 0; i < try.count; i++) {
		struct virt_usage usage = { 0 };
		sum[0] += try.running[i].volume_us;
		sum[1] += try.running[i].create_us;
		sum[2] += try.running[i].state_us;
		sum[3] += try.running[i].resume_us;
		virt_machine_usage(try.running[i].pid, &usage, NULL);
		pss += usage.pss;
		cpu += usage.cpu_us;
	}
	printf("# mean us: volume %llu, create %llu, state %llu, resume %llu, cpu %llu; pss %llu KiB\n",
	       (unsigned long long)sum[0] / try.count, (unsigned long long)sum[1] / try.count,
	       (unsigned long long)sum[2] / try.count, (unsigned long long)sum[3] / try.count,
	       (unsigned long long)cpu / try.count, (unsigned long long)pss / 1024 / try.count);
}

static void measure(void)
{
	networks(true);
	uint64_t begin = clock_mono_ms();
	in_lanes(lane);
	printf("# %u clones resumed in %llu ms with %u lanes\n", try.count,
	       (unsigned long long)(clock_mono_ms() - begin), try.lanes);
	print_steps();
	begin = clock_mono_ms();
	in_lanes(end_lane);
	printf("# %u clones destroyed in %llu ms\n", try.count,
	       (unsigned long long)(clock_mono_ms() - begin));
	networks(false);
}

/* ---- the frame ------------------------------------------------------------------------------ */

static void on_stopped(void *context, const char *name, bool crashed)
{
	(void)context, (void)name, (void)crashed;
	atomic_fetch_add(&try.stopped, 1);
}

static void on_rebooted(void *context, const char *name)
{
	(void)context, (void)name;
}

static void on_connection(void *context, bool up, const struct err *why)
{
	(void)context;
	atomic_store(&try.up, up);
	printf("# connection %s%s\n", up ? "up" : "down: ", why ? why->message : "");
}

static void stop_loop(void *argument)
{
	(void)argument;
	loop_stop(try.loop, 0);
}

/* For tests of the air gap: its bridge is tkf00d5e plus the serial, 7. */
static void hold_network(void)
{
	struct err err = ERR_INIT;
	char byte;

	if (virt_network_create(try.virt, "air-gap", 7, &err) < 0) {
		tell(false, "a network is made", &err);
		return;
	}
	printf("network ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	tell(virt_network_destroy(try.virt, "air-gap", &err) == 0, "the network is removed", &err);
}

static void *run_network(void *argument)
{
	(void)argument;
	hold_network();
	loop_post(try.loop, stop_loop, NULL);
	return NULL;
}

static void *run(void *argument)
{
	struct err err = ERR_INIT;
	struct virt_host host;

	(void)argument;
	if (virt_host(try.virt, &host, &err) < 0 ||
	    virt_template_key(try.virt, try.kernel, try.key, &err) < 0) {
		tell(false, "the host is known", &err);
	} else {
		printf("# QEMU %s, libvirt %s, %s, %s; clone: %s\n", host.qemu_version,
		       host.libvirt_version, host.machine_type,
		       host.accel == VIRT_ACCEL_KVM ? "KVM" : host.accel_reason,
		       host.can_clone ? "yes" : host.clone_reason);
		int code = have_template() ? 0 : bake(&err);
		tell(code == 0, "a template is there", &err);
		if (code == 0)
			try.count ? measure() : try_all();
	}
	loop_post(try.loop, stop_loop, NULL);
	return NULL;
}

static void take_arguments(int argc, char **argv)
{
	try.state = argv[1];
	try.lanes = 1;
	if (argc < 7)
		return;
	try.kernel = argv[2], try.initrd = argv[3], try.disk = argv[4], try.cmdline = argv[5];
	try.settle = (unsigned)atoi(argv[6]);
	if (argc < 9)
		return;
	try.count = (unsigned)atoi(argv[7]) < COUNT_MAX ? (unsigned)atoi(argv[7]) : COUNT_MAX;
	try.lanes = (unsigned)atoi(argv[8]) < LANES_MAX ? (unsigned)atoi(argv[8]) : LANES_MAX;
}

int main(int argc, char **argv)
{
	static const struct virt_events events = { on_stopped, on_rebooted, on_connection };
	struct err err = ERR_INIT;
	pthread_t thread;

	if (argc > 0 && str_equal(argv[0], HOLDER_NAME))
		return holder_main(argc, argv);
	if (argc != 2 && argc != 7 && argc != 9) {
		fprintf(stderr, "usage: %s STATE [KERNEL INITRD DISK CMDLINE SETTLE [COUNT LANES]]\n",
			argv[0]);
		return 2;
	}
	take_arguments(argc, argv);
	struct virt_config config = { .uri = "qemu:///system", .state_dir = try.state,
				      .instance = INSTANCE };
	try.loop = loop_new(&err);
	guest_begin(try.loop);
	try.virt = virt_open(try.loop, &config, &events, NULL, &err);
	if (!try.virt) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	pthread_create(&thread, NULL, argc == 2 ? run_network : run, NULL);
	loop_run(try.loop);
	pthread_join(thread, NULL);
	virt_close(try.virt);
	loop_free(try.loop);
	printf("1..%u\n", passed + failed);
	return failed ? 1 : 0;
}
