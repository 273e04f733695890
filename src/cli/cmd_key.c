/* The public keys that sign a seat's student in over ssh. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* "/seats/12/keys" of the seat that the first argument names; the caller frees. NULL with err. */
static char *keys_path(struct invocation *invocation, struct err *err)
{
	json_t *seat;

	if (seat_find(invocation, invocation->argument[0], &seat, err) < 0)
		return NULL;
	char *path = str_fmt("/seats/%lld/keys", number_of(seat, "id"));
	json_decref(seat);
	return path;
}

int cmd_key_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "ID=id", "TYPE=type", "FINGERPRINT=fingerprint", "COMMENT=comment", NULL };
	AUTO_FREE char *path = keys_path(invocation, err);
	json_t *view = NULL;

	if (!path || client_call(invocation->client, "GET", path, NULL, &view, err) < 0)
		return -1;
	json_t *keys = json_object_get(view, "keys");
	if (!show_json(invocation, keys))
		show_table(keys, columns);
	json_decref(view);
	return 0;
}

static int add_key(struct invocation *invocation, const char *path, const char *line, json_t *keys,
		   struct err *err)
{
	json_t *key = NULL;

	if (client_call(invocation->client, "POST", path, json_pack("{s:s}", "key", line), &key, err) < 0)
		return -1;
	json_array_append_new(keys, key);
	if (!invocation->json)
		printf("key %lld  %s  %s\n", number_of(key, "id"),
		       json_string_value(json_object_get(key, "fingerprint")),
		       json_string_value(json_object_get(key, "comment")));
	return 0;
}

/* A .pub file, or an authorized_keys file with several keys and comments. */
static int add_keys(struct invocation *invocation, const char *path, FILE *in, json_t *keys, struct err *err)
{
	const char *file = invocation->argument[1];
	AUTO_FREE char *line = NULL;
	size_t room = 0;

	for (int number = 1; getline(&line, &room, in) > 0; number++) {
		line[strcspn(line, "\r\n")] = 0;
		if (!*line || *line == '#')
			continue;
		if (add_key(invocation, path, line, keys, err) < 0)
			return err_wrap(err, "%s, line %d", file, number);
	}
	return json_array_size(keys) ? 0 : err_set(err, ERR_INVALID, "%s holds no key", file);
}

int cmd_key_add(struct invocation *invocation, struct err *err)
{
	const char *file = invocation->argument[1];
	AUTO_FREE char *path = keys_path(invocation, err);

	if (!path)
		return -1;
	FILE *in = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	if (!in)
		return err_errno(err, "the key cannot be read from %s", file);
	json_t *keys = json_array();
	int result = add_keys(invocation, path, in, keys, err);
	if (json_array_size(keys))
		show_json(invocation, keys);
	json_decref(keys);
	if (in != stdin)
		fclose(in);
	return result;
}

/* By its number or its fingerprint, as they are listed. */
static json_int_t key_number(json_t *keys, const char *what)
{
	json_t *key;
	size_t i;

	json_array_foreach(keys, i, key) {
		json_int_t id = number_of(key, "id");
		AUTO_FREE char *number = str_fmt("%lld", (long long)id);
		if (str_equal(number, what) || str_equal(json_string_value(json_object_get(key, "fingerprint")), what))
			return id;
	}
	return 0;
}

int cmd_key_remove(struct invocation *invocation, struct err *err)
{
	const char *what = invocation->argument[1];
	AUTO_FREE char *path = keys_path(invocation, err);
	json_t *view = NULL;

	if (!path || client_call(invocation->client, "GET", path, NULL, &view, err) < 0)
		return -1;
	json_int_t id = key_number(json_object_get(view, "keys"), what);
	json_decref(view);
	if (!id)
		return err_set(err, ERR_NOT_FOUND, "seat %s has no key %s; terakoya key list %s names them",
			       invocation->argument[0], what, invocation->argument[0]);
	if (!confirm(invocation, "Remove the key? Connections that came with it end."))
		return err_set(err, ERR_CONFLICT, "nothing was removed");
	AUTO_FREE char *one = str_fmt("%s/%lld", path, (long long)id);
	if (client_call(invocation->client, "DELETE", one, NULL, NULL, err) < 0)
		return -1;
	show_done(invocation, "key %s is removed", what);
	return 0;
}
