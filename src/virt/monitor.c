#include "virt/internal.h"

#include <jansson.h>
#include <libvirt/libvirt-qemu.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* The few words of QEMU's monitor (QMP) that libvirt has no call for: device state out to a file
 * descriptor, and in from one.
 *
 * x-ignore-shared leaves RAM that is mapped from a file out of the stream. It has to be on at both
 * ends while the state moves, and off again in the clone before it runs: a later save of the clone
 * would otherwise leave out its RAM, which nothing else holds. */

#define STATE_NAME  "terakoya-state"
#define STEP_US     1000  /* between two looks at a state that loads in 10 to 50 ms */
#define SAVE_MS_MAX 60000
#define LOAD_MS_MAX 60000

static void json_cleanup(json_t **value)
{
	json_decref(*value);
}

/* Runs one command; *reply is its "return", owned by the caller. */
static int monitor(virDomainPtr domain, const char *command, json_t *arguments, const int *fd,
		   json_t **reply, struct err *err)
{
	int files[1] = { fd ? *fd : -1 };
	AUTO_FREE char *answer = NULL;
	AUTO(json) json_t *request = json_pack("{s:s, s:o*}", "execute", command, "arguments",
					       arguments);
	AUTO_FREE char *text = json_dumps(request, JSON_COMPACT);
	int code = fd ? virDomainQemuMonitorCommandWithFiles(domain, text, 1, files, NULL, NULL,
							     &answer, 0)
		      : virDomainQemuMonitorCommand(domain, text, &answer, 0);

	if (code < 0)
		return err_from_virt(err, "QEMU's monitor does not take %s", command);
	AUTO(json) json_t *root = json_loads(answer, 0, NULL);
	json_t *result = json_object_get(root, "return");
	if (!result) {
		const char *why = json_string_value(
			json_object_get(json_object_get(root, "error"), "desc"));
		return err_set(err, ERR_INTERNAL, "QEMU refuses %s: %s", command,
			       why ? why : "it gives no reason");
	}
	if (reply)
		*reply = json_incref(result);
	return 0;
}

int monitor_ignore_shared(virDomainPtr domain, bool on, struct err *err)
{
	json_t *arguments = json_pack("{s:[{s:s, s:b}]}", "capabilities", "capability",
				      "x-ignore-shared", "state", on);

	return monitor(domain, "migrate-set-capabilities", arguments, NULL, NULL, err);
}

static int give_file(virDomainPtr domain, int fd, struct err *err)
{
	return monitor(domain, "getfd", json_pack("{s:s}", "fdname", STATE_NAME), &fd, NULL, err);
}

/* Reads the word at `key` of what `command` answers. */
static int ask_word(virDomainPtr domain, const char *command, const char *key, char word[32],
		    char why[256], struct err *err)
{
	AUTO(json) json_t *reply = NULL;

	if (monitor(domain, command, NULL, NULL, &reply, err) < 0)
		return -1;
	const char *value = json_string_value(json_object_get(reply, key));
	const char *reason = json_string_value(json_object_get(reply, "error-desc"));
	snprintf(word, 32, "%s", value ? value : "");
	snprintf(why, 256, "%s", reason ? reason : "it gives no reason");
	return 0;
}

int monitor_save_state(virDomainPtr domain, int fd, struct err *err)
{
	uint64_t end = clock_mono_ms() + SAVE_MS_MAX;
	char word[32], why[256];

	if (give_file(domain, fd, err) < 0 ||
	    monitor(domain, "migrate", json_pack("{s:s}", "uri", "fd:" STATE_NAME), NULL, NULL,
		    err) < 0)
		return -1;
	while (clock_mono_ms() < end) {
		if (ask_word(domain, "query-migrate", "status", word, why, err) < 0)
			return -1;
		if (str_equal(word, "completed"))
			return 0;
		if (str_equal(word, "failed") || str_equal(word, "cancelled"))
			return err_set(err, ERR_INTERNAL, "QEMU cannot write the device state: %s",
				       why);
		usleep(5000);
	}
	return err_set(err, ERR_TIMEOUT, "QEMU has not written its device state in %d s",
		       SAVE_MS_MAX / 1000);
}

int monitor_load_state(virDomainPtr domain, int fd, struct err *err)
{
	uint64_t end = clock_mono_ms() + LOAD_MS_MAX;
	char word[32], why[256];

	if (give_file(domain, fd, err) < 0 ||
	    monitor(domain, "migrate-incoming", json_pack("{s:s}", "uri", "fd:" STATE_NAME), NULL,
		    NULL, err) < 0)
		return -1;
	while (clock_mono_ms() < end) {
		if (ask_word(domain, "query-status", "status", word, why, err) < 0)
			return err_wrap(err, "QEMU does not accept the device state");
		if (!str_equal(word, "inmigrate"))
			return 0;
		usleep(STEP_US);
	}
	return err_set(err, ERR_TIMEOUT, "QEMU has not read the device state in %d s",
		       LOAD_MS_MAX / 1000);
}

/* ---- devices alone ---------------------------------------------------------------------------- */

/* QEMU opens files by name; one that it was given has the name of the set it was put into. */
static int lend_file(virDomainPtr domain, int fd, json_int_t *set, struct err *err)
{
	AUTO(json) json_t *reply = NULL;

	if (monitor(domain, "add-fd", NULL, &fd, &reply, err) < 0)
		return -1;
	*set = json_integer_value(json_object_get(reply, "fdset-id"));
	return 0;
}

int monitor_save_devices(virDomainPtr domain, int fd, struct err *err)
{
	json_int_t set;

	if (lend_file(domain, fd, &set, err) < 0)
		return -1;
	AUTO_FREE char *name = str_fmt("/dev/fdset/%lld", (long long)set);
	/* Not live: it is not to give its disk away, for it may have to go on. */
	json_t *arguments = json_pack("{s:s, s:b}", "filename", name, "live", false);
	int code = monitor(domain, "xen-save-devices-state", arguments, NULL, NULL, err);
	monitor(domain, "remove-fd", json_pack("{s:I}", "fdset-id", set), NULL, NULL, NULL);
	return code;
}

int monitor_find_address(virDomainPtr domain, uint64_t guest, uint64_t *host, struct err *err)
{
	AUTO_FREE char *command = str_fmt("gpa2hva 0x%llx", (unsigned long long)guest);
	AUTO(json) json_t *reply = NULL;
	unsigned long long address;

	if (monitor(domain, "human-monitor-command", json_pack("{s:s}", "command-line", command), NULL, &reply, err) < 0)
		return -1;
	/* "Host virtual address for 0xfffc0000 (pc.bios) is 0x7f71d8200000" */
	const char *text = json_string_value(reply), *at = text ? strstr(text, ") is 0x") : NULL;
	if (!at || sscanf(at, ") is %llx", &address) != 1)
		return err_set(err, ERR_INTERNAL, "QEMU does not say where 0x%llx of its machine is: %s",
			       (unsigned long long)guest, text ? text : "nothing");
	*host = address;
	return 0;
}
