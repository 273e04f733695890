/* A frozen machine on disk: one file beside its overlay, <state>/pool/<name>.saved.
 *
 *	4096 bytes   struct saved_head
 *	..           the state of its devices, as QEMU writes it
 *	256 KiB      its firmware
 *	..           runs of its own pages: struct saved_run and, unless they are zero, the pages themselves;
 *	             a run of none is the end
 *
 * Numbers are the host's own: the file never leaves it. The head is written last and the file gets its name when
 * all of it is on the disk, so a file of that name is whole.
 */
#ifndef VIRT_SAVED_H
#define VIRT_SAVED_H

#include <sys/types.h>

#include "virt/internal.h"
#include "virt/ram.h"

#define SAVED_VERSION 1
#define SAVED_STATE   4096 /* where the devices' state begins */

/* Of every machine of ours, just below 4 GiB. */
#define FIRMWARE_BYTES   (256u * 1024)
#define FIRMWARE_ADDRESS ((4ull << 30) - FIRMWARE_BYTES)

struct saved_head {
	char magic[8];
	uint32_t version;
	uint32_t tsc_khz;
	uint64_t memory;       /* bytes of RAM */
	uint64_t pages;        /* of its own */
	uint64_t state_length;
	char qemu[32], machine_type[64], cpu[160];
	char template[65];     /* whose pages the others are; "": they are zero */
	uint8_t digest[32];    /* of that template's device state: one baked anew under the same key is another */
};

struct saved_run {
	uint64_t page, count;
	uint64_t zero; /* 1: no pages follow */
};

/* What this machine would be frozen with here and now; template: its key, or "". */
int saved_fill(struct saved_head *head, struct virt *virt, const struct host_facts *facts, uint64_t memory,
	       const char *template, struct err *err);
/* Whether a machine frozen so can be brought back here and now. ERR_CONFLICT with what is different. */
int saved_fits(const struct saved_head *head, const struct saved_head *here, const char *name, struct err *err);

/* Firmware and RAM, from the file's present position on; firmware: its address in QEMU. */
int saved_write_ram(int fd, const struct ram *ram, uint64_t firmware, struct err *err);
/* Into a machine that has not run yet. template: the template's RAM file; -1 for none. */
int saved_read_ram(int fd, const struct saved_head *head, const struct ram *ram, uint64_t firmware, int template,
		   struct err *err);

int saved_write_head(int fd, const struct saved_head *head, struct err *err);
int saved_read_head(int fd, struct saved_head *head, struct err *err);

#endif
