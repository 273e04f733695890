#include "core/setting.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/internal.h"

struct spec {
	const char *key, *unset; /* unset: the value when nobody chose one */
	long low, high;
	bool number;
	const char *about;
};

static const struct spec specs[] = {
	[SETTING_SITE_NAME] = { "site.name", "Terakoya", 1, 60, false,
				"whose training this is: on the front page, seat cards and certificates" },
	[SETTING_NOTICE_EN] = { "site.notice-en", "", 0, 300, false,
				"shown on the front page to those who read English" },
	[SETTING_NOTICE_JA] = { "site.notice-ja", "", 0, 300, false,
				"shown on the front page to those who read Japanese" },
	[SETTING_RESULTS_DAYS] = { "results.days", "90", 1, 3650, true,
				   "days from a class's close until its results are removed" },
	[SETTING_MEMORY_RESERVE] = { "host.memory-reserve", "768", 256, 1048576, true,
				     "MiB of memory that are kept for the host itself, libvirtd and the server" },
};
static_assert(ARRAY_SIZE(specs) == SETTINGS, "every setting is described");

void settings_open(struct core *core)
{
	core->settings = mem_alloc(SETTINGS * sizeof(*core->settings));
	for (size_t i = 0; i < SETTINGS; i++) {
		core->settings[i] = store_setting(core->store, specs[i].key);
		if (!core->settings[i])
			core->settings[i] = str_copy(specs[i].unset);
	}
}

void settings_free(struct core *core)
{
	for (size_t i = 0; core->settings && i < SETTINGS; i++)
		free(core->settings[i]);
	free(core->settings);
}

const char *setting_text(const struct core *core, enum setting_key key)
{
	return core->settings[key];
}

/* Whatever the database holds, it stays within its bounds. */
long setting_number(const struct core *core, enum setting_key key)
{
	const struct spec *spec = &specs[key];
	long value;

	if (!str_to_number(core->settings[key], spec->low, spec->high, &value))
		str_to_number(spec->unset, spec->low, spec->high, &value);
	return value;
}

/* ---- changes ---------------------------------------------------------------------------------- */

static const struct spec *spec_of(const char *key, struct err *err)
{
	AUTO(buf) struct buf known = { 0 };

	for (size_t i = 0; i < SETTINGS; i++) {
		if (strcmp(specs[i].key, key) == 0)
			return &specs[i];
		buf_fmt(&known, "%s%s", i ? ", " : "", specs[i].key);
	}
	err_set(err, ERR_INVALID, "there is no setting %.64s; there are %s", key, (const char *)known.data);
	return NULL;
}

/* The value as it is kept; NULL with err. */
static char *read_number(const struct spec *spec, const json_t *value, struct err *err)
{
	json_int_t number = json_integer_value(value);

	if (json_is_integer(value) && number >= spec->low && number <= spec->high)
		return str_fmt("%lld", (long long)number);
	err_set(err, ERR_INVALID, "%s must be a whole number from %ld to %ld", spec->key, spec->low, spec->high);
	return NULL;
}

static char *read_text(const struct spec *spec, const json_t *value, struct err *err)
{
	const char *text = json_string_value(value);

	if (!text || !str_is_clean_utf8(text, json_string_length(value)))
		err_set(err, ERR_INVALID, "%s must be a text without control characters", spec->key);
	else if ((long)str_characters(text) < spec->low || (long)str_characters(text) > spec->high)
		err_set(err, ERR_INVALID, "%s must have %ld to %ld characters", spec->key, spec->low, spec->high);
	else
		return str_copy(text);
	return NULL;
}

static int save(struct core *core, char *const *fresh, struct err *err)
{
	if (store_begin(core->store, err) < 0)
		return -1;
	for (size_t i = 0; i < SETTINGS; i++) {
		if (fresh[i] && store_set_setting(core->store, specs[i].key, fresh[i], err) < 0) {
			store_rollback(core->store);
			return -1;
		}
	}
	return store_commit(core->store, err);
}

static void apply(struct core *core, const struct actor *actor, char **fresh)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		if (!fresh[i] || strcmp(fresh[i], core->settings[i]) == 0)
			continue;
		json_t *detail = json_pack("{s:s, s:s}", "from", core->settings[i], "to", fresh[i]);
		AUTO_FREE char *text = json_dumps(detail, JSON_COMPACT);
		json_decref(detail);
		note(core, actor, "setting.change", 0, 0, specs[i].key, text);
		free(core->settings[i]);
		core->settings[i] = STEAL(fresh[i]);
	}
	core_refresh_host(core); /* which is told how it stands to its reserve now */
}

int settings_change(struct core *core, const struct actor *actor, const json_t *changes, struct err *err)
{
	char *fresh[SETTINGS] = { 0 };
	const char *key;
	json_t *value;
	int result = 0;

	json_object_foreach((json_t *)changes, key, value) {
		const struct spec *spec = spec_of(key, err);
		if (!spec || !(fresh[spec - specs] = spec->number ? read_number(spec, value, err) :
								    read_text(spec, value, err))) {
			result = -1;
			break;
		}
	}
	if (result == 0)
		result = save(core, fresh, err);
	if (result == 0)
		apply(core, actor, fresh);
	for (size_t i = 0; i < SETTINGS; i++)
		free(fresh[i]);
	return result;
}

/* ---- views ------------------------------------------------------------------------------------ */

static json_t *view_value(const struct spec *spec, const char *text)
{
	return spec->number ? json_integer(strtol(text, NULL, 10)) : json_string(text);
}

json_t *view_settings(const struct core *core)
{
	json_t *list = json_array();

	for (size_t i = 0; i < SETTINGS; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:I, s:I, s:s}", "key", specs[i].key, "value",
						      view_value(&specs[i], core->settings[i]), "default",
						      view_value(&specs[i], specs[i].unset), "low",
						      (json_int_t)specs[i].low, "high", (json_int_t)specs[i].high,
						      "about", specs[i].about));
	return list;
}

json_t *view_site(const struct core *core)
{
	return json_pack("{s:s, s:{s:s, s:s}}", "name", core->settings[SETTING_SITE_NAME], "notice", "en",
			 core->settings[SETTING_NOTICE_EN], "ja", core->settings[SETTING_NOTICE_JA]);
}
