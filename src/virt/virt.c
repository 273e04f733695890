#include "virt/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"

#define LOG_MODULE "virt"
#include "base/log.h"

/* The connection, and T1.
 *
 * T1 is the only thread that opens and closes connections. It runs libvirt's default event loop; a
 * timer of that loop wakes it once a second, and when the connection is gone it makes a new one. It
 * never calls libvirt from a callback (libvirt holds locks there): a callback only notes what
 * happened or posts it to T0.
 *
 * Lanes borrow the connection with virt_connection(), which takes a reference. When libvirtd dies
 * under them their call fails with ERR_UNAVAILABLE, and the reference that they hold keeps the dead
 * connection from being freed until they are through.
 *
 * A post to T0 outlives virt_close(), which is why posts do not point to struct virt but to a
 * mailbox: T0 empties it in virt_close(), and a late post finds nobody at home. */

#define RETRY_MS          1000
#define KEEPALIVE_SECONDS 5 /* and three unanswered: a hanging libvirtd is noticed in 20 s */
#define KEEPALIVE_COUNT   3

struct mailbox {
	atomic_uint references;
	bool open; /* T0 only */
	struct virt_events events;
	void *context;
};

enum letter_kind { LETTER_STOPPED, LETTER_REBOOTED, LETTER_CONNECTION };

struct letter {
	struct mailbox *mailbox;
	enum letter_kind kind;
	char name[64];
	bool flag; /* crashed, or up */
	struct err why;
};

static void mailbox_unref(struct mailbox *mailbox)
{
	if (atomic_fetch_sub(&mailbox->references, 1) == 1)
		free(mailbox);
}

/* On T0. */
static void letter_open(void *argument)
{
	AUTO_FREE struct letter *letter = argument;
	struct mailbox *mailbox = letter->mailbox;

	if (mailbox->open) {
		switch (letter->kind) {
		case LETTER_STOPPED:
			mailbox->events.machine_stopped(mailbox->context, letter->name,
							letter->flag);
			break;
		case LETTER_REBOOTED:
			mailbox->events.machine_rebooted(mailbox->context, letter->name);
			break;
		case LETTER_CONNECTION:
			mailbox->events.connection(mailbox->context, letter->flag,
						   letter->flag ? NULL : &letter->why);
			break;
		}
	}
	mailbox_unref(mailbox);
}

static struct letter *letter_new(struct virt *virt, enum letter_kind kind, bool flag)
{
	struct letter *letter = mem_alloc(sizeof(*letter));

	letter->mailbox = virt->mailbox;
	letter->kind = kind;
	letter->flag = flag;
	atomic_fetch_add(&virt->mailbox->references, 1);
	return letter;
}

/* ---- errors --------------------------------------------------------------------------------- */

static enum err_kind kind_of(const virError *error)
{
	switch (error->code) {
	case VIR_ERR_NO_DOMAIN:
	case VIR_ERR_NO_NETWORK:
	case VIR_ERR_NO_STORAGE_POOL:
	case VIR_ERR_NO_STORAGE_VOL:
		return ERR_NOT_FOUND;
	case VIR_ERR_DOM_EXIST:
	case VIR_ERR_NETWORK_EXIST:
	case VIR_ERR_OPERATION_INVALID:
		return ERR_CONFLICT;
	case VIR_ERR_AUTH_FAILED:
	case VIR_ERR_AUTH_CANCELLED:
	case VIR_ERR_AUTH_UNAVAILABLE:
	case VIR_ERR_ACCESS_DENIED:
		return ERR_DENIED;
	case VIR_ERR_OPERATION_TIMEOUT:
	case VIR_ERR_AGENT_UNRESPONSIVE:
		return ERR_TIMEOUT;
	case VIR_ERR_NO_CONNECT:
	case VIR_ERR_INVALID_CONN:
	case VIR_ERR_RPC:
		return ERR_UNAVAILABLE;
	default:
		break;
	}
	/* A socket that breaks off under a call. */
	if (error->domain == VIR_FROM_RPC || error->domain == VIR_FROM_REMOTE)
		return ERR_UNAVAILABLE;
	return ERR_INTERNAL;
}

int err_from_virt(struct err *err, const char *format, ...)
{
	const virError *error = virGetLastError();
	char context[ERR_MESSAGE_MAX / 2];
	va_list args;

	va_start(args, format);
	vsnprintf(context, sizeof(context), format, args);
	va_end(args);
	if (!error)
		return err_set(err, ERR_INTERNAL, "%s: libvirt gave no reason", context);
	err_set(err, kind_of(error), "%s: %s", context, error->message ? error->message : "");
	if (err)
		err->code = error->code;
	return -1;
}

int virt_check_name(const char *name, struct err *err)
{
	size_t length = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	if (length == 0 || length > VIRT_NAME_MAX || name[length])
		return err_set(err, ERR_INVALID,
			       "\"%s\" is no name for a machine or network: use 1 to %d of a-z, "
			       "0-9, -",
			       name ? name : "", VIRT_NAME_MAX);
	return 0;
}

static void ignore_error(void *data, virErrorPtr error)
{
	(void)data, (void)error; /* libvirt would print it; we carry it in struct err */
}

/* ---- callbacks, on T1 ----------------------------------------------------------------------- */

/* Our own name of a domain, or NULL when it is somebody else's. */
static const char *own_name(const struct virt *virt, virDomainPtr domain)
{
	const char *name = virDomainGetName(domain);
	size_t length = strlen(virt->prefix);

	return name && strncmp(name, virt->prefix, length) == 0 ? name + length : NULL;
}

static void post_name(struct virt *virt, virDomainPtr domain, enum letter_kind kind, bool flag)
{
	const char *name = own_name(virt, domain);

	if (!name)
		return;
	struct letter *letter = letter_new(virt, kind, flag);
	snprintf(letter->name, sizeof(letter->name), "%s", name);
	loop_post(virt->loop, letter_open, letter);
}

static int on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail,
			void *data)
{
	(void)connection;
	if (event == VIR_DOMAIN_EVENT_STOPPED)
		post_name(data, domain, LETTER_STOPPED,
			  detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED ||
				  detail == VIR_DOMAIN_EVENT_STOPPED_FAILED);
	return 0;
}

static int on_reboot(virConnectPtr connection, virDomainPtr domain, void *data)
{
	(void)connection;
	post_name(data, domain, LETTER_REBOOTED, false);
	return 0;
}

static void on_close(virConnectPtr connection, int reason, void *data)
{
	struct virt *virt = data;

	(void)connection;
	if (reason != VIR_CONNECT_CLOSE_REASON_CLIENT)
		atomic_store(&virt->broken, true);
}

static void on_timer(int timer, void *data)
{
	struct virt *virt = data;

	/* virt_close() sets the timer to 0 to wake T1; all else happens once a second. */
	virEventUpdateTimeout(timer, RETRY_MS);
	(void)virt;
}

/* ---- connecting, on T1 ---------------------------------------------------------------------- */

static void publish(struct virt *virt, virConnectPtr connection, const struct err *why)
{
	pthread_mutex_lock(&virt->lock);
	virConnectPtr old = virt->connection;
	virt->connection = connection;
	virt->attempted = true;
	if (why)
		virt->away = *why;
	pthread_cond_broadcast(&virt->tried);
	pthread_mutex_unlock(&virt->lock);
	if (old)
		virConnectClose(old);
}

static int subscribe(struct virt *virt, virConnectPtr connection, struct err *err)
{
	virt->callback[0] = virConnectDomainEventRegisterAny(
		connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), virt, NULL);
	virt->callback[1] = virConnectDomainEventRegisterAny(
		connection, NULL, VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_reboot),
		virt, NULL);
	if (virt->callback[0] < 0 || virt->callback[1] < 0)
		return err_from_virt(err, "libvirt does not report what happens to machines");
	if (virt->is_test)
		return 0;
	if (virConnectRegisterCloseCallback(connection, on_close, virt, NULL) < 0 ||
	    virConnectSetKeepAlive(connection, KEEPALIVE_SECONDS, KEEPALIVE_COUNT) < 0)
		return err_from_virt(err, "the connection to libvirt cannot be watched");
	return 0;
}

static void unsubscribe(struct virt *virt, virConnectPtr connection)
{
	for (size_t i = 0; i < ARRAY_SIZE(virt->callback); i++)
		if (virt->callback[i] >= 0)
			virConnectDomainEventDeregisterAny(connection, virt->callback[i]);
	virConnectUnregisterCloseCallback(connection, on_close);
}

static virConnectPtr connect_once(struct virt *virt, struct err *err)
{
	AUTO(connection) virConnectPtr connection = virConnectOpen(virt->uri);

	if (!connection) {
		err_from_virt(err,
			      "libvirtd does not answer at %s: start it with systemctl start "
			      "libvirtd, or run terakoya doctor --fix",
			      virt->uri);
		if (err->kind == ERR_INTERNAL)
			err->kind = ERR_UNAVAILABLE;
		return NULL;
	}
	if (subscribe(virt, connection, err) < 0)
		return NULL;
	return STEAL(connection);
}

/* Tells T0 only what is new to it. */
static void tell(struct virt *virt, bool up, const struct err *why)
{
	if (virt->told && virt->was_up == up)
		return;
	virt->told = true;
	virt->was_up = up;
	struct letter *letter = letter_new(virt, LETTER_CONNECTION, up);
	if (why)
		letter->why = *why;
	loop_post(virt->loop, letter_open, letter);
}

static void reconnect(struct virt *virt)
{
	struct err err = ERR_INIT;

	atomic_store(&virt->broken, false);
	virConnectPtr connection = connect_once(virt, &err);
	if (connection)
		host_forget(virt);
	publish(virt, connection, connection ? NULL : &err);
	tell(virt, connection != NULL, &err);
}

static void drop_broken(struct virt *virt)
{
	struct err why = ERR_INIT;

	err_set(&why, ERR_UNAVAILABLE, "libvirtd at %s went away; machines run on meanwhile",
		virt->uri);
	publish(virt, NULL, &why);
	tell(virt, false, &why);
}

static void *run_events(void *argument)
{
	struct virt *virt = argument;
	uint64_t last = clock_mono_ms();

	pthread_setname_np(pthread_self(), "virt-events");
	reconnect(virt);
	while (!atomic_load(&virt->stopping)) {
		if (atomic_exchange(&virt->broken, false))
			drop_broken(virt);
		if (!virt->connection && clock_mono_ms() - last >= RETRY_MS - 100) {
			last = clock_mono_ms();
			reconnect(virt);
		}
		if (virEventRunDefaultImpl() < 0)
			usleep(RETRY_MS * 1000);
	}
	return NULL;
}

virConnectPtr virt_connection(struct virt *virt, struct err *err)
{
	pthread_mutex_lock(&virt->lock);
	virConnectPtr connection = virt->connection;
	if (!connection || virConnectRef(connection) < 0) {
		err_give(err, &virt->away);
		connection = NULL;
	}
	pthread_mutex_unlock(&virt->lock);
	return connection;
}

/* ---- open and close ------------------------------------------------------------------------- */

static void register_events(void)
{
	virInitialize();
	virSetErrorFunc(NULL, ignore_error);
	virEventRegisterDefaultImpl();
}

static int check_config(const struct virt_config *config, struct err *err)
{
	if (str_is_empty(config->uri))
		return err_set(err, ERR_INVALID, "no libvirt URI is given: use qemu:///system");
	if (str_is_empty(config->state_dir) || config->state_dir[0] != '/')
		return err_set(err, ERR_INVALID, "the state directory \"%s\" is not absolute",
			       config->state_dir ? config->state_dir : "");
	if (!config->instance || strlen(config->instance) != 32 ||
	    strspn(config->instance, "0123456789abcdef") != 32)
		return err_set(err, ERR_INVALID, "the instance id is not 32 hexadecimal digits");
	return 0;
}

static int make_directories(const struct virt *virt, struct err *err)
{
	static const char *const names[] = { "", "/pool", "/templates" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FREE char *path = str_fmt("%s%s", virt->state_dir, names[i]);
		if (mkdir(path, VIRT_DIR_MODE) < 0 && errno != EEXIST)
			return err_errno(err, "cannot make directory %s", path);
	}
	return 0;
}

static struct virt *virt_new(struct loop *loop, const struct virt_config *config,
			     const struct virt_events *events, void *context)
{
	struct virt *virt = mem_alloc(sizeof(*virt));

	virt->loop = loop;
	virt->uri = str_copy(config->uri);
	virt->state_dir = str_copy(config->state_dir);
	virt->is_test = str_starts(config->uri, "test:");
	snprintf(virt->instance, sizeof(virt->instance), "%s", config->instance);
	snprintf(virt->prefix, sizeof(virt->prefix), "tk-%.6s-", config->instance);
	virt->mailbox = mem_alloc(sizeof(*virt->mailbox));
	*virt->mailbox = (struct mailbox){ .open = true, .events = *events, .context = context };
	atomic_init(&virt->mailbox->references, 1);
	pthread_mutex_init(&virt->lock, NULL);
	pthread_mutex_init(&virt->facts_lock, NULL);
	pthread_mutex_init(&virt->network_lock, NULL);
	pthread_mutex_init(&virt->holder_lock, NULL);
	pthread_cond_init(&virt->tried, NULL);
	return virt;
}

static void virt_free(struct virt *virt)
{
	virt->mailbox->open = false;
	loop_flush(virt->loop, letter_open);
	mailbox_unref(virt->mailbox);
	pthread_cond_destroy(&virt->tried);
	pthread_mutex_destroy(&virt->holder_lock);
	pthread_mutex_destroy(&virt->network_lock);
	pthread_mutex_destroy(&virt->facts_lock);
	pthread_mutex_destroy(&virt->lock);
	free(virt->state_dir);
	free(virt->uri);
	free(virt);
}

/* T1 gets no signals: they are T0's. */
static int start_thread(struct virt *virt, struct err *err)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int code = pthread_create(&virt->thread, NULL, run_events, virt);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (code) {
		errno = code;
		return err_errno(err, "cannot start the thread for libvirt's events");
	}
	return 0;
}

struct virt *virt_open(struct loop *loop, const struct virt_config *config,
		       const struct virt_events *events, void *context, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (check_config(config, err) < 0)
		return NULL;
	pthread_once(&once, register_events);
	struct virt *virt = virt_new(loop, config, events, context);
	virt->timer = virEventAddTimeout(RETRY_MS, on_timer, virt, NULL);
	if (make_directories(virt, err) < 0 || start_thread(virt, err) < 0) {
		virEventRemoveTimeout(virt->timer);
		virt_free(virt);
		return NULL;
	}
	pthread_mutex_lock(&virt->lock);
	while (!virt->attempted)
		pthread_cond_wait(&virt->tried, &virt->lock);
	pthread_mutex_unlock(&virt->lock);
	return virt;
}

void virt_close(struct virt *virt)
{
	if (!virt)
		return;
	atomic_store(&virt->stopping, true);
	virEventUpdateTimeout(virt->timer, 0);
	pthread_join(virt->thread, NULL);
	virEventRemoveTimeout(virt->timer);
	holder_drop_all(virt);
	if (virt->connection) {
		machine_settle(virt, virt->connection);
		volume_drop_pool(virt, virt->connection);
		unsubscribe(virt, virt->connection);
		virConnectClose(virt->connection);
	}
	virt_free(virt);
}
