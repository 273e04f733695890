/* A machine's memory, seen from the host: which of its pages are its own, read and written page by page.
 *
 * A guest's RAM is one mapping in the process of its QEMU. In a clone it is a private mapping of the template's
 * sealed memory, and the kernel says of each page whether it still is the template's or was changed; in a
 * machine that was booted cold it is ordinary memory, and untouched pages are zero. Either way a machine is
 * told wholly by its own pages, which are a small part of it.
 *
 * Needs the right to trace QEMU, as root has it. Nothing may run in the machine meanwhile.
 */
#ifndef VIRT_RAM_H
#define VIRT_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define RAM_PAGE 4096u

struct ram {
	int pid;
	int memory;        /* /proc/PID/mem */
	uint64_t address;  /* of the guest's RAM in QEMU */
	uint64_t pages;
	bool of_template;  /* the pages that are not its own are the template's; else they are zero */
	uint8_t *own;      /* one byte per page, as it was when it was opened */
	uint64_t own_pages;
};

/* size: bytes of RAM that the machine has. ERR_INTERNAL when that process has no such mapping. */
int ram_open(struct ram *ram, int pid, uint64_t size, struct err *err);
void ram_close(struct ram *ram);

static inline void ram_cleanup(struct ram *ram)
{
	ram_close(ram);
}

/* Anything else of that process, by its address. */
int ram_peek(const struct ram *ram, uint64_t address, size_t length, void *to, struct err *err);
int ram_poke(const struct ram *ram, uint64_t address, size_t length, const void *from, struct err *err);
int ram_read(const struct ram *ram, uint64_t page, uint64_t count, void *to, struct err *err);
int ram_write(const struct ram *ram, uint64_t page, uint64_t count, const void *from, struct err *err);

#endif
