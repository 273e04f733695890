/* Images: what lies on the disk, and what their recipes say. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"

int cmd_image_build(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = address_of("/images/%s/build", invocation->argument[0]);

	return work_begin(invocation, path, err);
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

/* ---- what a recipe says ----------------------------------------------------------------------- */

static void print_field(const char *name, const char *value)
{
	printf("%-16s %s\n", name, value);
}

/* "49: systemd-sysv, udev, ..."; each part as long as a line may be. */
static void print_names(const char *name, json_t *names)
{
	int width = printf("%-16s %zu:", name, json_array_size(names));
	size_t i, last = json_array_size(names);
	json_t *one;

	json_array_foreach(names, i, one) {
		const char *text = json_string_value(one);
		if (width + (int)strlen(text) + 2 > 96)
			width = printf("\n%-16s", "") - 1;
		width += printf(" %s%s", text, i + 1 < last ? "," : "");
	}
	printf("\n");
}

static void print_words(json_t *content)
{
	json_t *word;
	size_t i;

	json_array_foreach(json_object_get(content, "words"), i, word)
		if (strcmp(text_of(word, "name"), "name") != 0)
			print_field(text_of(word, "name"), text_of(word, "value"));
	print_names("packages", json_object_get(content, "packages"));
	if (json_array_size(json_object_get(content, "shelf")))
		print_names("for students", json_object_get(content, "shelf"));
}

static void print_key(json_t *image)
{
	json_t *file;
	size_t i;

	print_field("digest", *text_of(image, "recipe") ? text_of(image, "recipe") : text_of(image, "problem"));
	print_field("  of", text_of(image, "directory"));
	json_array_foreach(json_object_get(image, "beside"), i, file)
		print_field("", json_string_value(file));
}

static void print_courses(json_t *image)
{
	json_t *course;
	size_t i;

	json_array_foreach(json_object_get(image, "courses"), i, course)
		printf("%-16s %s %s: %s\n", i ? "" : "used by", text_of(course, "course"), text_of(course, "version"),
		       text_of(course, "machine"));
}

/* Each build says what it was built from, which is what its digest is for. */
static json_t *build_rows(json_t *image)
{
	json_t *rows = json_array(), *copy;
	size_t i;

	json_array_foreach(json_object_get(image, "copies"), i, copy) {
		bool fits = json_is_true(json_object_get(copy, "fits"));
		add_copy(rows, text_of(image, "name"), copy);
		json_object_set_new(json_array_get(rows, i), "from",
				    json_string(fits ? "this recipe" : "an older recipe, builder or agent"));
	}
	return rows;
}

static void print_files(json_t *content)
{
	static const char *const columns[] = { "FILE=path", "KIND=kind", "BYTES=length", "LINK TO=link", NULL };
	json_t *files = json_object_get(content, "files"), *file;
	size_t i;
	long long left_out = number_of(content, "left_out");

	/* By this name it is a number, and not rounded to kB: these are small. */
	json_array_foreach(files, i, file)
		json_object_set(file, "length", json_object_get(file, "bytes"));
	printf("\n");
	show_table(files, columns);
	if (left_out)
		printf("... and %lld more\n", left_out);
}

static void show_recipe(json_t *image)
{
	static const char *const columns[] = { "BUILD=name", "STATE=state", "FROM=from", "BUILT=built", "DISK=bytes",
					       "USED BY=users", NULL };
	json_t *content = json_object_get(image, "content"), *rows = build_rows(image);

	print_field("image", text_of(image, "name"));
	print_field("state", json_is_true(json_object_get(image, "built")) ? "built from the recipe as it is now" :
									     "not built from the recipe as it is now");
	print_key(image);
	print_words(content);
	print_courses(image);
	if (json_array_size(rows)) {
		printf("\n");
		show_table(rows, columns);
	}
	print_files(content);
	json_decref(rows);
}

static int show_file(json_t *image, const char *path, struct err *err)
{
	json_t *file;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(image, "content"), "files"), i, file) {
		if (strcmp(text_of(file, "path"), path) != 0)
			continue;
		if (!json_is_string(json_object_get(file, "text")))
			return err_set(err, ERR_INVALID, "%s in %s is a link, no text, or too long: look at it there",
				       path, text_of(image, "directory"));
		printf("%s", text_of(file, "text"));
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "the recipe of %s has no file %s; `terakoya image show %s` lists them",
		       text_of(image, "name"), path, text_of(image, "name"));
}

int cmd_image_show(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = address_of("/images/%s", invocation->argument[0]);
	json_t *image = NULL;
	int result = 0;

	if (client_call(invocation->client, "GET", path, NULL, &image, err) < 0)
		return -1;
	if (!show_json(invocation, image) && invocation->arguments > 1)
		result = show_file(image, invocation->argument[1], err);
	else if (!invocation->json)
		show_recipe(image);
	json_decref(image);
	return result;
}
