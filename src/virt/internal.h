/* What the files of src/virt share. Nobody outside this folder includes it.
 *
 * Threads: virt_open() and virt_close() run on T0, T1 runs libvirt's event loop and owns the
 * connection's coming and going, and every other function runs on a lane. `lock` below guards the
 * few fields that they share; it is never held over a call that can block, but for the two locks
 * that say so. This is the one folder beside src/loop with locks: its calls block, so it is
 * many-threaded by nature, and nothing of it is state of T0.
 */
#ifndef VIRT_INTERNAL_H
#define VIRT_INTERNAL_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "base/auto.h"
#include "virt/virt.h"

#define VIRT_NAME_MAX  48  /* a machine's, network's or volume's, without prefix */
#define VIRT_CHAIN_MAX 8   /* images that stand on each other, the overlay included */
#define VIRT_DIR_MODE  0711 /* QEMU's user passes through, nobody lists */
#define VIRT_PORT      "terakoya.0"

struct holder;
struct mailbox;
struct ended;

/* What libvirt and QEMU are on this host; found once per connection. */
struct host_facts {
	enum virt_accel accel;
	char accel_reason[256];
	unsigned long qemu, libvirt; /* major * 1000000 + minor * 1000 + release */
	char machine_type[64];
	char emulator[256];
	char cpu_model[128];
	unsigned tsc_khz; /* what a guest's time stamp counter runs at; 0: it finds out itself */
	uid_t uid; /* libvirt's QEMU user */
	gid_t gid;
	bool can_clone;
	char clone_reason[256];
};

struct virt {
	struct loop *loop;
	struct mailbox *mailbox;
	char *uri, *state_dir;
	char instance[33];
	char prefix[16]; /* "tk-abc123-" */
	bool is_test;    /* the test driver: no QEMU, no bridges, no pool */

	pthread_t thread; /* T1 */
	int timer;        /* wakes T1; libvirt's id */
	atomic_bool stopping, broken;
	bool was_up, told; /* T1's */
	int callback[2];   /* libvirt's ids of them; T1's */

	pthread_mutex_t lock;
	pthread_cond_t tried;  /* the first attempt to connect is over */
	bool attempted;
	virConnectPtr connection; /* NULL while libvirtd is away */
	struct ended *ended;      /* domains that are dead, but not yet to libvirt */
	struct host_facts facts;
	bool facts_known;
	struct err away; /* why there is no connection */

	pthread_mutex_t facts_lock;   /* held while the host is asked: 0.1 s, once */
	pthread_mutex_t network_lock; /* held while one network is made: libvirt races otherwise */
	uint64_t guarded_ms;          /* when the air gap's rules were last seen; network_lock */
	pthread_mutex_t holder_lock;  /* held while a template's RAM is copied: 0.3 s, once each */
	struct holder *holders;
};

/* ---- handles of libvirt --------------------------------------------------------------------- */

static inline void connection_cleanup(virConnectPtr *connection)
{
	if (*connection)
		virConnectClose(*connection);
}

static inline void domain_cleanup(virDomainPtr *domain)
{
	if (*domain)
		virDomainFree(*domain);
}

static inline void network_cleanup(virNetworkPtr *network)
{
	if (*network)
		virNetworkFree(*network);
}

static inline void pool_cleanup(virStoragePoolPtr *pool)
{
	if (*pool)
		virStoragePoolFree(*pool);
}

static inline void volume_cleanup(virStorageVolPtr *volume)
{
	if (*volume)
		virStorageVolFree(*volume);
}

/* ---- virt.c --------------------------------------------------------------------------------- */

/* A reference to the connection, for the time of one operation; NULL with ERR_UNAVAILABLE. */
virConnectPtr virt_connection(struct virt *virt, struct err *err);

/* Takes this thread's last error of libvirt behind "<format>: ". Returns -1. */
int err_from_virt(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline int err_give(struct err *err, const struct err *why)
{
	if (err)
		*err = *why;
	return -1;
}

/* Refuses what is not [a-z0-9-]{1,48}: names become paths and XML. */
int virt_check_name(const char *name, struct err *err);

/* ---- host.c --------------------------------------------------------------------------------- */

int host_facts(struct virt *virt, struct host_facts *facts, struct err *err);
void host_forget(struct virt *virt); /* after a reconnect: QEMU may have been upgraded */
void host_version_text(unsigned long version, char *text, size_t size);

/* ---- tsc.c ---------------------------------------------------------------------------------- */

/* The host's time stamp counter in kHz, right to 0.02 %, in some 20 ms; 0 where it cannot be told. */
unsigned tsc_measure(void);

/* ---- volume.c ------------------------------------------------------------------------------- */

struct volume_image {
	char path[512];
	char format[8]; /* "qcow2", "raw" */
};

/* A disk and what it stands on, first the disk itself. */
struct volume_chain {
	unsigned count;
	struct volume_image image[VIRT_CHAIN_MAX];
	uint64_t size; /* of the disk, as the guest sees it */
};

char *volume_path(const struct virt *virt, const char *name); /* caller frees */
int volume_chain_read(struct volume_chain *chain, const char *path, struct err *err);

/* Writes an empty qcow2 overlay on `base` (NULL: on nothing), owned by libvirt's QEMU user. size is
 * raised to the base's. ERR_CONFLICT when the file exists. */
int volume_write(const char *path, const char *base, uint64_t size, const struct host_facts *facts,
		 struct err *err);
int volume_ensure_pool(struct virt *virt, virConnectPtr connection, struct err *err);
void volume_drop_pool(struct virt *virt, virConnectPtr connection);
int volume_remove_path(const char *path, struct err *err);

/* ---- xml.c ---------------------------------------------------------------------------------- */

enum xml_memory {
	XML_MEMORY_PLAIN, /* QEMU's own */
	XML_MEMORY_BAKE,  /* a file, written through */
	XML_MEMORY_CLONE, /* a file, mapped privately, and QEMU waits for its device state */
	XML_MEMORY_THAW,  /* the same, and the state is one of devices alone */
	XML_MEMORY_THAW_PLAIN, /* QEMU's own, and that */
};

struct xml_domain {
	const struct virt *virt;
	const struct host_facts *facts;
	const struct virt_machine *machine;
	const struct volume_chain *chain;
	enum xml_memory memory;
	const char *ram; /* path of that file */
};

/* All return text that the caller frees. */
char *xml_domain(const struct xml_domain *domain);
char *xml_network(const struct virt *virt, const char *name, const char *bridge);
char *xml_pool(const struct virt *virt);

/* What a running domain's XML says: its agent socket and console. "" where there is none. */
int xml_read_running(const char *text, struct virt_running *running, struct err *err);
/* Text at an XPath of a libvirt document; false when there is no such node or it does not fit. */
bool xml_read_text(const char *text, const char *path, char *value, size_t size);

/* ---- machine.c ------------------------------------------------------------------------------ */

/* NULL with ERR_NOT_FOUND when there is none. */
virDomainPtr domain_find(struct virt *virt, virConnectPtr connection, const char *name,
			    struct err *err);
/* The same by its name alone; a domain holds on to its connection. ERR_INVALID for what is no name. */
virDomainPtr domain_open(struct virt *virt, const char *name, struct err *err);
int machine_check(const struct virt_machine *machine, struct err *err);
/* Makes its overlay on machine->base_disk. *runs: there was one already with a machine running on
 * it, which is the one asked for, and *running is filled. */
int machine_make_disk(struct virt *virt, const struct virt_machine *machine, const char *disk,
		      struct virt_running *running, bool *runs, struct err *err);
/* A domain that waits for its state, or has it but was never resumed, is no machine: it is marked
 * as waking from before it is made until it runs. */
int machine_mark_waking(const struct virt *virt, const char *name, struct err *err);
void machine_clear_waking(const struct virt *virt, const char *name);
bool machine_is_whole(const struct virt *virt, virDomainPtr domain, const char *name);
/* Fills channel, console and pid of a domain that runs. */
int machine_read_running(struct virt *virt, virDomainPtr domain, struct virt_running *running,
			 struct err *err);
/* Ends a domain. gently: lets QEMU write out its caches. Success when it is gone already. */
int machine_end(struct virt *virt, virDomainPtr domain, bool gently, struct err *err);

/* Waits until libvirt has noticed every end that it was left to notice. */
void machine_settle(struct virt *virt, virConnectPtr connection);

/* ---- monitor.c ------------------------------------------------------------------------------ */

/* Lets RAM that is shared with a file stay out of the device state. */
int monitor_ignore_shared(virDomainPtr domain, bool on, struct err *err);
/* Writes the device state of a paused domain to fd. */
int monitor_save_state(virDomainPtr domain, int fd, struct err *err);
/* Feeds a waiting domain its device state from fd, and returns when it has it. */
int monitor_load_state(virDomainPtr domain, int fd, struct err *err);
/* The same without any RAM. fd: open for writing only; both go on from the file's position. */
int monitor_save_devices(virDomainPtr domain, int fd, struct err *err);
/* Where in QEMU the host byte of a guest's physical address is. */
int monitor_find_address(virDomainPtr domain, uint64_t guest, uint64_t *host, struct err *err);

/* ---- freeze.c ------------------------------------------------------------------------------- */

#define SAVED_SUFFIX ".saved"

bool freeze_is_saved(const struct virt *virt, const char *name);
void freeze_forget(const struct virt *virt, const char *name); /* what was saved of it */

/* ---- template.c ----------------------------------------------------------------------------- */

/* What template.json says. */
struct template_facts {
	char qemu[32], libvirt[32], machine_type[64], cpu[160];
	uint64_t memory, disk;
	unsigned vcpus, nics;
	char machine[64]; /* the machine that was baked */
};

void template_fill(struct template_facts *facts, const struct host_facts *host,
		   const struct virt_machine *machine);

char *template_file(const struct virt *virt, const char *key, const char *file); /* caller frees */
int template_read(const struct virt *virt, const char *key, struct template_facts *facts,
		  struct err *err);

/* ---- holder.c ------------------------------------------------------------------------------- */

/* The path under which QEMU finds the template's sealed RAM. Starts a holder when needed. */
int holder_path(struct virt *virt, const char *key, const struct host_facts *facts, char path[64],
		struct err *err);
void holder_drop(struct virt *virt, const char *key); /* running clones are not touched */
void holder_drop_all(struct virt *virt);

/* ---- network.c ------------------------------------------------------------------------------ */

void network_bridge_name(const struct virt *virt, uint32_t serial, char name[16]);
/* Removes bridges of ours that no network knows. */
void network_sweep(struct virt *virt, virConnectPtr connection);

#endif
