/* What an instructor does with a class and its seats. Calls return at once; what they set going is told
 * on the bus. Every change is on disk when the call returns. */
#ifndef CORE_CLASS_H
#define CORE_CLASS_H

#include "core/core.h"

#define CLASS_SEATS_MAX 500
#define CLASS_NAME_MAX  100 /* characters */

/* Who gets a seat. Only the name has to be there, unique in the class; core/roster.h says what is right. */
struct class_person {
	const char *name;
	const char *mail, *organisation; /* NULL or "": none; the organisation by name, made when it is new */
	const char *language;            /* "en", "ja"; NULL or "": not known */
};

struct class_new {
	const char *course;       /* a course's id */
	const char *version;      /* NULL: the active one */
	struct pack *pack;        /* one that is not installed, which stays as long as the class; NULL: the
				     course's */
	const char *name;         /* NULL: the course's title and today's date */
	unsigned seats;           /* 1..CLASS_SEATS_MAX; with people: 0 or their number */
	const struct class_person *people; /* NULL: unnamed seats */
	size_t person_count;
	bool own_codes;           /* seats are joined with their own codes only */
	bool hidden;              /* the daemon's own: nobody joins it, no list shows it */
	const uint8_t *secret;    /* 32 bytes that seed the parameters; NULL: random */
};

/* Makes a draft with its seats and codes. ERR_INVALID, ERR_NOT_FOUND (course), ERR_CONFLICT. */
int class_create(struct core *core, const struct actor *actor, const struct class_new *request,
		 struct class **class, struct err *err);

/* The daemon's own: nobody hears of it. A trial's is not private: its author has the page open. */
bool class_is_private(const struct class *class);

/* Lets people in with their seats' own codes only, or with the class's code, too. Who is in stays in, and codes and
 * links of seats go on working either way. ERR_CONFLICT: the class is over. */
int class_set_joining(struct core *core, const struct actor *actor, struct class *class, bool own_codes,
		      struct err *err);

/* Draft to preparing: ERR_CAPACITY names the number that fits; ERR_NOT_FOUND for a missing image or
 * template names the command or button that makes it; ERR_UNAVAILABLE without libvirtd. ERR_CONFLICT when
 * the course, as the class has it, never passed `lab test`, unless untested says that this is known: then
 * the audit log says so, too. Hidden classes are excepted: they are that test. */
int class_launch(struct core *core, const struct actor *actor, struct class *class, bool untested,
		 struct err *err);
/* As a launch, but nobody may enter until class_open(): draft to preparing to prepared. */
int class_prepare(struct core *core, const struct actor *actor, struct class *class, bool untested,
		  struct err *err);
/* Lets students into a class that is prepared, or is being prepared. */
int class_open(struct core *core, const struct actor *actor, struct class *class, struct err *err);
/* Whether students may enter, and sit at their machines. */
static inline bool class_admits(const struct class *class)
{
	return class->row.opened_at && (class->state == CLASS_PREPARING || class->state == CLASS_OPEN);
}
/* Its machines are there, or are being made, or are on disk. */
static inline bool class_has_machines(const struct class *class)
{
	return class->state >= CLASS_PREPARING && class->state <= CLASS_RESUMING;
}

/* Open or prepared to freezing to frozen: every machine is saved to disk and its memory is free. *work is of the
 * kind "freeze", says how many of how many are saved, and ends with the names of those that could not be: they
 * run on. Of a frozen class: tries those again. ERR_CAPACITY when the disk has too little room, ERR_CONFLICT while
 * something else is under way in the class, ERR_UNAVAILABLE without libvirtd. */
struct work;
int class_freeze(struct core *core, const struct actor *actor, struct class *class, struct work **work,
		 struct err *err);
/* Frozen to resuming to open or prepared, as it was before. *work is of the kind "resume". A machine that does not
 * come back stays saved and is named; switching it on tries again. ERR_CAPACITY when there is too little memory. */
int class_resume(struct core *core, const struct actor *actor, struct class *class, struct work **work,
		 struct err *err);

/* What is to come for a class, at which times. The daemon does it by itself, as "the schedule" in the audit log. */
enum plan_action { PLAN_PREPARE, PLAN_OPEN, PLAN_FREEZE, PLAN_RESUME, PLAN_CLOSE, PLAN_ACTIONS };
extern const char *const plan_action_names[PLAN_ACTIONS];
#define PLANS_MAX 32 /* to come, of one class */

struct plan {
	int64_t at; /* ms since 1970 */
	enum plan_action action;
};

/* Replaces what is to come; count 0: nothing is. ERR_INVALID names the item that is past, not after the one before
 * it, or not possible where the class is then. ERR_CONFLICT when the course was never tested, unless untested. An
 * open that nothing was prepared for prepares, too. */
int class_schedule(struct core *core, const struct actor *actor, struct class *class, const struct plan *plans,
		   size_t count, bool untested, struct err *err);
/* Moves the next freeze or close that is to come. ERR_CONFLICT when there is none, or when it would pass what
 * follows it. minutes: 1..600. */
int class_extend(struct core *core, const struct actor *actor, struct class *class, unsigned minutes, struct err *err);

/* Stops an open class where it is: machines stand still, nothing can be typed, and time does not count. The end of
 * that is class_continue(), or a freeze. ERR_CONFLICT, ERR_UNAVAILABLE. */
int class_pause(struct core *core, const struct actor *actor, struct class *class, struct err *err);
int class_continue(struct core *core, const struct actor *actor, struct class *class, struct err *err);

/* Removes every machine, disk and network; progress stays. Any state but closed. */
int class_close(struct core *core, const struct actor *actor, struct class *class, struct err *err);
/* Removes a draft or a closed class with all its records. */
int class_remove(struct core *core, const struct actor *actor, struct class *class, struct err *err);

/* Tells everybody who may hear of it how a seat is now. */
void seat_publish(struct seat *seat);

/* machine NULL: every machine of the seat. */
int seat_reset(struct core *core, const struct actor *actor, struct seat *seat, const char *machine,
	       struct err *err);
/* Resets the seat and brings it to the beginning of a task (NULL: of the lab): the setups, and the course's own
 * solutions of all tasks before it, in the course's order. They count as caught up, without points. *work is
 * of the kind "catch-up". ERR_CONFLICT as for seat_reset(), and while it is under way. */
int seat_catch_up(struct core *core, const struct actor *actor, struct seat *seat, const struct pack_lab *lab,
		  const struct pack_task *task, struct work **work, struct err *err);
/* The same for all seats of a class, up to a lab; and a lab opened for all, but for those who have it open.
 * A few seats at a time; *work is of the kind "catch-up" or "open-lab", says how many of how many are there,
 * and ends with the names of those that failed. ERR_CONFLICT while another such thing is under way in the
 * class, or when it is not open. */
int class_catch_up(struct core *core, const struct actor *actor, struct class *class, const struct pack_lab *lab,
		   struct work **work, struct err *err);
int class_open_lab(struct core *core, const struct actor *actor, struct class *class, const struct pack_lab *lab,
		   struct work **work, struct err *err);
/* Cold boot after a power off; hard off; reset button. */
enum seat_power { SEAT_POWER_ON, SEAT_POWER_OFF, SEAT_POWER_REBOOT };
int seat_power(struct core *core, const struct actor *actor, struct seat *seat, const char *machine,
	       enum seat_power power, struct err *err);
/* Who sits there: what is NULL stays as it is, "" takes it away. Judged as a roster's line is. ERR_CONFLICT:
 * another seat of the class has the name. */
int seat_change(struct core *core, const struct actor *actor, struct seat *seat,
		const struct class_person *wanted, struct err *err);
int seat_raise_hand(struct core *core, struct seat *seat, bool raised, struct err *err);

/* A new join link for the seat, in place of the one before: the token to put into the URL; only its hash
 * is kept. It stays good until the next one, so that a student who lost the cookie comes back with it. */
int seat_join_token(struct core *core, const struct actor *actor, struct seat *seat, char token[65],
		    struct err *err);

#endif
