/* A clone wakes up as its template: same random numbers to come, same clock, name and keys. This
 * makes it a machine of its own. All of it happens in this process, in a few milliseconds: under software
 * emulation a single child would cost a clone more than everything here. Only a missing account is
 * made by a child, and only a template's bake meets that.
 *
 * Entropy comes first, because what follows may draw on it. A step that fails does not stop the
 * others; the answer then names each, and the instance stays what it was.
 */
#include "agent/agent.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INSTANCE_PATH "/run/terakoya-instance"
#define SUDOERS_PATH  "/etc/sudoers.d/terakoya"
#define USER_PATH     "/etc/terakoya-user" /* as whom the image's console logs in */
#define USERADD_MS    100000 /* a second or two; more than 20 s were seen while the host was overloaded */
#define NICS_MAX      8
#define HOSTS_MAX     16
#define KEYS_MAX      3

struct identity {
	uint64_t instance;
	int64_t real_ms;
	const uint8_t *entropy; /* 64 bytes */
	const char *host_name, *machine_id, *time_zone, *user;
	bool user_sudo;
	unsigned nic_count, host_count, key_count;
	struct { const char *mac, *address; } nic[NICS_MAX];
	struct { const char *address, *name; } host[HOSTS_MAX];
	struct { const char *name, *private_key, *public_key; } key[KEYS_MAX];
};

/* Everything that went wrong, in one line. */
struct complaint {
	int error;
	size_t length;
	char text[FRAME_MESSAGE_MAX];
};

static void complain(struct complaint *complaint, int error, const char *what, const char *object)
{
	if (!error || complaint->length >= sizeof(complaint->text) - 1)
		return;
	complaint->error = error;
	int wrote = snprintf(complaint->text + complaint->length,
			     sizeof(complaint->text) - complaint->length, "%scannot %s %.80s: %s",
			     complaint->length ? "; " : "", what, object, strerror(error));
	complaint->length += wrote > 0 ? (size_t)wrote : 0;
}

/* ---- reading ----------------------------------------------------------------------------- */

static unsigned bounded_count(struct frame_reader *reader, unsigned most)
{
	unsigned count = frame_get_u16(reader);

	reader->bad |= count > most;
	return reader->bad ? 0 : count;
}

static bool identity_read(struct identity *identity, const struct frame *frame)
{
	struct frame_reader reader;

	frame_open(&reader, frame);
	identity->entropy = frame_get_bytes(&reader, 64);
	identity->instance = frame_get_u64(&reader);
	identity->real_ms = (int64_t)frame_get_u64(&reader);
	identity->host_name = frame_get_text(&reader, 63);
	identity->machine_id = frame_get_text(&reader, 32);
	identity->time_zone = frame_get_text(&reader, 63);
	identity->user = frame_get_text(&reader, 32);
	identity->user_sudo = frame_get_u16(&reader);
	identity->nic_count = bounded_count(&reader, NICS_MAX);
	for (unsigned i = 0; i < identity->nic_count; i++) {
		identity->nic[i].mac = frame_get_text(&reader, 17);
		identity->nic[i].address = frame_get_text(&reader, 63);
	}
	identity->host_count = bounded_count(&reader, HOSTS_MAX);
	for (unsigned i = 0; i < identity->host_count; i++) {
		identity->host[i].address = frame_get_text(&reader, 63);
		identity->host[i].name = frame_get_text(&reader, 63);
	}
	identity->key_count = bounded_count(&reader, KEYS_MAX);
	for (unsigned i = 0; i < identity->key_count; i++) {
		identity->key[i].name = frame_get_text(&reader, 31);
		identity->key[i].private_key = frame_get_text(&reader, 8192);
		identity->key[i].public_key = frame_get_text(&reader, 8192);
	}
	return frame_close(&reader);
}

/* ---- the steps --------------------------------------------------------------------------- */

static int set_entropy(const uint8_t *entropy)
{
	/* struct rand_pool_info with its 64 bytes behind it: bits, bytes, data. */
	struct { int bits, size; uint8_t bytes[64]; } pool = { 512, 64, { 0 } };
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC), error = 0;

	static_assert(offsetof(struct rand_pool_info, buf) == 2 * sizeof(int), "as the kernel has it");
	memcpy(pool.bytes, entropy, sizeof(pool.bytes));
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	explicit_bzero(&pool, sizeof(pool));
	return error;
}

static int set_clock(int64_t real_ms)
{
	struct timespec now = { real_ms / 1000, real_ms % 1000 * 1000000 };

	return clock_settime(CLOCK_REALTIME, &now) < 0 ? errno : 0;
}

static int write_line(const char *path, mode_t mode, const char *text)
{
	char line[128];
	int length = snprintf(line, sizeof(line), "%s\n", text);

	return file_write(path, mode, line, (size_t)length);
}

/* Setting even the same name wakes everybody who watches it, systemd and its journal among them. */
static int set_host_name(const char *name)
{
	char now[65] = "";

	if ((gethostname(now, sizeof(now) - 1) < 0 || strcmp(now, name)) &&
	    sethostname(name, strlen(name)) < 0)
		return errno;
	return write_line("/etc/hostname", 0644, name);
}

/* D-Bus keeps a copy where it is not a link. */
static int set_machine_id(const char *id)
{
	struct stat status;
	int error = write_line("/etc/machine-id", 0444, id);

	if (!error && !lstat("/var/lib/dbus/machine-id", &status) && S_ISREG(status.st_mode))
		error = write_line("/var/lib/dbus/machine-id", 0444, id);
	return error;
}

/* The machine's own name has its address in the list, or the one Debian uses for hosts without any. */
static int set_hosts(const struct identity *identity)
{
	char text[4096] = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
	size_t length = strlen(text);
	bool listed = false;

	for (unsigned i = 0; i < identity->host_count; i++)
		listed |= !strcmp(identity->host[i].name, identity->host_name);
	if (!listed)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "127.0.1.1\t%s\n",
					   identity->host_name);
	for (unsigned i = 0; i < identity->host_count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s\t%s\n",
					   identity->host[i].address, identity->host[i].name);
	return file_write("/etc/hosts", 0644, text, length);
}

static bool is_plain_name(const char *name)
{
	return *name && *name != '.' && *name != '-' && !strchr(name, '/');
}

/* A zone that the machine does not have is no reason to fail: it stays at what it was. */
static int set_time_zone(const char *zone)
{
	char path[128], now[128] = "";

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	if (!*zone || strstr(zone, "..") || access(path, R_OK) < 0)
		return 0;
	if (readlink("/etc/localtime", now, sizeof(now) - 1) > 0 && !strcmp(now, path))
		return 0;
	unlink("/etc/localtime.tk");
	if (symlink(path, "/etc/localtime.tk") < 0 || rename("/etc/localtime.tk", "/etc/localtime") < 0)
		return errno;
	return access("/etc/timezone", F_OK) ? 0 : write_line("/etc/timezone", 0644, zone);
}

static int set_key(const char *name, const char *private_key, const char *public_key)
{
	char path[64];

	if (!is_plain_name(name))
		return EINVAL;
	if (access("/etc/ssh", F_OK) < 0)
		return 0; /* no ssh in this image */
	snprintf(path, sizeof(path), "/etc/ssh/%s", name);
	int error = file_write(path, 0600, private_key, strlen(private_key));
	snprintf(path, sizeof(path), "/etc/ssh/%s.pub", name);
	return error ? error : file_write(path, 0644, public_key, strlen(public_key));
}

static int set_user(const char *name, bool sudo)
{
	const char *const add[] = { "useradd", "--create-home", "--shell", "/bin/bash", name, NULL };
	struct account account;
	char line[96];

	if (!is_plain_name(name))
		return *name ? EINVAL : 0;
	if (account_find(name, &account) && spawn_wait(add, USERADD_MS) != 0)
		return ECHILD;
	snprintf(line, sizeof(line), "%s ALL=(ALL:ALL) NOPASSWD: ALL", name);
	if (sudo && access("/etc/sudoers.d", F_OK) == 0)
		return write_line(SUDOERS_PATH, 0440, line);
	if (!sudo)
		unlink(SUDOERS_PATH);
	return 0;
}

/* What all clones of a template have in common, and the template itself. */
static void settle(const struct identity *identity, struct complaint *complaint)
{
	complain(complaint, set_host_name(identity->host_name), "take the name",
		 identity->host_name);
	complain(complaint, set_hosts(identity), "write", "/etc/hosts");
	complain(complaint, set_time_zone(identity->time_zone), "set the time zone",
		 identity->time_zone);
	complain(complaint, set_user(identity->user, identity->user_sudo), "make the user",
		 identity->user);
	complain(complaint,
		 write_line(USER_PATH, 0644, *identity->user ? identity->user : "root"),
		 "write", USER_PATH);
	for (unsigned i = 0; i < identity->nic_count; i++)
		complain(complaint, card_set(identity->nic[i].mac, identity->nic[i].address),
			 "bring up the card", identity->nic[i].mac);
}

static uint64_t mix(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3; /* FNV-1a */
	while (*text++);
	return hash;
}

/* A number for all that settle() looks at. */
static uint64_t shape_of(const struct identity *identity)
{
	uint64_t shape = mix(0xcbf29ce484222325, identity->host_name);

	shape = mix(mix(shape, identity->time_zone), identity->user_sudo ? "sudo" : "");
	shape = mix(shape, identity->user);
	for (unsigned i = 0; i < identity->host_count; i++)
		shape = mix(mix(shape, identity->host[i].address), identity->host[i].name);
	for (unsigned i = 0; i < identity->nic_count; i++)
		shape = mix(mix(shape, identity->nic[i].mac), identity->nic[i].address);
	return shape;
}

/* A clone's agent is its template's, which has settled all this already and remembers so: to look at each
 * of it again would be a tenth of what a clone runs before it is ready. Twice is enough: at the beginning
 * of a bake, and at its rehearsal, when the course's setup has been at work. After a boot it is another
 * agent, which remembers nothing. */
static void identity_take(const struct identity *identity, struct complaint *complaint)
{
	static uint64_t last;
	static unsigned settled;
	uint64_t shape = shape_of(identity);

	complain(complaint, set_entropy(identity->entropy), "stir", "the random numbers");
	complain(complaint, set_clock(identity->real_ms), "set", "the clock");
	complain(complaint, set_machine_id(identity->machine_id), "write", "/etc/machine-id");
	for (unsigned i = 0; i < identity->key_count; i++)
		complain(complaint,
			 set_key(identity->key[i].name, identity->key[i].private_key,
				 identity->key[i].public_key),
			 "write the host key", identity->key[i].name);
	settled = shape == last ? settled : 0;
	last = shape;
	if (settled == 2)
		return;
	settle(identity, complaint);
	settled = complaint->error ? 0 : settled + 1;
}

/* ---- the instance: gone with a reboot, kept when only the agent was killed --------------- */

/* Always as long, so that a clone overwrites its template's. */
static void instance_keep(uint64_t instance)
{
	char text[24];

	snprintf(text, sizeof(text), "%020llu", (unsigned long long)instance);
	write_line(INSTANCE_PATH, 0600, text);
}

void identity_recall(struct agent *agent)
{
	FILE *file = agent->keeps_identity ? fopen(INSTANCE_PATH, "re") : NULL;
	unsigned long long instance;

	if (file && fscanf(file, "%llu", &instance) == 1)
		agent->instance = instance;
	if (file)
		fclose(file);
}

void identify(struct agent *agent, const struct frame *frame)
{
	struct identity identity = { 0 };
	struct complaint complaint = { 0 };
	uint8_t done[12] = { 0 };

	if (!agent->keeps_identity || !identity_read(&identity, frame)) {
		port_send_fail(&agent->port, FRAME_JOB_FAIL, frame->channel, EINVAL, "%s",
			       agent->keeps_identity ? "the identity is malformed"
						     : "this agent was started without identity");
		return;
	}
	identity_take(&identity, &complaint);
	if (complaint.error) {
		port_send_fail(&agent->port, FRAME_JOB_FAIL, frame->channel, complaint.error, "%s",
			       complaint.text);
		return;
	}
	agent->instance = identity.instance;
	instance_keep(identity.instance);
	port_send(&agent->port, FRAME_JOB_EXIT, frame->channel, done, sizeof(done));
}
