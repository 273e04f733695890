#include "virt/saved.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#define MAGIC      "TKfrozen"
#define STEP_PAGES 256                /* moved at once: 1 MiB */
#define STATE_MAX  (64 * 1024 * 1024) /* a device state is about 1 MB */
#define TSC_SLACK  25000              /* kHz: as far apart as two measurements never are, and no two processors' rates */

static_assert(sizeof(struct saved_head) <= SAVED_STATE, "the head has its place before the state");
static_assert(FIRMWARE_BYTES <= STEP_PAGES * RAM_PAGE, "it is moved in one step");

/* ---- the head ------------------------------------------------------------------------------- */

static int template_digest(const struct virt *virt, const char *key, uint8_t digest[32], struct err *err)
{
	AUTO_FREE char *path = template_file(virt, key, "state");
	AUTO(buf) struct buf state = { 0 };

	if (buf_read_file(&state, path, STATE_MAX, err) < 0)
		return err_wrap(err, "the template %.12s, which this machine's memory stands on", key);
	crypto_hash_sha256(digest, state.data, state.length);
	return 0;
}

int saved_fill(struct saved_head *head, struct virt *virt, const struct host_facts *facts, uint64_t memory,
	       const char *template, struct err *err)
{
	*head = (struct saved_head){ .magic = "", .version = SAVED_VERSION, .tsc_khz = facts->tsc_khz,
				     .memory = memory };
	memcpy(head->magic, MAGIC, sizeof(head->magic));
	host_version_text(facts->qemu, head->qemu, sizeof(head->qemu));
	snprintf(head->machine_type, sizeof(head->machine_type), "%s", facts->machine_type);
	snprintf(head->cpu, sizeof(head->cpu), "%s %s", facts->accel == VIRT_ACCEL_KVM ? "kvm" : "tcg",
		 facts->cpu_model);
	snprintf(head->template, sizeof(head->template), "%s", template);
	return *template ? template_digest(virt, template, head->digest, err) : 0;
}

/* "7.2.4" and "7.2.11" understand each other, "7.2" and "8.0" need not. */
static bool same_series(const char *a, const char *b)
{
	size_t length = strcspn(a, ".");

	length += a[length] ? strcspn(a + length + 1, ".") + 1 : 0;
	return strncmp(a, b, length) == 0 && (b[length] == '.' || !b[length]);
}

int saved_fits(const struct saved_head *head, const struct saved_head *here, const char *name, struct err *err)
{
	const char *const remedy = "it cannot go on where it was; start it to boot its disk, or reset it";
	uint32_t apart = head->tsc_khz > here->tsc_khz ? head->tsc_khz - here->tsc_khz :
							 here->tsc_khz - head->tsc_khz;

	if (!same_series(head->qemu, here->qemu) || !str_equal(head->machine_type, here->machine_type))
		return err_set(err, ERR_CONFLICT, "machine %s was frozen by QEMU %s (%s), here is %s (%s): %s", name,
			       head->qemu, head->machine_type, here->qemu, here->machine_type, remedy);
	if (!str_equal(head->cpu, here->cpu) || apart > TSC_SLACK)
		return err_set(err, ERR_CONFLICT, "machine %s was frozen on another processor (%s, here %s): %s", name,
			       head->cpu, here->cpu, remedy);
	if (head->memory != here->memory)
		return err_set(err, ERR_CONFLICT, "machine %s was frozen with %llu MiB of memory, not %llu: %s", name,
			       (unsigned long long)head->memory >> 20, (unsigned long long)here->memory >> 20, remedy);
	if (memcmp(head->digest, here->digest, sizeof(head->digest)) != 0)
		return err_set(err, ERR_CONFLICT, "machine %s was frozen on a template that was baked anew since: %s",
			       name, remedy);
	return 0;
}

int saved_write_head(int fd, const struct saved_head *head, struct err *err)
{
	return pwrite(fd, head, sizeof(*head), 0) == (ssize_t)sizeof(*head) ?
		       0 : err_errno(err, "cannot write a frozen machine");
}

int saved_read_head(int fd, struct saved_head *head, struct err *err)
{
	if (pread(fd, head, sizeof(*head), 0) != (ssize_t)sizeof(*head) ||
	    memcmp(head->magic, MAGIC, sizeof(head->magic)) != 0 || head->version != SAVED_VERSION)
		return err_set(err, ERR_INVALID, "this is no frozen machine of ours");
	head->template[sizeof(head->template) - 1] = '\0';
	return 0;
}

/* ---- writing RAM ---------------------------------------------------------------------------- */

static int put(int fd, const void *bytes, size_t length, struct err *err)
{
	for (const uint8_t *at = bytes; length;) {
		ssize_t done = write(fd, at, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_errno(err, "cannot write a frozen machine");
		at += done;
		length -= (size_t)done;
	}
	return 0;
}

static bool page_is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, RAM_PAGE - 1) == 0;
}

/* One step of own pages is in `pages`: written as runs of zero pages and of others. Where pages that are not
 * there are zero anyway, zero ones are left out. */
static int put_runs(int fd, const struct ram *ram, uint64_t first, uint64_t count, const uint8_t *pages,
		    struct err *err)
{
	for (uint64_t at = 0, end; at < count; at = end) {
		bool zero = page_is_zero(pages + at * RAM_PAGE);
		for (end = at + 1; end < count && page_is_zero(pages + end * RAM_PAGE) == zero;)
			end++;
		struct saved_run run = { first + at, end - at, zero };
		if (zero && !ram->of_template)
			continue;
		if (put(fd, &run, sizeof(run), err) < 0 ||
		    (!zero && put(fd, pages + at * RAM_PAGE, (end - at) * RAM_PAGE, err) < 0))
			return -1;
	}
	return 0;
}

int saved_write_ram(int fd, const struct ram *ram, uint64_t firmware, struct err *err)
{
	AUTO_FREE uint8_t *pages = mem_alloc(STEP_PAGES * RAM_PAGE);
	const struct saved_run last = { 0 };

	if (ram_peek(ram, firmware, FIRMWARE_BYTES, pages, err) < 0 || put(fd, pages, FIRMWARE_BYTES, err) < 0)
		return -1;
	for (uint64_t at = 0, end; at < ram->pages; at = end) {
		for (end = at; end < ram->pages && end - at < STEP_PAGES && ram->own[end];)
			end++;
		if (end > at && (ram_read(ram, at, end - at, pages, err) < 0 ||
				 put_runs(fd, ram, at, end - at, pages, err) < 0))
			return -1;
		end += end == at;
	}
	return put(fd, &last, sizeof(last), err);
}

/* ---- reading RAM ---------------------------------------------------------------------------- */

static int get(int fd, void *bytes, size_t length, struct err *err)
{
	for (uint8_t *at = bytes; length;) {
		ssize_t done = read(fd, at, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_set(err, ERR_INVALID, "a frozen machine's file ends too early");
		at += done;
		length -= (size_t)done;
	}
	return 0;
}

/* What a machine that has just started may have written into pages that were not the frozen one's becomes what it
 * was: the template's, or nothing. */
static int restore_rest(const struct ram *ram, const uint8_t *restored, int template, struct err *err)
{
	uint8_t page[RAM_PAGE];

	for (uint64_t at = 0; at < ram->pages; at++) {
		if (!ram->own[at] || restored[at])
			continue;
		memset(page, 0, sizeof(page));
		if (template >= 0 && pread(template, page, sizeof(page), (off_t)(at * RAM_PAGE)) < 0)
			return err_errno(err, "cannot read the template's memory");
		if (ram_write(ram, at, 1, page, err) < 0)
			return -1;
	}
	return 0;
}

static int put_back(int fd, const struct saved_run *run, const struct ram *ram, uint8_t *pages, struct err *err)
{
	for (uint64_t at = 0; at < run->count;) {
		uint64_t count = run->count - at < STEP_PAGES ? run->count - at : STEP_PAGES;
		if (run->zero)
			memset(pages, 0, count * RAM_PAGE);
		else if (get(fd, pages, count * RAM_PAGE, err) < 0)
			return -1;
		if (ram_write(ram, run->page + at, count, pages, err) < 0)
			return -1;
		at += count;
	}
	return 0;
}

int saved_read_ram(int fd, const struct saved_head *head, const struct ram *ram, uint64_t firmware, int template,
		   struct err *err)
{
	AUTO_FREE uint8_t *pages = mem_alloc(STEP_PAGES * RAM_PAGE);
	AUTO_FREE uint8_t *restored = mem_alloc(ram->pages);
	struct saved_run run;

	if (lseek(fd, (off_t)(SAVED_STATE + head->state_length), SEEK_SET) < 0)
		return err_errno(err, "cannot read a frozen machine");
	if (get(fd, pages, FIRMWARE_BYTES, err) < 0 || ram_poke(ram, firmware, FIRMWARE_BYTES, pages, err) < 0)
		return -1;
	for (;;) {
		if (get(fd, &run, sizeof(run), err) < 0)
			return -1;
		if (!run.count)
			return restore_rest(ram, restored, template, err);
		if (run.page >= ram->pages || run.count > ram->pages - run.page)
			return err_set(err, ERR_INVALID, "a frozen machine's file names pages that it cannot have");
		memset(restored + run.page, 1, run.count);
		if (put_back(fd, &run, ram, pages, err) < 0)
			return -1;
	}
}
