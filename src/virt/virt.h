/* Machines, networks and volumes, through libvirt. The only folder that includes libvirt.h.
 *
 * All functions block (seconds, at worst) and are called from lanes, at most four at a time, since
 * libvirtd serves five requests per connection; virt_open() and virt_close() are T0's. They touch no
 * state of T0. All are idempotent in the direction they work: making what exists already as asked, or
 * removing what is gone, is success.
 *
 * Every object that is made here carries the state directory's instance id, so that several daemons
 * share one libvirtd, virt_list() finds exactly our own, and no orphan can hide:
 *   domain    tk-<inst>-<name>     <metadata><terakoya:machine instance= .../></metadata>
 *   network   tk-<inst>-<name>     bridge tk<inst><serial>
 *   pool      tk-<inst>            directory <state>/pool; volumes <name>.qcow2
 * where <inst> is the first six hex digits of the instance id.
 */
#ifndef VIRT_VIRT_H
#define VIRT_VIRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

struct virt;

#define VIRT_NICS_MAX 8

enum virt_accel { VIRT_ACCEL_TCG, VIRT_ACCEL_KVM };

struct virt_config {
	const char *uri;       /* "qemu:///system", or "test:///default" in functional tests */
	const char *state_dir; /* absolute; templates and the pool live in it */
	const char *instance;  /* 32 hex digits: of this state directory, for ever */
};

/* What T0 is told, on T0. */
struct virt_events {
	/* A machine changed by itself or by others: name without the prefix. */
	void (*machine_stopped)(void *context, const char *name, bool crashed); /* power off, destroy, crash */
	void (*machine_rebooted)(void *context, const char *name);
	/* libvirtd went away, or is back. Machines run on meanwhile. The module reconnects by itself. */
	void (*connection)(void *context, bool up, const struct err *why);
};

/* Starts T1 (libvirt's event loop) and connects; fails only for a configuration that cannot ever work.
 * When libvirtd is away it succeeds, tells events->connection(false), and goes on trying. */
struct virt *virt_open(struct loop *loop, const struct virt_config *config,
		       const struct virt_events *events, void *context, struct err *err);
void virt_close(struct virt *virt); /* machines stay as they are; NULL-safe */

/* ---- the host ------------------------------------------------------------------------------- */

struct virt_host {
	enum virt_accel accel;
	char accel_reason[256];   /* why not KVM; "" when KVM */
	char qemu_version[32], libvirt_version[32], machine_type[64], cpu_model[128];
	bool can_clone;           /* x-ignore-shared, a TCG/KVM QEMU, a sealed memfd: else cold boots */
	char clone_reason[256];   /* why not */
	unsigned cpus;
	uint64_t memory_total, memory_available; /* bytes; MemTotal and MemAvailable */
	uint64_t disk_free;                      /* bytes, in the state directory */
};

int virt_host(struct virt *virt, struct virt_host *host, struct err *err);

/* ---- networks ------------------------------------------------------------------------------- */

/* An isolated segment: no address of the host on it, no forwarding, no DHCP, no DNS. serial is unique
 * among this instance's networks (it names the bridge). */
int virt_network_create(struct virt *virt, const char *name, uint32_t serial, struct err *err);
int virt_network_destroy(struct virt *virt, const char *name, struct err *err);

/* ---- machines ------------------------------------------------------------------------------- */

struct virt_nic {
	const char *network; /* a name as given to virt_network_create() */
	char mac[18];
};

struct virt_machine {
	const char *name;     /* [a-z0-9-]{1,48}, unique in the instance: "c3-s07-desk-g2" */
	char uuid[37];        /* the domain's */
	uint64_t memory;      /* bytes, a multiple of 2 MiB */
	unsigned vcpus;       /* 1..16 */
	uint64_t disk;        /* bytes, virtual size; at least the image's */
	const char *kernel, *initrd, *cmdline; /* direct boot; absolute paths */
	const char *base_disk;                 /* image or template disk the overlay stands on; absolute */
	unsigned nic_count;
	struct virt_nic nic[VIRT_NICS_MAX];
};

/* A template on disk: <state>/templates/<key>/{disk.qcow2,ram,state,template.json}, read-only. */
struct virt_template {
	char key[65];
	uint64_t ram_bytes, state_bytes, disk_bytes; /* on disk, holes not counted */
};

struct virt_running {
	char channel[108]; /* path of the agent's socket on the host */
	char console[64];  /* the serial console's pseudo terminal, "/dev/pts/7" */
	int pid;           /* QEMU's */
	/* How long each step took, microseconds; 0 where it does not apply. */
	uint32_t volume_us, create_us, state_us, resume_us;
};

/* Cold boot on a fresh overlay. */
int virt_machine_boot(struct virt *virt, const struct virt_machine *machine,
		      struct virt_running *running, struct err *err);
/* Cold boot on the overlay it has (after a power off). ERR_NOT_FOUND when the volume is gone. */
int virt_machine_start(struct virt *virt, const struct virt_machine *machine,
		       struct virt_running *running, struct err *err);
/* From a template; machine->base_disk is ignored. ERR_NOT_FOUND when there is no such template,
 * ERR_CONFLICT when it does not fit this QEMU any more (rebake). Leaves nothing behind on failure. */
int virt_machine_clone(struct virt *virt, const struct virt_machine *machine, const char *key,
		       struct virt_running *running, struct err *err);
/* Ends it at once and removes domain and volume. */
int virt_machine_destroy(struct virt *virt, const char *name, struct err *err);
/* Looks up a running machine: after a restart of the daemon. ERR_NOT_FOUND when it is not running;
 * ERR_CONFLICT when it is waiting for its state or was never resumed, so that it must be destroyed. */
int virt_machine_find(struct virt *virt, const char *name, struct virt_running *running,
		      struct err *err);
/* Power button (ACPI), hard off, reset button. */
enum virt_power { VIRT_POWER_SHUTDOWN, VIRT_POWER_OFF, VIRT_POWER_RESET };
int virt_machine_power(struct virt *virt, const char *name, enum virt_power power, struct err *err);

/* ---- frozen machines ------------------------------------------------------------------------ */

/* Saves a machine to disk and ends it: memory and devices in a file beside its disk, durable when this returns.
 * Of the machine, name and memory are used. bytes: of that file. On failure it runs on, and nothing is kept;
 * ERR_NOT_FOUND when it does not run. Being frozen already is success. */
int virt_machine_freeze(struct virt *virt, const struct virt_machine *machine, uint64_t *bytes, struct err *err);
/* Brings it back as it was, on the networks of its order, which must be there. What was saved is used up in the
 * moment before it runs: no machine comes back twice. ERR_NOT_FOUND when nothing is saved and it does not run,
 * ERR_CONFLICT when this host is not the one it was frozen on (as far as QEMU cares); then it stays saved. Its
 * clock is as it was, too. Running already is success. */
int virt_machine_thaw(struct virt *virt, const struct virt_machine *machine, struct virt_running *running,
		      struct err *err);

/* Stops it where it is, and lets it go on. Being so already is success; ERR_NOT_FOUND when it does not run. */
int virt_machine_halt(struct virt *virt, const char *name, bool halt, struct err *err);

/* ---- templates ------------------------------------------------------------------------------ */

/* Everything that a template's validity hangs on besides the caller's own digest: versions of QEMU and
 * libvirt, machine type, CPU, the recipe's version. Hex SHA-256 of it together with `digest`. */
int virt_template_key(struct virt *virt, const char *digest, char key[65], struct err *err);

/* Boots the machine that will become the template, RAM in a file. Then the caller lets it settle. */
int virt_template_boot(struct virt *virt, const struct virt_machine *machine, const char *key,
		       struct virt_running *running, struct err *err);
/* Pauses it, writes the device state, ends it, keeps RAM, state and disk read-only. Atomic: the template
 * exists wholly or not at all. */
int virt_template_freeze(struct virt *virt, const char *name, const char *key,
			 struct virt_template *template, struct err *err);
/* Has its RAM at hand, so that the first clone need not wait for that. No error when it is already. */
int virt_template_hold(struct virt *virt, const char *key, struct err *err);
int virt_template_list(struct virt *virt, struct virt_template **list, size_t *count, struct err *err);
int virt_template_remove(struct virt *virt, const char *key, struct err *err);
/* Removes it unless a machine's disk stands on it. No error when it is gone already. */
int virt_template_retire(struct virt *virt, const char *key, struct err *err);

/* ---- what is there -------------------------------------------------------------------------- */

struct virt_seen {
	char name[64]; /* without the prefix */
	bool running;  /* and past its first resume */
};

struct virt_inventory {
	struct virt_seen *machine;
	size_t machines;
	char (*network)[64];
	size_t networks;
	char (*volume)[64]; /* without ".qcow2" */
	size_t volumes;
	char (*saved)[64];  /* machines that are frozen */
	size_t saveds;
};

/* Our own domains, networks and volumes, whatever the database believes. */
int virt_list(struct virt *virt, struct virt_inventory *inventory, struct err *err);
void virt_inventory_free(struct virt_inventory *inventory);
/* Bytes that a machine's disk takes on the host: what it has written, holes not counted. */
int virt_volume_used(struct virt *virt, const char *name, uint64_t *bytes, struct err *err);
/* The file that a disk stands on, as its header names it; "" when it stands on none. Reads the file only:
 * on any thread. ERR_NOT_FOUND, ERR_INVALID. */
int virt_disk_base(const char *path, char *base, size_t size, struct err *err);
int virt_volume_remove(struct virt *virt, const char *name, struct err *err);

/* Memory and processor time of one machine's QEMU. */
struct virt_usage {
	uint64_t pss;    /* bytes, /proc/PID/smaps_rollup */
	uint64_t own;    /* bytes that are nobody else's, in memory or swapped out: a clone's copies of its
			    template's pages, QEMU's own, what it has translated. It ends, and they are free */
	uint64_t cpu_us; /* user + system since start */
};
int virt_machine_usage(int pid, struct virt_usage *usage, struct err *err);

#endif
