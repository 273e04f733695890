#include "virt/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/str.h"

#define LOG_MODULE "template"
#include "base/log.h"

/* Templates: a machine that was booted, settled and frozen, as files that clones stand on.
 *
 *	<state>/templates/<key>.bake/   while it boots and settles
 *	<state>/templates/<key>/        frozen: disk.qcow2, ram, state, template.json, all read-only
 *
 * The directory's rename is the moment of truth: a template exists wholly or not at all. Its disk
 * may be read by QEMU's user, its RAM only by root (the holder opens it before it drops root,
 * holder.c).
 *
 * A device state fits only the hardware, QEMU and processor that wrote it. All of that goes into
 * the key (virt_template_key) and into template.json, which a clone is checked against. */

#define RECIPE     "3" /* raise when xml.c changes the hardware of machines */
#define TSC_STEP   25000 /* kHz */
#define PAGE       4096u
#define JSON_MAX   (64 * 1024)
#define BAKE_AGE_S 120 /* a younger one may still be on its way to its domain */

static void json_cleanup(json_t **value)
{
	json_decref(*value);
}

static int check_key(const char *key, struct err *err)
{
	if (!key || strlen(key) != 64 || strspn(key, "0123456789abcdef") != 64)
		return err_set(err, ERR_INVALID, "\"%.80s\" is no key of a template",
			       key ? key : "");
	return 0;
}

static char *key_dir(const struct virt *virt, const char *key, const char *suffix)
{
	return str_fmt("%s/templates/%s%s", virt->state_dir, key, suffix);
}

char *template_file(const struct virt *virt, const char *key, const char *file)
{
	return str_fmt("%s/templates/%s/%s", virt->state_dir, key, file);
}

/* Flat directories of our own making only; success when it is gone. */
static int remove_dir(const char *path, struct err *err)
{
	AUTO_DIR DIR *directory = opendir(path);

	if (!directory)
		return errno == ENOENT ? 0 : err_errno(err, "cannot remove %s", path);
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.' && unlinkat(dirfd(directory), entry->d_name, 0) < 0 &&
		    errno != ENOENT)
			return err_errno(err, "cannot remove %s/%s", path, entry->d_name);
	if (rmdir(path) < 0 && errno != ENOENT)
		return err_errno(err, "cannot remove %s", path);
	return 0;
}

/* ---- template.json -------------------------------------------------------------------------- */

void template_fill(struct template_facts *facts, const struct host_facts *host,
		   const struct virt_machine *machine)
{
	*facts = (struct template_facts){
		.memory = machine->memory,
		.disk = machine->disk,
		.vcpus = machine->vcpus,
		.nics = machine->nic_count,
	};
	host_version_text(host->qemu, facts->qemu, sizeof(facts->qemu));
	host_version_text(host->libvirt, facts->libvirt, sizeof(facts->libvirt));
	snprintf(facts->machine_type, sizeof(facts->machine_type), "%s", host->machine_type);
	snprintf(facts->cpu, sizeof(facts->cpu), "%s %s",
		 host->accel == VIRT_ACCEL_KVM ? "kvm" : "tcg", host->cpu_model);
	snprintf(facts->machine, sizeof(facts->machine), "%s", machine->name);
}

static int write_json(const char *dir, const struct template_facts *facts, struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s/template.json", dir);
	AUTO(json) json_t *root = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:i}", "recipe", RECIPE, "machine",
		facts->machine, "qemu", facts->qemu, "libvirt", facts->libvirt, "machine_type",
		facts->machine_type, "cpu", facts->cpu, "memory", (json_int_t)facts->memory, "disk",
		(json_int_t)facts->disk, "vcpus", (int)facts->vcpus, "nics", (int)facts->nics);

	if (json_dump_file(root, path, JSON_INDENT(2)) < 0)
		return err_errno(err, "cannot write %s", path);
	return 0;
}

static void take_text(json_t *root, const char *key, char *value, size_t size)
{
	const char *text = json_string_value(json_object_get(root, key));

	snprintf(value, size, "%s", text ? text : "");
}

static int read_json(const char *dir, struct template_facts *facts, struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s/template.json", dir);
	AUTO(buf) struct buf text = { 0 };

	if (buf_read_file(&text, path, JSON_MAX, err) < 0)
		return -1;
	AUTO(json) json_t *root = json_loadb((char *)text.data, text.length, 0, NULL);
	if (!json_is_object(root))
		return err_set(err, ERR_CONFLICT, "%s cannot be read: bake it again", path);
	*facts = (struct template_facts){ 0 };
	take_text(root, "machine", facts->machine, sizeof(facts->machine));
	take_text(root, "qemu", facts->qemu, sizeof(facts->qemu));
	take_text(root, "libvirt", facts->libvirt, sizeof(facts->libvirt));
	take_text(root, "machine_type", facts->machine_type, sizeof(facts->machine_type));
	take_text(root, "cpu", facts->cpu, sizeof(facts->cpu));
	facts->memory = (uint64_t)json_integer_value(json_object_get(root, "memory"));
	facts->disk = (uint64_t)json_integer_value(json_object_get(root, "disk"));
	facts->vcpus = (unsigned)json_integer_value(json_object_get(root, "vcpus"));
	facts->nics = (unsigned)json_integer_value(json_object_get(root, "nics"));
	return 0;
}

int template_read(const struct virt *virt, const char *key, struct template_facts *facts,
		  struct err *err)
{
	struct err why = ERR_INIT;

	if (check_key(key, err) < 0)
		return -1;
	AUTO_FREE char *dir = key_dir(virt, key, "");
	if (read_json(dir, facts, &why) < 0) {
		if (why.kind == ERR_NOT_FOUND)
			return err_set(err, ERR_NOT_FOUND, "there is no template %.12s: bake it",
				       key);
		return err_give(err, &why);
	}
	return 0;
}

int virt_template_key(struct virt *virt, const char *digest, char key[65], struct err *err)
{
	struct host_facts facts;
	unsigned char hash[crypto_hash_sha256_BYTES];

	if (host_facts(virt, &facts, err) < 0)
		return -1;
	/* On a processor of another rate the clones' clocks would be wrong; the step is coarse, for
	 * no two measurements are the same. */
	unsigned tsc = (facts.tsc_khz + TSC_STEP / 2) / TSC_STEP;
	AUTO_FREE char *text = str_fmt("%s\n%s\n%lu\n%lu\n%s\n%d %s\n%u\n", RECIPE, digest,
				       facts.qemu, facts.libvirt, facts.machine_type, facts.accel,
				       facts.cpu_model, tsc);
	crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
	sodium_bin2hex(key, 65, hash, sizeof(hash));
	return 0;
}

/* ---- bake ----------------------------------------------------------------------------------- */

static int make_ram(const char *path, uint64_t size, const struct host_facts *facts,
		    struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fchown(fd, facts->uid, facts->gid) < 0)
		return err_errno(err, "cannot make %s", path);
	return 0;
}

static int bake_start(struct virt *virt, const struct xml_domain *spec,
		      struct virt_running *running, struct err *err)
{
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);

	if (!connection)
		return -1;
	AUTO_FREE char *text = xml_domain(spec);
	AUTO(domain) virDomainPtr domain = virDomainCreateXML(connection, text, 0);
	if (!domain)
		return err_from_virt(err, "machine %s does not start", spec->machine->name);
	return machine_read_running(virt, domain, running, err);
}

static int bake_in(struct virt *virt, const struct virt_machine *machine, const char *dir,
		   const struct host_facts *facts, struct virt_running *running, struct err *err)
{
	AUTO_FREE char *disk = str_fmt("%s/disk.qcow2", dir);
	AUTO_FREE char *ram = str_fmt("%s/ram", dir);
	struct volume_chain chain;
	struct template_facts about;

	if (mkdir(dir, VIRT_DIR_MODE) < 0)
		return err_errno(err, "cannot make %s", dir);
	if (make_ram(ram, machine->memory, facts, err) < 0 ||
	    volume_write(disk, machine->base_disk, machine->disk, facts, err) < 0 ||
	    volume_chain_read(&chain, disk, err) < 0)
		return -1;
	template_fill(&about, facts, machine);
	about.disk = chain.size;
	if (write_json(dir, &about, err) < 0)
		return -1;
	struct xml_domain spec = { .virt = virt, .facts = facts, .machine = machine,
				   .chain = &chain, .memory = XML_MEMORY_BAKE, .ram = ram };
	return bake_start(virt, &spec, running, err);
}

int virt_template_boot(struct virt *virt, const struct virt_machine *machine, const char *key,
		       struct virt_running *running, struct err *err)
{
	struct host_facts facts;
	struct virt_running made = { 0 };

	if (machine_check(machine, err) < 0 || check_key(key, err) < 0 ||
	    host_facts(virt, &facts, err) < 0)
		return -1;
	if (!facts.can_clone)
		return err_set(err, ERR_UNAVAILABLE, "no template can be made here: %s",
			       facts.clone_reason);
	AUTO_FREE char *dir = key_dir(virt, key, ".bake");
	/* What an earlier attempt left. */
	if (virt_machine_destroy(virt, machine->name, err) < 0 || remove_dir(dir, err) < 0)
		return -1;
	if (bake_in(virt, machine, dir, &facts, &made, err) < 0) {
		remove_dir(dir, NULL);
		return -1;
	}
	*running = made;
	return 0;
}

/* ---- freeze --------------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

/* Pages that the guest has cleared become holes, so that holders need no memory for them. */
static int dig_holes(int fd, uint64_t size)
{
	const uint8_t *ram = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (ram == MAP_FAILED)
		return -1;
	for (uint64_t at = 0; at < size;) {
		uint64_t end = at;
		while (end < size && is_zero(ram + end))
			end += PAGE;
		if (end > at)
			fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
				  (off_t)(end - at));
		at = end + PAGE;
	}
	munmap((void *)ram, size);
	return 0;
}

/* To root, read-only, and on the disk for good. */
static int seal_file(const char *dir, const char *name, mode_t mode, uint64_t *bytes,
		     struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s/%s", dir, name);
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return err_errno(err, "cannot open %s", path);
	if (str_equal(name, "ram") &&
	    (fstat(fd, &status) < 0 || dig_holes(fd, (uint64_t)status.st_size) < 0))
		return err_errno(err, "cannot read %s", path);
	if (fchown(fd, 0, 0) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0 || fstat(fd, &status) < 0)
		return err_errno(err, "cannot keep %s", path);
	if (bytes)
		*bytes = (uint64_t)status.st_blocks * 512;
	return 0;
}

static int seal_dir(const char *dir, struct virt_template *template, struct err *err)
{
	if (seal_file(dir, "disk.qcow2", 0444, &template->disk_bytes, err) < 0 ||
	    seal_file(dir, "ram", 0400, &template->ram_bytes, err) < 0 ||
	    seal_file(dir, "state", 0400, &template->state_bytes, err) < 0 ||
	    seal_file(dir, "template.json", 0444, NULL, err) < 0)
		return -1;
	return 0;
}

static int save_state(virDomainPtr domain, const char *dir, struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s/state", dir);
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, "cannot make %s", path);
	if (virDomainSuspend(domain) < 0)
		return err_from_virt(err, "cannot pause %s", virDomainGetName(domain));
	if (monitor_ignore_shared(domain, true, err) < 0)
		return -1;
	return monitor_save_state(domain, fd, err);
}

/* A template of the same key that is there already makes room. */
static int publish(struct virt *virt, const char *key, const char *dir, struct err *err)
{
	AUTO_FREE char *final = key_dir(virt, key, "");
	AUTO_FREE char *parent = str_fmt("%s/templates", virt->state_dir);

	holder_drop(virt, key);
	if (remove_dir(final, err) < 0)
		return -1;
	if (rename(dir, final) < 0)
		return err_errno(err, "cannot rename %s to %s", dir, final);
	AUTO_CLOSE int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_errno(err, "cannot write %s", parent);
	return 0;
}

int virt_template_freeze(struct virt *virt, const char *name, const char *key,
			 struct virt_template *template, struct err *err)
{
	struct virt_template made = { 0 };

	if (check_key(key, err) < 0)
		return -1;
	AUTO_FREE char *dir = key_dir(virt, key, ".bake");
	AUTO(domain) virDomainPtr domain = domain_open(virt, name, err);
	if (!domain)
		return -1;
	int code = save_state(domain, dir, err);
	/* Gently: QEMU writes out what it holds of the disk. */
	struct err end = ERR_INIT;
	if (machine_end(virt, domain, true, &end) < 0 && code == 0)
		code = err_give(err, &end);
	if (code < 0 || seal_dir(dir, &made, err) < 0 || publish(virt, key, dir, err) < 0) {
		remove_dir(dir, NULL);
		return -1;
	}
	memcpy(made.key, key, sizeof(made.key));
	*template = made;
	return 0;
}

/* ---- list and remove ------------------------------------------------------------------------ */

static uint64_t bytes_of(const char *dir, const char *name)
{
	AUTO_FREE char *path = str_fmt("%s/%s", dir, name);
	struct stat status;

	return stat(path, &status) < 0 ? 0 : (uint64_t)status.st_blocks * 512;
}

/* Removes a bake that nobody goes on with: its machine is gone. */
static void sweep_bake(struct virt *virt, const char *dir)
{
	struct template_facts facts;
	struct virt_running running;
	struct err why = ERR_INIT;
	struct stat status;

	if (stat(dir, &status) < 0 || time(NULL) - status.st_mtime < BAKE_AGE_S)
		return;
	if (read_json(dir, &facts, &why) == 0 &&
	    (virt_machine_find(virt, facts.machine, &running, &why) == 0 ||
	     why.kind != ERR_NOT_FOUND))
		return;
	log_info("removing %s: its machine is gone", dir);
	remove_dir(dir, NULL);
}

int virt_template_list(struct virt *virt, struct virt_template **list, size_t *count,
		       struct err *err)
{
	AUTO_FREE char *parent = str_fmt("%s/templates", virt->state_dir);
	AUTO_DIR DIR *directory = opendir(parent);
	struct virt_template *found = NULL;
	size_t length = 0;

	if (!directory)
		return err_errno(err, "cannot list %s", parent);
	for (struct dirent *entry; (entry = readdir(directory));) {
		AUTO_FREE char *dir = str_fmt("%s/%s", parent, entry->d_name);
		if (str_ends(dir, ".bake"))
			sweep_bake(virt, dir);
		if (check_key(entry->d_name, NULL) < 0)
			continue;
		found = mem_grow(found, length + 1, sizeof(*found));
		struct virt_template *template = &found[length++];
		*template = (struct virt_template){ .ram_bytes = bytes_of(dir, "ram"),
						    .state_bytes = bytes_of(dir, "state"),
						    .disk_bytes = bytes_of(dir, "disk.qcow2") };
		memcpy(template->key, entry->d_name, sizeof(template->key));
	}
	*list = found;
	*count = length;
	return 0;
}

int virt_template_hold(struct virt *virt, const char *key, struct err *err)
{
	struct host_facts facts;
	char path[64];

	if (check_key(key, err) < 0 || host_facts(virt, &facts, err) < 0)
		return -1;
	return holder_path(virt, key, &facts, path, err);
}

int virt_template_remove(struct virt *virt, const char *key, struct err *err)
{
	if (check_key(key, err) < 0)
		return -1;
	AUTO_FREE char *dir = key_dir(virt, key, "");
	AUTO_FREE char *bake = key_dir(virt, key, ".bake");
	holder_drop(virt, key);
	if (remove_dir(dir, err) < 0)
		return -1;
	return remove_dir(bake, err);
}

/* Machines that are frozen have their disks, too. One that cannot be read, or is just being made, may stand on it. */
static int is_stood_on(const struct virt *virt, const char *dir, bool *stood_on, struct err *err)
{
	AUTO_FREE char *pool = str_fmt("%s/pool", virt->state_dir);
	AUTO_DIR DIR *directory = opendir(pool);
	char base[512];

	*stood_on = false;
	if (!directory)
		return errno == ENOENT ? 0 : err_errno(err, "cannot list %s", pool);
	for (struct dirent *entry; !*stood_on && (entry = readdir(directory));) {
		AUTO_FREE char *disk = str_fmt("%s/%s", pool, entry->d_name);
		*stood_on = str_ends(disk, ".qcow2") &&
			    (virt_disk_base(disk, base, sizeof(base), NULL) < 0 || str_starts(base, dir));
	}
	return 0;
}

int virt_template_retire(struct virt *virt, const char *key, struct err *err)
{
	AUTO_FREE char *dir = key_dir(virt, key, "/");
	bool stood_on;

	if (check_key(key, err) < 0)
		return -1;
	if (access(dir, F_OK) < 0)
		return 0;
	if (is_stood_on(virt, dir, &stood_on, err) < 0)
		return -1;
	if (stood_on)
		return 0;
	log_info("removing the template %.12s: it was baked anew, and no disk stands on it", key);
	return virt_template_remove(virt, key, err);
}
