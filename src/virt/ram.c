#include "virt/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

/* proc(5): of a page in /proc/PID/pagemap. A page that a private mapping has copied is anonymous, in memory or
 * swapped out; one that it shares with its file is a file's; one that was never touched is neither. */
#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_FILE    (1ull << 61)

#define TEMPLATE_NAME "/memfd:terakoya-ram" /* holder.c */
#define MAP_STEP      8192                  /* pages whose entries are read at once */

struct mapping {
	unsigned long long begin, end, inode;
	char mode[5], name[64];
};

static bool read_mapping(const char *line, struct mapping *mapping)
{
	mapping->name[0] = '\0';
	return sscanf(line, "%llx-%llx %4s %*x %*s %llu %63s", &mapping->begin, &mapping->end, mapping->mode,
		      &mapping->inode, mapping->name) >= 4;
}

/* The template's memory if it is there; else the only private, writable mapping of exactly the right size: QEMU
 * keeps an unmapped page on either side of RAM, so it never grows together with its neighbours. (Beside the
 * template's, libvirt has QEMU make such a mapping as well, and nothing uses it.) */
static int find_mapping(struct ram *ram, uint64_t size, struct err *err)
{
	AUTO_FREE char *path = str_fmt("/proc/%d/maps", ram->pid);
	AUTO_FILE FILE *file = fopen(path, "re");
	struct mapping mapping;
	char line[512];
	unsigned found = 0;

	if (!file)
		return err_errno(err, "cannot read %s", path);
	while (fgets(line, sizeof(line), file) && !ram->of_template) {
		if (!read_mapping(line, &mapping) || mapping.end - mapping.begin != size ||
		    strcmp(mapping.mode, "rw-p") != 0)
			continue;
		ram->of_template = str_equal(mapping.name, TEMPLATE_NAME);
		if (mapping.inode && !ram->of_template)
			continue;
		ram->address = mapping.begin;
		found++;
	}
	if (found == 1 || ram->of_template)
		return 0;
	return err_set(err, ERR_INTERNAL, "process %d has %u mappings that could be its machine's memory, not one",
		       ram->pid, found);
}

static bool is_own(uint64_t entry)
{
	return (entry & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)) && !(entry & PAGEMAP_FILE);
}

static int find_own(struct ram *ram, struct err *err)
{
	AUTO_FREE char *path = str_fmt("/proc/%d/pagemap", ram->pid);
	AUTO_FREE uint64_t *entry = mem_alloc(MAP_STEP * sizeof(*entry));
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "cannot read %s", path);
	ram->own = mem_alloc(ram->pages);
	for (uint64_t page = 0; page < ram->pages;) {
		uint64_t count = ram->pages - page < MAP_STEP ? ram->pages - page : MAP_STEP;
		ssize_t got = pread(fd, entry, count * sizeof(*entry),
				    (off_t)((ram->address / RAM_PAGE + page) * sizeof(*entry)));
		if (got <= 0)
			return err_errno(err, "cannot read %s", path);
		for (uint64_t i = 0; i < (uint64_t)got / sizeof(*entry); i++, page++)
			ram->own_pages += ram->own[page] = is_own(entry[i]);
	}
	return 0;
}

int ram_open(struct ram *ram, int pid, uint64_t size, struct err *err)
{
	AUTO_FREE char *path = str_fmt("/proc/%d/mem", pid);

	*ram = (struct ram){ .pid = pid, .pages = size / RAM_PAGE };
	ram->memory = open(path, O_RDWR | O_CLOEXEC);
	if (ram->memory < 0)
		return err_errno(err, "cannot look into %s", path);
	if (find_mapping(ram, size, err) < 0 || find_own(ram, err) < 0) {
		ram_close(ram);
		return -1;
	}
	return 0;
}

void ram_close(struct ram *ram)
{
	if (ram->pages && ram->memory >= 0)
		close(ram->memory);
	free(ram->own);
	*ram = (struct ram){ .memory = -1 };
}

int ram_peek(const struct ram *ram, uint64_t address, size_t length, void *to, struct err *err)
{
	return pread(ram->memory, to, length, (off_t)address) == (ssize_t)length ?
		       0 : err_errno(err, "cannot read the memory of process %d", ram->pid);
}

int ram_poke(const struct ram *ram, uint64_t address, size_t length, const void *from, struct err *err)
{
	return pwrite(ram->memory, from, length, (off_t)address) == (ssize_t)length ?
		       0 : err_errno(err, "cannot write the memory of process %d", ram->pid);
}

int ram_read(const struct ram *ram, uint64_t page, uint64_t count, void *to, struct err *err)
{
	return ram_peek(ram, ram->address + page * RAM_PAGE, count * RAM_PAGE, to, err);
}

int ram_write(const struct ram *ram, uint64_t page, uint64_t count, const void *from, struct err *err)
{
	return ram_poke(ram, ram->address + page * RAM_PAGE, count * RAM_PAGE, from, err);
}
