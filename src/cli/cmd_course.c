/* Images, courses, templates, versions. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"

static int start_work(struct invocation *invocation, const char *path, struct err *err)
{
	const char *version = option_value(invocation, "version");
	json_t *body = json_pack("{s:b}", "force", option_value(invocation, "force") != NULL), *work = NULL;

	if (version)
		json_object_set_new(body, "version", json_string(version));
	if (client_call(invocation->client, "POST", path, body, &work, err) < 0)
		return -1;
	int result = show_work(invocation, work, err);
	json_decref(work);
	return result;
}

int cmd_image_build(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = address_of("/images/%s/build", invocation->argument[0]);

	return start_work(invocation, path, err);
}

/* "template linux-intro/desk, class June": for a table's cell. */
static json_t *users_text(json_t *copy)
{
	AUTO(buf) struct buf text = { 0 };
	json_t *user;
	size_t i;

	buf_text(&text, "");
	json_array_foreach(json_object_get(copy, "users"), i, user)
		buf_fmt(&text, "%s%s %s", i ? ", " : "",
			json_string_value(json_object_get(user, "kind")),
			json_string_value(json_object_get(user, "name")));
	return json_string((char *)text.data);
}

static void add_copy(json_t *rows, const char *name, json_t *copy)
{
	AUTO_FREE char *full =
		str_fmt("%s@%s", name, json_string_value(json_object_get(copy, "digest")));
	bool current = json_is_true(json_object_get(copy, "current"));
	char built[32];

	show_time(number_of(copy, "built_at"), built);
	json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:O, s:o}", "name", full, "state",
					      current ? "current" : "old", "built", built, "bytes",
					      json_object_get(copy, "bytes"), "users",
					      users_text(copy)));
}

static json_t *image_rows(json_t *images)
{
	json_t *rows = json_array(), *image, *copy;
	size_t i, k;

	json_array_foreach(images, i, image) {
		const char *name = json_string_value(json_object_get(image, "name"));
		json_t *copies = json_object_get(image, "copies");
		if (!json_array_size(copies))
			json_array_append_new(rows, json_pack("{s:s, s:s}", "name", name, "state",
							      "not built"));
		json_array_foreach(copies, k, copy)
			add_copy(rows, name, copy);
	}
	return rows;
}

int cmd_image_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "IMAGE=name", "STATE=state", "BUILT=built",
					       "DISK=bytes", "USED BY=users", NULL };
	json_t *images = NULL;

	if (client_call(invocation->client, "GET", "/images", NULL, &images, err) < 0)
		return -1;
	if (!show_json(invocation, images)) {
		json_t *rows = image_rows(images);
		show_table(rows, columns);
		json_decref(rows);
	}
	json_decref(images);
	return 0;
}

int cmd_image_remove(struct invocation *invocation, struct err *err)
{
	const char *name = invocation->argument[0], *at = strchr(name, '@');
	AUTO_FREE char *image = str_copy_n(name, at ? (size_t)(at - name) : strlen(name));
	AUTO_FREE char *path = at ? address_of("/images/%s?digest=%s", image, at + 1) : address_of("/images/%s", image);

	if (!confirm(invocation, "Remove the image from the disk? It can be built again from its recipe "
				 "only as that is now."))
		return err_set(err, ERR_CONFLICT, "nothing was removed");
	if (client_call(invocation->client, "DELETE", path, NULL, NULL, err) < 0)
		return -1;
	show_done(invocation, "%s is removed", name);
	return 0;
}

/* On standard error, so that the table and --json stay what they are. */
static int tell_problems(struct invocation *invocation, struct err *err)
{
	json_t *problems = NULL, *problem;
	size_t i;

	if (client_call(invocation->client, "GET", "/courses/problems", NULL, &problems, err) < 0)
		return -1;
	json_array_foreach(problems, i, problem)
		fprintf(stderr, "the course in %s cannot be used: %s\n",
			json_string_value(json_object_get(problem, "directory")),
			json_string_value(json_object_get(problem, "message")));
	json_decref(problems);
	return 0;
}

int cmd_course_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "COURSE=id", "VERSION=version", "TITLE=title.en",
					       "題名=title.ja", NULL };

	if (show_list(invocation, "/courses", columns, err) < 0)
		return -1;
	return tell_problems(invocation, err);
}

int cmd_template_bake(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = address_of("/courses/%s/bake", invocation->argument[0]);

	return start_work(invocation, path, err);
}

int cmd_template_list(struct invocation *invocation, struct err *err)
{
	static const char *const columns[] = { "COURSE=course",	  "VERSION=version",   "MACHINE=machine",   "IMAGE=image",
					       "BAKED=baked",	  "MEMORY=ram_bytes", "STATE=state_bytes",
					       "DISK=disk_bytes", NULL };

	return show_list(invocation, "/templates", columns, err);
}

int cmd_version(struct invocation *invocation, struct err *err)
{
	json_t *health = NULL;
	struct err away = ERR_INIT;

	(void)err;
	client_call(invocation->client, "GET", "/health", NULL, &health, &away);
	const char *daemon = json_string_value(json_object_get(health, "version"));
	json_t *versions = json_pack("{s:s, s:s?}", "terakoya", TERAKOYA_VERSION, "terakoyad", daemon);
	if (!show_json(invocation, versions))
		printf("terakoya %s\nterakoyad %s\n", TERAKOYA_VERSION, daemon ? daemon : "is not running");
	json_decref(versions);
	json_decref(health);
	return 0;
}
