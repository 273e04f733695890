#include "virt/internal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

/* Disks: qcow2 overlays in the pool's directory.
 *
 * An empty overlay is four clusters of almost nothing, so we write it ourselves: asking libvirt for
 * one (virStorageVolCreateXML) runs qemu-img and reads the pool again, 40 ms and more of every
 * clone. The pool itself is a libvirt object all the same, so that an admin sees the volumes with
 * `virsh vol-list`; it is refreshed when volumes are listed, not when one is made.
 *
 * The file that we write, 64 KiB clusters, version 3 (docs/interop/qcow2.txt in QEMU's source):
 *
 *	cluster 0   header, the backing format's extension, the backing file's name
 *	cluster 1   refcount table: one entry, pointing to cluster 2
 *	cluster 2   refcount block: clusters in use have 1 (16-bit big-endian numbers)
 *	cluster 3.. L1 table: 8 bytes per 512 MiB of disk, all zero: all is in the backing file
 *
 * All numbers are big-endian. Untouched space stays a hole in the file. */

#define CLUSTER_BITS    16
#define CLUSTER         (1u << CLUSTER_BITS)
#define HEADER_LENGTH   104
#define EXT_BACKING     0xe2792acau
#define QCOW2_MAGIC     0x514649fbu /* "QFI\xfb" */
#define BYTES_PER_L1    ((uint64_t)CLUSTER * (CLUSTER / 8)) /* 512 MiB */
#define DISK_SIZE_MAX   (1ull << 40)
#define REFCOUNT_ORDER  4 /* 2^4 = 16 bits */
#define DISK_MODE       0600
#define NAME_LENGTH_MAX 1023 /* qcow2's bound on a backing file's name */

struct qcow2_header {
	uint32_t magic, version;
	uint64_t backing_offset;
	uint32_t backing_length, cluster_bits;
	uint64_t size;
	uint32_t crypt, l1_entries;
	uint64_t l1_offset, refcount_offset;
	uint32_t refcount_clusters, snapshots;
	uint64_t snapshot_offset, incompatible, compatible, autoclear;
	uint32_t refcount_order, header_length;
} __attribute__((packed));
_Static_assert(sizeof(struct qcow2_header) == HEADER_LENGTH, "version 3 of the header");

char *volume_path(const struct virt *virt, const char *name)
{
	return str_fmt("%s/pool/%s.qcow2", virt->state_dir, name);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Format, size, and the name of the backing file ("" when there is none). */
static int read_image(struct volume_image *image, uint64_t *size, char *backing, size_t room,
		      struct err *err)
{
	struct qcow2_header header;
	struct stat status;
	AUTO_CLOSE int fd = open(image->path, O_RDONLY | O_CLOEXEC);

	backing[0] = '\0';
	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "there is no disk %s", image->path);
	if (fd < 0 || fstat(fd, &status) < 0)
		return err_errno(err, "cannot read disk %s", image->path);
	ssize_t got = pread(fd, &header, sizeof(header), 0);
	if (got < (ssize_t)sizeof(header) || be32toh(header.magic) != QCOW2_MAGIC) {
		snprintf(image->format, sizeof(image->format), "raw");
		*size = (uint64_t)status.st_size;
		return 0;
	}
	snprintf(image->format, sizeof(image->format), "qcow2");
	*size = be64toh(header.size);
	uint32_t length = be32toh(header.backing_length);
	if (length == 0 || header.backing_offset == 0)
		return 0;
	if (length >= room || pread(fd, backing, length, (off_t)be64toh(header.backing_offset)) !=
				      (ssize_t)length)
		return err_set(err, ERR_INVALID, "disk %s names no backing file that can be used",
			       image->path);
	backing[length] = '\0';
	return 0;
}

int virt_disk_base(const char *path, char *base, size_t room, struct err *err)
{
	struct volume_image image;
	uint64_t size;

	if (strlen(path) >= sizeof(image.path))
		return err_set(err, ERR_INVALID, "the path of disk %s is too long", path);
	strcpy(image.path, path);
	return read_image(&image, &size, base, room, err);
}

int volume_chain_read(struct volume_chain *chain, const char *path, struct err *err)
{
	char next[sizeof(chain->image[0].path)];
	uint64_t size = 0;

	*chain = (struct volume_chain){ 0 };
	snprintf(next, sizeof(next), "%s", path);
	while (next[0]) {
		if (chain->count == VIRT_CHAIN_MAX)
			return err_set(err, ERR_INVALID, "disk %s stands on more than %d others",
				       path, VIRT_CHAIN_MAX - 1);
		if (next[0] != '/')
			return err_set(err, ERR_INVALID,
				       "disk %s stands on \"%s\", which is no absolute path", path,
				       next);
		struct volume_image *image = &chain->image[chain->count++];
		memcpy(image->path, next, sizeof(image->path));
		if (read_image(image, &size, next, sizeof(next), err) < 0)
			return -1;
		if (chain->count == 1)
			chain->size = size;
	}
	return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static int put(int fd, const void *bytes, size_t length, uint64_t offset)
{
	ssize_t done = pwrite(fd, bytes, length, (off_t)offset);

	if (done >= 0 && (size_t)done != length)
		errno = ENOSPC;
	return done == (ssize_t)length ? 0 : -1;
}

/* Header, extension, end of extensions, name. */
static int put_header(int fd, const char *backing, const char *format, uint64_t size,
		      uint32_t l1_entries)
{
	uint8_t block[HEADER_LENGTH + 16 + 8 + NAME_LENGTH_MAX] = { 0 };
	size_t end = HEADER_LENGTH, length = backing ? strlen(backing) : 0;

	if (backing) {
		uint32_t extension[2] = { htobe32(EXT_BACKING), htobe32((uint32_t)strlen(format)) };
		memcpy(block + end, extension, sizeof(extension));
		memcpy(block + end + 8, format, strlen(format));
		end += 16; /* the format's name, padded to 8 bytes */
	}
	end += 8; /* all zero: no more extensions */
	struct qcow2_header header = {
		.magic = htobe32(QCOW2_MAGIC),
		.version = htobe32(3),
		.backing_offset = htobe64(backing ? end : 0),
		.backing_length = htobe32((uint32_t)length),
		.cluster_bits = htobe32(CLUSTER_BITS),
		.size = htobe64(size),
		.l1_entries = htobe32(l1_entries),
		.l1_offset = htobe64(3 * CLUSTER),
		.refcount_offset = htobe64(CLUSTER),
		.refcount_clusters = htobe32(1),
		.refcount_order = htobe32(REFCOUNT_ORDER),
		.header_length = htobe32(HEADER_LENGTH),
	};
	memcpy(block, &header, sizeof(header));
	if (backing)
		memcpy(block + end, backing, length);
	return put(fd, block, end + length, 0);
}

static int put_overlay(int fd, const char *backing, const char *format, uint64_t size)
{
	uint32_t l1_entries = (uint32_t)((size + BYTES_PER_L1 - 1) / BYTES_PER_L1);
	unsigned used = 3 + (l1_entries * 8 + CLUSTER - 1) / CLUSTER;
	uint64_t table = htobe64(2 * CLUSTER);
	uint16_t counts[8];

	/* 1 TiB at most is 2048 entries, 16 KiB: one cluster, so used is 4. */
	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++)
		counts[i] = htobe16(i < used ? 1 : 0);
	if (put_header(fd, backing, format, size, l1_entries) < 0 ||
	    put(fd, &table, sizeof(table), CLUSTER) < 0 ||
	    put(fd, counts, sizeof(counts), 2 * CLUSTER) < 0)
		return -1;
	return ftruncate(fd, (off_t)used * CLUSTER);
}

static int write_file(const char *path, const char *backing, const char *format, uint64_t size,
		      const struct host_facts *facts, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, DISK_MODE);

	if (fd < 0 && errno == EEXIST)
		return err_set(err, ERR_CONFLICT, "disk %s exists already", path);
	if (fd < 0)
		return err_errno(err, "cannot make disk %s", path);
	if (put_overlay(fd, backing, format, size) < 0) {
		err_errno(err, "cannot write disk %s", path);
		unlink(path);
		return -1;
	}
	if (facts && fchown(fd, facts->uid, facts->gid) < 0) {
		err_errno(err, "cannot give disk %s to libvirt's QEMU user %u", path,
			  (unsigned)facts->uid);
		unlink(path);
		return -1;
	}
	return 0;
}

int volume_write(const char *path, const char *base, uint64_t size, const struct host_facts *facts,
		 struct err *err)
{
	struct volume_chain chain = { 0 };

	if (base && volume_chain_read(&chain, base, err) < 0)
		return -1;
	if (base && strlen(base) > NAME_LENGTH_MAX)
		return err_set(err, ERR_INVALID, "the path %s is too long for a disk's base", base);
	if (size < chain.size)
		size = chain.size;
	if (size == 0 || size > DISK_SIZE_MAX || size % 512)
		return err_set(err, ERR_INVALID,
			       "a disk of %llu bytes cannot be made: use 1 MiB to 1 TiB",
			       (unsigned long long)size);
	return write_file(path, base, chain.image[0].format, size, facts, err);
}

/* ---- the pool ------------------------------------------------------------------------------- */

/* Somebody deleted the state directory and began anew at the same place: libvirt still knows the pool that was
 * there. It is nobody's now, since the directory's lock is ours; its files are not touched. */
static void drop_predecessor(struct virt *virt, virConnectPtr connection)
{
	AUTO_FREE char *path = str_fmt("%s/pool", virt->state_dir);
	AUTO(pool) virStoragePoolPtr pool = virStoragePoolLookupByTargetPath(connection, path);

	if (pool && str_starts(virStoragePoolGetName(pool), "tk-"))
		virStoragePoolDestroy(pool);
}

static virStoragePoolPtr create_pool(struct virt *virt, virConnectPtr connection)
{
	AUTO_FREE char *text = xml_pool(virt);
	virStoragePoolPtr pool = virStoragePoolCreateXML(connection, text, 0);

	if (pool)
		return pool;
	drop_predecessor(virt, connection);
	return virStoragePoolCreateXML(connection, text, 0);
}

int volume_ensure_pool(struct virt *virt, virConnectPtr connection, struct err *err)
{
	AUTO_FREE char *name = str_copy_n(virt->prefix, strlen(virt->prefix) - 1);

	if (virt->is_test)
		return 0;
	AUTO(pool) virStoragePoolPtr pool = virStoragePoolLookupByName(connection, name);
	if (pool)
		virStoragePoolRefresh(pool, 0);
	else
		pool = create_pool(virt, connection);
	if (!pool)
		return err_from_virt(err, "cannot make storage pool %s", name);
	return 0;
}

int volume_remove_path(const char *path, struct err *err)
{
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(err, "cannot remove disk %s", path);
	return 0;
}

/* What the pool has seen goes from its list as well; the rest is only a file. */
int virt_volume_remove(struct virt *virt, const char *name, struct err *err)
{
	if (virt_check_name(name, err) < 0)
		return -1;
	AUTO_FREE char *path = volume_path(virt, name);
	machine_clear_waking(virt, name);
	freeze_forget(virt, name);
	AUTO(connection) virConnectPtr connection =
		virt->is_test ? NULL : virt_connection(virt, NULL);
	if (connection) {
		AUTO(volume) virStorageVolPtr volume =
			virStorageVolLookupByPath(connection, path);
		if (volume)
			virStorageVolDelete(volume, 0);
	}
	return volume_remove_path(path, err);
}

/* An empty pool of a daemon that ends is of no use to anyone. Its directory stays. */
void volume_drop_pool(struct virt *virt, virConnectPtr connection)
{
	AUTO_FREE char *name = str_copy_n(virt->prefix, strlen(virt->prefix) - 1);
	AUTO_FREE char *path = str_fmt("%s/pool", virt->state_dir);

	if (virt->is_test || rmdir(path) < 0) /* not empty: machines run on */
		return;
	AUTO(pool) virStoragePoolPtr pool = virStoragePoolLookupByName(connection, name);
	if (pool)
		virStoragePoolDestroy(pool);
	mkdir(path, VIRT_DIR_MODE);
}

int virt_volume_used(struct virt *virt, const char *name, uint64_t *bytes, struct err *err)
{
	AUTO_FREE char *path = volume_path(virt, name);
	struct stat status;

	if (stat(path, &status) < 0)
		return err_errno(err, "the disk %s", path);
	*bytes = (uint64_t)status.st_blocks * 512;
	return 0;
}
