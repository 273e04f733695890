#include "virt/saved.h"
#include "virt/holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"

#define LOG_MODULE "freeze"
#include "base/log.h"

/* A machine to disk, and back.
 *
 * QEMU's own way (migration to a file, which is what virDomainSave does) writes all RAM that is not zero: some
 * 200 MB of a clone, most of it the template's, and after it is read back the clone shares nothing any more.
 * Thirty such machines need 6 GB of disk and do not fit into the memory they came from. So only two things are
 * kept: the state of the devices, which QEMU writes for Xen without any RAM (xen-save-devices-state), and the
 * pages that are the machine's own (ram.h). What the template has is not written, and is mapped again.
 *
 * Back: the same hardware is started, waiting, its memory is made what it was, then it is given the devices' state
 * as something that comes in. In this order, for with its state the machine's generation id is written into its
 * memory, a fresh one, at which a guest kernel stirs its random numbers. Two things were tried and do not work:
 * QEMU 7.2 crashes in the end of xen-load-devices-state; and a QEMU that waits does not fill in its firmware, since
 * what comes in has it as a rule, so the next reboot would find none. Hence the firmware is in our file.
 *
 * A machine must never be brought back twice from one state: its disk has gone on since, and its random
 * numbers would be used again. So which of two things is true hangs on single renames:
 *
 *	<name>.saved.part   it is being saved, and runs as soon as that stops
 *	<name>.saved        it is saved: what may still be there of a domain is to be ended
 *	<name>.resuming     it was brought back, and may have run: of no use any more, but if the domain is
 *	                    still there, it is whole
 *
 * The disk: a paused machine's QEMU has handed all it held of it to the kernel; here that is put on the disk
 * for good, so that a saved machine outlives a loss of power, though a running one need not (xml.c). */

static char *pool_path(const struct virt *virt, const char *name, const char *suffix)
{
	return str_fmt("%s/pool/%s%s", virt->state_dir, name, suffix);
}

bool freeze_is_saved(const struct virt *virt, const char *name)
{
	AUTO_FREE char *path = pool_path(virt, name, SAVED_SUFFIX);

	return access(path, F_OK) == 0;
}

void freeze_forget(const struct virt *virt, const char *name)
{
	static const char *const suffixes[] = { SAVED_SUFFIX ".part", SAVED_SUFFIX, ".resuming" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		AUTO_FREE char *path = pool_path(virt, name, suffixes[i]);
		unlink(path);
	}
}

static int sync_path(const char *path, int flags, struct err *err)
{
	AUTO_CLOSE int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? err_errno(err, "cannot put %s on the disk for good", path) : 0;
}

static int sync_pool(const struct virt *virt, struct err *err)
{
	AUTO_FREE char *path = pool_path(virt, "", "");

	return sync_path(path, O_RDONLY | O_DIRECTORY, err);
}

/* The template that a machine's disk stands on; "" when it stands on an image. */
static void template_of(const struct virt *virt, const char *name, char key[65])
{
	AUTO_FREE char *disk = volume_path(virt, name);
	AUTO_FREE char *parent = str_fmt("%s/templates/", virt->state_dir);
	char base[512];

	key[0] = '\0';
	if (virt_disk_base(disk, base, sizeof(base), NULL) == 0 && str_starts(base, parent))
		snprintf(key, 65, "%.64s", base + strlen(parent));
}

/* ---- saving --------------------------------------------------------------------------------- */

static int save_state(virDomainPtr domain, const char *path, uint64_t *length, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || lseek(fd, SAVED_STATE, SEEK_SET) < 0)
		return err_errno(err, "cannot write %s", path);
	if (monitor_save_devices(domain, fd, err) < 0)
		return -1;
	*length = (uint64_t)lseek(fd, 0, SEEK_CUR) - SAVED_STATE;
	return 0;
}

static int save_paused(struct virt *virt, virDomainPtr domain, const struct virt_machine *machine, const char *path,
		       struct err *err)
{
	AUTO_FREE char *disk = volume_path(virt, machine->name);
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	AUTO(ram) struct ram ram = { .memory = -1 };
	struct virt_running running = { 0 };
	struct host_facts facts;
	struct saved_head head;
	uint64_t firmware;
	char key[65];

	if (fd < 0)
		return err_errno(err, "cannot make %s", path);
	template_of(virt, machine->name, key);
	if (host_facts(virt, &facts, err) < 0 || machine_read_running(virt, domain, &running, err) < 0 ||
	    ram_open(&ram, running.pid, machine->memory, err) < 0 ||
	    saved_fill(&head, virt, &facts, machine->memory, ram.of_template ? key : "", err) < 0 ||
	    monitor_find_address(domain, FIRMWARE_ADDRESS, &firmware, err) < 0 ||
	    save_state(domain, path, &head.state_length, err) < 0)
		return -1;
	head.pages = ram.own_pages;
	if (lseek(fd, (off_t)(SAVED_STATE + head.state_length), SEEK_SET) < 0)
		return err_errno(err, "cannot write %s", path);
	if (saved_write_ram(fd, &ram, firmware, err) < 0 || saved_write_head(fd, &head, err) < 0)
		return -1;
	return fsync(fd) < 0 ? err_errno(err, "cannot put %s on the disk for good", path) :
			       sync_path(disk, O_RDWR, err);
}

/* The test driver's machines have nothing to save. */
static int save_nothing(const char *path, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd < 0 ? err_errno(err, "cannot make %s", path) : 0;
}

/* Makes the saved file of a paused machine; from the rename on it is frozen. */
static int save(struct virt *virt, virDomainPtr domain, const struct virt_machine *machine, struct err *err)
{
	AUTO_FREE char *part = pool_path(virt, machine->name, SAVED_SUFFIX ".part");
	AUTO_FREE char *saved = pool_path(virt, machine->name, SAVED_SUFFIX);
	AUTO_FREE char *used = pool_path(virt, machine->name, ".resuming");

	unlink(used);
	if ((virt->is_test ? save_nothing(part, err) : save_paused(virt, domain, machine, part, err)) < 0) {
		unlink(part);
		return -1;
	}
	if (rename(part, saved) < 0) {
		err_errno(err, "cannot rename %s", part);
		unlink(part);
		return -1;
	}
	return sync_pool(virt, err);
}

static int freeze_running(struct virt *virt, virDomainPtr domain, const struct virt_machine *machine,
			  struct err *err)
{
	if (!machine_is_whole(virt, domain, machine->name))
		return err_set(err, ERR_CONFLICT, "machine %s is only being made", machine->name);
	if (virDomainSuspend(domain) < 0 && virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID)
		return err_from_virt(err, "cannot pause %s", machine->name);
	if (save(virt, domain, machine, err) == 0)
		return machine_end(virt, domain, false, err);
	if (!freeze_is_saved(virt, machine->name) && virDomainResume(domain) < 0)
		log_error("%s could neither be saved nor does it go on: reset it", machine->name);
	return -1;
}

int virt_machine_freeze(struct virt *virt, const struct virt_machine *machine, uint64_t *bytes, struct err *err)
{
	AUTO_FREE char *saved = NULL;
	struct err why = ERR_INIT;
	struct stat status;

	if (virt_check_name(machine->name, err) < 0)
		return -1;
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);
	if (!connection)
		return -1;
	AUTO(domain) virDomainPtr domain = domain_find(virt, connection, machine->name, &why);
	if (!domain && (why.kind != ERR_NOT_FOUND || !freeze_is_saved(virt, machine->name)))
		return err_give(err, &why);
	if (freeze_is_saved(virt, machine->name)) {
		if (domain && machine_end(virt, domain, false, err) < 0)
			return -1;
	} else if (freeze_running(virt, domain, machine, err) < 0) {
		return -1;
	}
	saved = pool_path(virt, machine->name, SAVED_SUFFIX);
	*bytes = stat(saved, &status) < 0 ? 0 : (uint64_t)status.st_blocks * 512;
	return 0;
}

/* ---- and back ------------------------------------------------------------------------------- */

static int restore_ram(struct virt *virt, virDomainPtr domain, int fd, const struct saved_head *head, int pid,
		       struct err *err)
{
	AUTO_FREE char *path = template_file(virt, head->template, "ram");
	AUTO_CLOSE int template = *head->template ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	AUTO(ram) struct ram ram = { .memory = -1 };
	uint64_t firmware;

	if (*head->template && template < 0)
		return err_errno(err, "cannot read %s", path);
	if (ram_open(&ram, pid, head->memory, err) < 0 ||
	    monitor_find_address(domain, FIRMWARE_ADDRESS, &firmware, err) < 0)
		return -1;
	return saved_read_ram(fd, head, &ram, firmware, template, err);
}

/* Up to its first step, which is the caller's. */
static int restore(struct virt *virt, virDomainPtr domain, int fd, const struct saved_head *head,
		   struct virt_running *running, struct err *err)
{
	uint64_t begin = clock_mono_us();

	if (machine_read_running(virt, domain, running, err) < 0 ||
	    restore_ram(virt, domain, fd, head, running->pid, err) < 0)
		return -1;
	if (lseek(fd, SAVED_STATE, SEEK_SET) < 0)
		return err_errno(err, "cannot read a frozen machine");
	if (monitor_load_state(domain, fd, err) < 0)
		return -1;
	running->state_us = (uint32_t)(clock_mono_us() - begin);
	return 0;
}

/* The point of no return: what was saved is used up before the machine runs. */
static int go_on(struct virt *virt, virDomainPtr domain, const char *name, struct err *err)
{
	AUTO_FREE char *saved = pool_path(virt, name, SAVED_SUFFIX);
	AUTO_FREE char *used = pool_path(virt, name, ".resuming");

	if (freeze_is_saved(virt, name)) {
		if (rename(saved, used) < 0)
			return err_errno(err, "cannot rename %s", saved);
		if (sync_pool(virt, err) < 0)
			return -1;
	}
	machine_clear_waking(virt, name);
	if (virDomainResume(domain) < 0 && virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID)
		return err_from_virt(err, "cannot resume %s", name);
	unlink(used);
	return 0;
}

static int start_paused(struct virt *virt, virConnectPtr connection, const struct virt_machine *machine,
			const struct saved_head *head, const struct host_facts *facts, virDomainPtr *domain,
			struct err *err)
{
	AUTO_FREE char *disk = volume_path(virt, machine->name);
	struct volume_chain chain = { 0 };
	char ram[64];
	bool shares = *head->template;

	if (!virt->is_test && volume_chain_read(&chain, disk, err) < 0)
		return -1;
	if (shares && holder_path(virt, head->template, facts, ram, err) < 0)
		return -1;
	struct xml_domain spec = { .virt = virt, .facts = facts, .machine = machine, .chain = &chain, .ram = ram,
				   .memory = shares ? XML_MEMORY_THAW : XML_MEMORY_THAW_PLAIN };
	AUTO_FREE char *text = xml_domain(&spec);
	*domain = virDomainCreateXML(connection, text, VIR_DOMAIN_START_PAUSED);
	return *domain ? 0 : err_from_virt(err, "machine %s does not start", machine->name);
}

/* As the one that was frozen here would be frozen now: whoever is not the same is refused. */
static int check_saved(struct virt *virt, const struct virt_machine *machine, const struct host_facts *facts, int fd,
		       struct saved_head *head, struct err *err)
{
	struct saved_head here;

	if (virt->is_test)
		return 0;
	if (saved_read_head(fd, head, err) < 0 ||
	    saved_fill(&here, virt, facts, machine->memory, head->template, err) < 0)
		return -1;
	return saved_fits(head, &here, machine->name, err);
}

static int thaw_saved(struct virt *virt, virConnectPtr connection, const struct virt_machine *machine,
		      struct virt_running *running, struct err *err)
{
	AUTO_FREE char *path = pool_path(virt, machine->name, SAVED_SUFFIX);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(domain) virDomainPtr domain = NULL;
	struct saved_head head = { 0 };
	struct host_facts facts;
	uint64_t begin = clock_mono_us();

	if (fd < 0)
		return err_errno(err, "cannot read %s", path);
	if (host_facts(virt, &facts, err) < 0 || check_saved(virt, machine, &facts, fd, &head, err) < 0 ||
	    machine_mark_waking(virt, machine->name, err) < 0)
		return -1;
	int code = start_paused(virt, connection, machine, &head, &facts, &domain, err);
	running->create_us = (uint32_t)(clock_mono_us() - begin);
	if (code == 0 && !virt->is_test)
		code = restore(virt, domain, fd, &head, running, err);
	if (code == 0)
		code = go_on(virt, domain, machine->name, err);
	/* Still saved: it never ran, and another try may come. */
	if (code < 0 && freeze_is_saved(virt, machine->name)) {
		if (domain)
			machine_end(virt, domain, false, NULL);
		machine_clear_waking(virt, machine->name);
	}
	return code < 0 ? -1 : machine_read_running(virt, domain, running, err);
}

int virt_machine_thaw(struct virt *virt, const struct virt_machine *machine, struct virt_running *running,
		      struct err *err)
{
	struct virt_running made = { 0 };
	struct err why = ERR_INIT;

	if (machine_check(machine, err) < 0)
		return -1;
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);
	if (!connection)
		return -1;
	AUTO(domain) virDomainPtr domain = domain_find(virt, connection, machine->name, &why);
	if (!domain && why.kind != ERR_NOT_FOUND)
		return err_give(err, &why);
	if (freeze_is_saved(virt, machine->name)) {
		if (domain && machine_end(virt, domain, false, err) < 0)
			return -1;
		machine_settle(virt, connection);
		if (thaw_saved(virt, connection, machine, &made, err) < 0)
			return -1;
	} else if (!domain) {
		freeze_forget(virt, machine->name);
		return err_set(err, ERR_NOT_FOUND, "machine %s has no saved state: start it to boot its disk", machine->name);
	} else if (go_on(virt, domain, machine->name, err) < 0 ||
		   machine_read_running(virt, domain, &made, err) < 0) {
		return -1;
	}
	*running = made;
	return 0;
}
