/* What an admin chooses for the whole installation: few, typed, bounded, in force at once. Kept in the database. */
#ifndef CORE_SETTING_H
#define CORE_SETTING_H

#include "core/core.h"

enum setting_key {
	SETTING_SITE_NAME,    /* whose training this is: front page, cards, certificates */
	SETTING_NOTICE_EN,    /* shown on the front page; "": none */
	SETTING_NOTICE_JA,
	SETTING_RESULTS_DAYS, /* from a class's close until its results are removed */
	SETTING_MEMORY_RESERVE, /* MiB of memory that no class is given */
	SETTINGS
};

/* Of a text; lives until it is set again. */
const char *setting_text(const struct core *core, enum setting_key key);
long setting_number(const struct core *core, enum setting_key key);

/* changes: {key: text or number}. All or none: ERR_INVALID names what is wrong. The audit log has each. */
int settings_change(struct core *core, const struct actor *actor, const json_t *changes, struct err *err);
/* [{key, value, default, low, high, about}]; low and high bound a number, or the characters of a text. */
json_t *view_settings(const struct core *core);
/* {name, notice: {en, ja}}: for everybody. */
json_t *view_site(const struct core *core);

#endif
