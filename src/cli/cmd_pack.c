/* Packs as archives, and the versions that are installed. */
#include "cli/cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"
#include "pack/archive.h"

/* ---- list ----------------------------------------------------------------------------------- */

static void describe(json_t *pack)
{
	AUTO(buf) struct buf classes = { 0 };
	json_t *class;
	size_t index;

	json_array_foreach(json_object_get(pack, "classes"), index, class)
		buf_fmt(&classes, "%s%lld", index ? " " : "", (long long)json_integer_value(class));
	json_object_set_new(pack, "used", json_string(classes.length ? (char *)classes.data : ""));
	json_object_set_new(pack, "from",
			    json_string(json_is_true(json_object_get(pack, "ships")) ? "ships" : "installed"));
}

int cmd_pack_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "COURSE=id", "VERSION=version", "ACTIVE=active", "FROM=from",
					       "CLASSES=used", "TLP=tlp", "LICENCE=license",
					       "AUTHORS=authors", NULL };
	json_t *packs = NULL, *pack;
	size_t i;

	if (client_call(invocation->client, "GET", "/packs", NULL, &packs, err) < 0)
		return -1;
	if (!show_json(invocation, packs)) {
		json_array_foreach(packs, i, pack)
			describe(pack);
		show_table(packs, columns);
	}
	json_decref(packs);
	return 0;
}

/* ---- import --------------------------------------------------------------------------------- */

static void tell_findings(const json_t *problem)
{
	json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(problem, "findings"), i, finding) {
		json_int_t line = number_of(finding, "line");
		fprintf(stderr, "%s", text_of(finding, "file"));
		if (line)
			fprintf(stderr, ":%lld", (long long)line);
		fprintf(stderr, ": %s\n", text_of(finding, "message"));
	}
}

int cmd_pack_import(struct invocation *invocation, struct err *err)
{
	const char *path = invocation->argument[0];
	AUTO_FILE FILE *file = fopen(path, "rbe");
	json_t *reply = NULL;
	bool is_new;

	if (!file)
		return err_errno(err, "%s cannot be read", path);
	if (client_send_file(invocation->client, "/packs", file, &is_new, &reply, err) < 0) {
		tell_findings(reply);
		json_decref(reply);
		return err_wrap(err, "%s was not imported", path);
	}
	bool active = json_is_true(json_object_get(reply, "active"));
	if (!show_json(invocation, reply))
		printf("%s %s is %s%s\n", text_of(reply, "id"), text_of(reply, "version"),
		       is_new ? "imported" : "installed already, with the same content",
		       active ? "; new classes get it" : "; `terakoya pack activate` gives it to new classes");
	json_decref(reply);
	return 0;
}

/* ---- export --------------------------------------------------------------------------------- */

/* A folder is exported as it is, without the daemon. */
static int export_folder(const char *path, FILE *file, struct err *err)
{
	struct pack *pack = pack_open(path, NULL, err);
	int result = pack ? pack_export(pack, fileno(file), err) : -1;

	pack_free(pack);
	return result;
}

/* "ID" is its active version, "ID-VERSION" that one. The caller frees. */
static char *archive_path(const json_t *packs, const char *wanted)
{
	json_t *pack;
	size_t i;

	json_array_foreach(packs, i, pack) {
		AUTO_FREE char *name = pack_name(text_of(pack, "id"), text_of(pack, "version"));
		bool active = json_is_true(json_object_get(pack, "active"));
		if (str_equal(name, wanted) || (active && str_equal(text_of(pack, "id"), wanted)))
			return address_of("/packs/%s/%s/archive", text_of(pack, "id"), text_of(pack, "version"));
	}
	return NULL;
}

static int export_installed(struct invocation *invocation, const char *wanted, FILE *file, struct err *err)
{
	json_t *packs = NULL;

	if (client_call(invocation->client, "GET", "/packs", NULL, &packs, err) < 0)
		return -1;
	AUTO_FREE char *path = archive_path(packs, wanted);
	json_decref(packs);
	if (!path)
		return err_set(err, ERR_NOT_FOUND,
			       "%s is neither a pack's folder nor installed; see `terakoya pack list`", wanted);
	return client_get_file(invocation->client, path, file, err);
}

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Whole or not at all: the name appears when the content is there. */
int cmd_pack_export(struct invocation *invocation, struct err *err)
{
	const char *wanted = invocation->argument[0], *path = invocation->argument[1];
	AUTO_FREE char *draft = str_fmt("%s.new", path);
	AUTO_FILE FILE *file = fopen(draft, "wbe");

	if (!file)
		return err_errno(err, "%s cannot be written", draft);
	int result = is_folder(wanted) ? export_folder(wanted, file, err) :
					 export_installed(invocation, wanted, file, err);
	if (result == 0 && (fflush(file) == EOF || rename(draft, path) < 0))
		result = err_errno(err, "%s cannot be written", path);
	if (result < 0)
		unlink(draft);
	else
		show_done(invocation, "%s is written to %s", wanted, path);
	return result;
}

/* ---- activate, remove ------------------------------------------------------------------------ */

int cmd_pack_activate(struct invocation *invocation, struct err *err)
{
	const char *id = invocation->argument[0], *version = invocation->argument[1];
	AUTO_FREE char *path = address_of("/packs/%s/%s/activate", id, version);
	json_t *packs = NULL, *pack;
	size_t i;

	if (client_call(invocation->client, "POST", path, NULL, &packs, err) < 0)
		return -1;
	bool shown = show_json(invocation, packs);
	json_array_foreach(packs, i, pack)
		if (!shown && str_equal(text_of(pack, "id"), id) &&
		    json_is_true(json_object_get(pack, "active")))
			printf("new classes of %s get version %s\n", id, text_of(pack, "version"));
	json_decref(packs);
	return 0;
}

int cmd_pack_remove(struct invocation *invocation, struct err *err)
{
	const char *id = invocation->argument[0], *version = invocation->argument[1];
	AUTO_FREE char *path = address_of("/packs/%s/%s", id, version);

	if (!confirm(invocation, "Remove this version of the course?"))
		return err_set(err, ERR_CONFLICT, "nothing was removed");
	if (client_call(invocation->client, "DELETE", path, NULL, NULL, err) < 0)
		return -1;
	show_done(invocation, "%s %s is removed", id, version);
	return 0;
}
