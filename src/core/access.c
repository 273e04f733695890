#include "core/access.h"

#include <assert.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "core/staff.h"

#define AS(role) (1u << ROLE_##role)

static const struct {
	const char *name;
	unsigned roles;	    /* who passes at all */
	enum access access; /* what they need to what is named */
	bool bound;	    /* something has to be named, but by admins */
} rules[] = {
	[RULE_PUBLIC] = { "public", ~0u, ACCESS_NONE, false },
	[RULE_SIGNED_IN] = { "signed-in", ~0u, ACCESS_NONE, false },
	[RULE_SEAT] = { "seat", AS(STUDENT) | AS(ASSISTANT) | AS(INSTRUCTOR) | AS(ADMIN), ACCESS_MEMBER, false },
	[RULE_MEMBER] = { "class-member", AS(STUDENT) | AS(ASSISTANT) | AS(INSTRUCTOR) | AS(ADMIN),
			  ACCESS_MEMBER, false },
	[RULE_ORGANISATION] = { "organisation", AS(OBSERVER) | AS(ASSISTANT) | AS(INSTRUCTOR) | AS(ADMIN),
				ACCESS_RESULTS, false },
	[RULE_STAFF] = { "staff", AS(ASSISTANT) | AS(INSTRUCTOR) | AS(ADMIN), ACCESS_HELP, false },
	[RULE_CLASS_STAFF] = { "class-staff", AS(ASSISTANT) | AS(INSTRUCTOR) | AS(ADMIN), ACCESS_HELP, true },
	[RULE_INSTRUCTOR] = { "instructor", AS(INSTRUCTOR) | AS(ADMIN), ACCESS_LEAD, false },
	[RULE_CLASS_OWNER] = { "class-owner", AS(INSTRUCTOR) | AS(ADMIN), ACCESS_LEAD, true },
	[RULE_ADMIN] = { "admin", AS(ADMIN), ACCESS_LEAD, false },
};
static_assert(ARRAY_SIZE(rules) == RULES, "every rule has a row");

const struct access_row access_rows[] = {
	{ "event", "seat", RULE_SEAT },
	{ "event", "progress", RULE_SEAT },
	{ "event", "class", RULE_MEMBER },
	{ "event", "message", RULE_MEMBER },
	{ "event", "message-read", RULE_SEAT },
	{ "event", "activity", RULE_CLASS_STAFF },
	{ "event", "everyone", RULE_CLASS_STAFF },
	{ "event", "host", RULE_STAFF },
	{ "event", "job", RULE_STAFF },
	{ "ssh", "shell", RULE_SEAT },
	{ "ssh", "exec", RULE_SEAT },
	{ "ssh", "sftp", RULE_SEAT },
	{ "ssh", "direct-tcpip", RULE_SEAT },
	{ NULL, NULL, RULE_CLASS_STAFF },
};

const char *rule_name(enum rule rule)
{
	return rules[rule].name;
}

enum rule access_rule_of(const char *kind, const char *name)
{
	const struct access_row *row = access_rows;

	while (row->kind && (strcmp(row->kind, kind) || strcmp(row->name, name)))
		row++;
	return row->rule;
}

/* ---- how near ------------------------------------------------------------------------------- */

static bool class_has_seat(const struct class *class, int64_t seat)
{
	for (size_t i = 0; i < class->seats; i++)
		if (class->seat[i].row.id == seat)
			return true;
	return false;
}

static bool class_has_people_of(const struct class *class, int64_t organisation)
{
	for (size_t i = 0; i < class->seats && organisation; i++)
		if (class->seat[i].row.organisation == organisation)
			return true;
	return false;
}

enum access access_to_class(const struct class *class, const struct actor *actor)
{
	switch (actor->role) {
	case ROLE_ADMIN:
		return ACCESS_LEAD;
	case ROLE_INSTRUCTOR:
		return !class->row.hidden && (!class->row.instructor ||
					      class->row.instructor == actor->person ||
					      class_has_staff(class, actor->person))
			       ? ACCESS_LEAD
			       : ACCESS_NONE;
	case ROLE_ASSISTANT:
		return class_has_staff(class, actor->person) ? ACCESS_HELP : ACCESS_NONE;
	case ROLE_STUDENT:
		return actor->seat && class_has_seat(class, actor->seat) ? ACCESS_MEMBER : ACCESS_NONE;
	case ROLE_OBSERVER:
		return class_has_people_of(class, actor->organisation) ? ACCESS_RESULTS : ACCESS_NONE;
	default:
		return ACCESS_NONE;
	}
}

enum access access_to_seat(const struct seat *seat, const struct actor *actor)
{
	if (actor->role == ROLE_OBSERVER)
		return actor->organisation && actor->organisation == seat->row.organisation ?
			       ACCESS_RESULTS :
			       ACCESS_NONE;
	if (actor->role == ROLE_STUDENT)
		return actor->seat == seat->row.id ? ACCESS_MEMBER : ACCESS_NONE;
	return access_to_class(seat->class, actor);
}

/* ---- rules ---------------------------------------------------------------------------------- */

static bool role_passes(enum rule rule, enum role role)
{
	return rules[rule].roles & 1u << role;
}

int access_role(enum rule rule, enum role role, struct err *err)
{
	enum role least = ROLE_STUDENT;

	if (role_passes(rule, role))
		return 0;
	while (!role_passes(rule, least))
		least++;
	return err_set(err, ERR_DENIED, "this is not for the role %s: it needs %s%s", role_names[role],
		       role_names[least], least == ROLE_ADMIN ? "" : " or more");
}

int access_check(enum rule rule, const struct actor *actor, const struct class *class,
		 const struct seat *seat, struct err *err)
{
	enum access needed = rules[rule].access;

	if (access_role(rule, actor->role, err) < 0)
		return -1;
	if (actor->role == ROLE_STUDENT && rules[rule].access == ACCESS_MEMBER && !actor->seat)
		return err_set(err, ERR_DENIED, "join a class first");
	if (rules[rule].bound && !class && !seat && actor->role != ROLE_ADMIN)
		return err_set(err, ERR_DENIED, "only admins see this of every class: name one of yours");
	if (class && access_to_class(class, actor) < needed)
		return err_set(err, ERR_DENIED, "this needs another role in class %lld",
			       (long long)class->row.id);
	if (seat && access_to_seat(seat, actor) < needed)
		return err_set(err, ERR_DENIED, "this is not your seat");
	return 0;
}

/* A class that is gone is nobody's but the admins'. */
bool access_hears(struct core *core, const struct actor *actor, int64_t class_id,
		  const struct bus_event *event)
{
	enum rule rule = access_rule_of("event", event->type);

	if (!role_passes(rule, actor->role))
		return false;
	if (actor->role == ROLE_ADMIN)
		return true;
	if (actor->role == ROLE_STUDENT)
		return event->seat_id ? event->seat_id == actor->seat :
		       rule == RULE_MEMBER && event->class_id == class_id;
	if (!event->class_id)
		return !rules[rule].bound;
	const struct class *class = core_class(core, event->class_id);
	return class && access_to_class(class, actor) >= rules[rule].access;
}
