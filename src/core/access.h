/* Who may see what: one answer for the API, the event stream, terminals and ssh.
 *
 * A *rule* says which roles it lets in, and how near somebody has to be to the class or seat in
 * question. Routes have theirs in http/route.c's table; kinds of events and of ssh channels in the
 * table here. What is in no table is for the class's own staff. Rules are asked by the gate, before
 * any handler, and again for every event and while a terminal is open.
 *
 * How near people are:
 *
 *	admin       leads every class
 *	instructor  leads classes that they made or were added to, and those that nobody owns (made at the
 *	            command line, or by an account that was removed)
 *	assistant   helps in classes that they were added to
 *	student     has the own seat, and is a member of its class
 *	observer    may know the results of people of the own organisation
 *
 * Who has nothing to do with a class or seat is not told that it exists: to them it is not found.
 */
#ifndef CORE_ACCESS_H
#define CORE_ACCESS_H

#include "core/core.h"

enum rule {
	RULE_PUBLIC,	   /* anybody */
	RULE_SIGNED_IN,	   /* anybody with a session */
	RULE_SEAT,	   /* the student of this seat, and staff of its class */
	RULE_MEMBER,	   /* students and staff of this class */
	RULE_ORGANISATION, /* observers, of people of their organisation; staff of the class */
	RULE_STAFF,	   /* assistants and above; of this class, where one is named */
	RULE_CLASS_STAFF,  /* the same, and a class has to be named, but by admins */
	RULE_INSTRUCTOR,   /* instructors and admins; of this class, where one is named */
	RULE_CLASS_OWNER,  /* the same, and a class has to be named, but by admins */
	RULE_ADMIN,
	RULES
};
const char *rule_name(enum rule rule);

/* Each includes those before it. */
enum access {
	ACCESS_NONE,
	ACCESS_RESULTS, /* what some of its people have achieved */
	ACCESS_MEMBER,	/* the student: of the seat, or of one in the class */
	ACCESS_HELP,	/* watches, and does in seats what helps a student */
	ACCESS_LEAD,	/* launches, closes, removes; everything for all seats */
};
enum access access_to_class(const struct class *class, const struct actor *actor);
enum access access_to_seat(const struct seat *seat, const struct actor *actor);

/* Whether this role passes the rule at all: what may be said before it is known whether the class or seat
 * exists. ERR_DENIED. Not for RULE_PUBLIC. */
int access_role(enum rule rule, enum role role, struct err *err);
/* The whole rule. class and seat: what is asked for, NULL where none is named; both may be. Objects to which the
 * actor has ACCESS_NONE must have been treated as not found before. ERR_DENIED. */
int access_check(enum rule rule, const struct actor *actor, const struct class *class,
		 const struct seat *seat, struct err *err);

/* ---- what is no route ----------------------------------------------------------------------- */

/* "event progress", "ssh shell": the rule of an event of the stream, or of a channel. */
struct access_row {
	const char *kind, *name;
	enum rule rule;
};
extern const struct access_row access_rows[]; /* ends with a kind of NULL */
enum rule access_rule_of(const char *kind, const char *name);

/* Whether this event of the bus is for these ears. class_id: of the actor's own seat; 0 for staff. */
bool access_hears(struct core *core, const struct actor *actor, int64_t class_id,
		  const struct bus_event *event);

#endif
