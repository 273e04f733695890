#include "core/note.h"

#define LOG_MODULE "audit"
#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"
#include "store/audit.h"

void note(struct core *core, const struct actor *actor, const char *action, int64_t class_id,
	  int64_t seat_id, const char *object, const char *detail)
{
	struct err err = ERR_INIT;
	struct audit_row row = {
		.person = actor ? actor->person : 0,
		.actor = (char *)(actor ? actor->name : "system"),
		.action = (char *)action,
		.object = (char *)object,
		.detail = (char *)detail,
		.class_id = class_id,
		.seat_id = seat_id,
	};

	if (audit_add(core_store(core), &row, &err) < 0)
		log_error("%s of %s was not written down: %s", action, object, err.message);
}

void note_class(struct core *core, const struct actor *actor, const struct class *class, const char *action,
		const char *detail)
{
	AUTO_FREE char *object = str_fmt("class %lld", (long long)class->row.id);

	note(core, actor, action, class->row.id, 0, object, detail);
}

void note_seat(struct core *core, const struct actor *actor, const struct seat *seat, const char *action,
	       const char *detail)
{
	AUTO_FREE char *object = str_fmt("seat %lld/%02u", (long long)seat->row.class_id, seat->row.number);

	note(core, actor, action, seat->row.class_id, seat->row.id, object, detail);
}
