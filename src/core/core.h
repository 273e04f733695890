/* The rules. Courses, images, templates, classes, seats and machines as T0 holds them in memory, what
 * may happen to them, and what everybody is told about it. No HTTP, no libvirt, no SQL here: requests
 * come in as calls, effects go out through virt/ (on lanes), guest/ (links) and store/.
 *
 * Desired state is in the database; observed state comes from libvirt and the agents. core reconciles
 * the two, level-triggered: at start, on every event, and after every loss of libvirtd.
 *
 * The structs here may be read by the layers above; only core writes them. All on T0.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/err.h"
#include "guest/console.h"
#include "guest/link.h"
#include "loop/loop.h"
#include "pack/pack.h"
#include "store/classes.h"
#include "store/organisations.h"
#include "store/people.h"
#include "store/progress.h"
#include "store/store.h"
#include "virt/virt.h"

struct core;

struct core_config {
	const char *state_dir;  /* absolute; everything that lives */
	const char *packs_dir;  /* courses that ship, absolute */
	const char *images_dir; /* image recipes, absolute */
	const char *agent;      /* the agent's binary, put into images */
	const char *uri;        /* libvirt's */
	unsigned clones;        /* clones at work in parallel; 0: one more than processors, at most 4 */
	const char *time_zone;  /* of the machines; NULL: the host's */
	bool never_clone;       /* boot every machine, also where this host could clone */
};

struct core *core_new(struct loop *loop, const struct core_config *config, struct err *err);
/* Stops timers, links and lanes; machines stay as they are. */
void core_free(struct core *core);

struct store *core_store(struct core *core);
struct loop *core_loop(struct core *core);
const struct core_config *core_config(const struct core *core);
/* The last look at the host (refreshed every few seconds and before each launch); and whether libvirtd
 * answers and has said what this host can do, so that machines can be made. */
const struct virt_host *core_host(const struct core *core);
bool core_virt_is_up(const struct core *core);

/* ---- who asks ------------------------------------------------------------------------------- */

struct actor {
	int64_t person;   /* 0: root on the command line */
	enum role role;
	int64_t seat;     /* a student's own seat; 0 for staff */
	int64_t organisation; /* an observer's; 0: none */
	char name[128];
};

/* ---- states --------------------------------------------------------------------------------- */

enum machine_state {
	MACHINE_ABSENT,        /* nothing exists; nothing is wanted */
	MACHINE_WAITING,       /* wanted; its turn to be cloned has not come */
	MACHINE_CLONING,       /* a lane is making it */
	MACHINE_BOOTING,       /* cold boot: runs, its agent has not answered yet */
	MACHINE_PERSONALISING, /* runs; the agent makes it itself */
	MACHINE_PROBING,       /* the environment's probe is running in it */
	MACHINE_READY,         /* the probe passed in this life of the machine */
	MACHINE_OFF,           /* powered off by the student, or stopped by somebody */
	MACHINE_LOST,          /* runs, but its agent does not answer any more */
	MACHINE_FREEZING,      /* paused; a lane is saving it */
	MACHINE_FROZEN,        /* on disk with memory and devices, and nothing of it runs */
	MACHINE_RESUMING,      /* a lane is bringing it back, or its agent is being told what time it is */
	MACHINE_FAILED,        /* replaced once already; reason says why; a reset makes it anew */
	MACHINE_REMOVING,      /* a lane is destroying it */
	MACHINE_STATES
};
extern const char *const machine_state_names[MACHINE_STATES];

enum class_state {
	CLASS_DRAFT,
	CLASS_PREPARING, /* its machines are being made */
	CLASS_PREPARED,  /* they are all settled, and nobody may enter yet */
	CLASS_OPEN,
	CLASS_FREEZING,  /* machines go to disk, a few at a time */
	CLASS_FROZEN,    /* all of them are there, but for those that could not be saved */
	CLASS_RESUMING,  /* they come back; then the class is what it was before, open or prepared */
	CLASS_CLOSING,
	CLASS_CLOSED,
	CLASS_STATES
};
extern const char *const class_state_names[CLASS_STATES];

struct machine {
	LIST_ENTRY(machine) by_id;
	struct machine_row row;
	struct seat *seat;
	const struct pack_machine *spec;
	enum machine_state state;
	struct link *link;          /* NULL unless it runs */
	struct console *console;    /* its serial line; NULL unless it runs */
	struct virt_running running;
	uint64_t stage_at;          /* clock_mono_ms() when the state began */
	uint32_t ready_ms;          /* wanted to ready, the last time */
	unsigned life;              /* counts everything that makes jobs in flight stale */
	struct core *core;
	sd_event_source *timer;     /* the deadline of the present state */
	uint64_t wanted_at;
	struct link_hello hello;    /* the agent's last */
	uint32_t terminals;         /* bit n: there is a terminal with the number n */
	bool announced;             /* the terminals know what it lists: before that, none is opened */
	bool proven;                /* this generation was ready once: its disk holds somebody's work */
	bool making;                /* a lane is making it, or freezing it, or bringing it back */
	int64_t frost;              /* the work of the round that asked it to freeze or come back; core/freeze.c */
	unsigned epoch;             /* template_epoch() that it was cloned in; 0: no clone, or unknown */
	char doomed[64];            /* the domain it replaces; removed when this one is settled */
	uint64_t down_at;           /* clock_mono_ms(): connection lost; 0: it is up */
	bool pinging;
	unsigned clock_looks;       /* it was told the time: so often its clock is still looked at, ... */
	uint64_t clock_look_at;     /* ... and not before then; clock_mono_ms() */
	uint64_t asked_at;          /* clock_mono_ms() of the last ping */
	struct link_health health;  /* of its answer; all 0 before the first */
	int64_t made_at;            /* ms since 1970, this generation; 0: not known */
	uint64_t measured_at;       /* clock_mono_ms(), core/figures.h; 0: this generation never was */
	uint64_t own;               /* bytes of memory that it had made its own then */
	uint64_t disk;              /* bytes that its disk took then */
};

/* One of the staff at a seat's terminals. */
struct seat_watcher {
	int64_t machine_id;
	uint16_t terminal;
	bool assists;               /* may type there, not only watch */
	char name[128];
};

struct seat {
	struct seat_row row;
	struct class *class;
	struct machine *machine;    /* row.machines of them, in the environment's order */
	size_t machines;
	struct progress_row *progress;
	size_t progresses;
	struct grade *grade;        /* core/grade.c's own */
	char *clock_lab;            /* grade.c: the lab that clock_at is of */
	int64_t clock_at;           /* when it was first opened */
	int64_t hand_was;           /* when the hand that was just lowered had been raised */
	uint64_t hand_lowered;      /* clock_mono_ms() */
	struct seat_watcher *watcher; /* who looks at its terminals now */
	size_t watchers;
};

struct class {
	LIST_ENTRY(class) entry;
	struct class_row row;
	enum class_state state;
	struct pack *pack;          /* the version it started with */
	struct seat *seat;
	size_t seats;
	int64_t *staff;             /* people who were added to it: instructors lead, assistants help */
	size_t staff_count;
	int64_t results_until, results_removed_at; /* ms, core/retention.h; 0: not closed yet, not removed */
	uint32_t ready_ms;          /* launch pressed to all ready; 0: not yet */
	uint64_t launch_mono;
	bool sweeping;              /* a lane is removing what it has on the host */
	struct everyone *everyone;  /* core/everyone.c's own; NULL: nothing was done for all yet */
	int64_t paused_at;          /* since when it is paused; 0: it is not */
	bool halting, halt_due;     /* core/pause.c: a lane stops its machines or lets them go on; it has to look again */
	int64_t idle_since;         /* since when its time does not count: paused, or frozen; 0: it does */
	int64_t idle_ms;            /* how long it did not before that, in all */
	struct frost *frost;        /* core/freeze.c's own; NULL: neither freezing nor resuming */
	struct activity *activity;  /* core/activity.c's own; NULL: nobody asked yet */
	struct core *core;
};

/* ---- looking things up ---------------------------------------------------------------------- */

LIST_HEAD(class_list, class);
struct class_list *core_classes(struct core *core);
struct class *core_class(struct core *core, int64_t id);
struct class *core_class_by_code(struct core *core, const char *code); /* not closed ones */
struct seat *core_seat(struct core *core, int64_t id);
struct seat *class_seat(struct class *class, unsigned number); /* 1.. */
struct machine *core_machine(struct core *core, int64_t id);
struct machine *seat_machine(struct seat *seat, const char *name); /* NULL name: the first */
bool seat_is_ready(const struct seat *seat); /* all machines are */

/* ---- what everybody is told ----------------------------------------------------------------- */

/* An event for those who may see it. type: "seat", "progress", "class", "everyone", "host", "job", "message",
 * "message-read", "activity". */
struct bus_event {
	uint64_t id;        /* rises by one; starts at a value above every id of earlier runs */
	const char *type;
	int64_t class_id;   /* 0: of no class */
	int64_t seat_id;    /* 0: of the whole class. Who hears it: core/access.c's table, by type */
	const char *data;   /* compact JSON text */
	size_t length;
};

struct bus_listener {
	TAILQ_ENTRY(bus_listener) entry;
	void (*event)(struct bus_listener *listener, const struct bus_event *event);
};
void bus_listen(struct core *core, struct bus_listener *listener);
void bus_unlisten(struct core *core, struct bus_listener *listener);
/* Replays what is still kept (the last 2048) after `id`; false when older ones are gone: the listener
 * must load everything anew. */
bool bus_replay(struct core *core, uint64_t id, struct bus_listener *listener);
uint64_t bus_last_id(const struct core *core);
/* Steals data. */
void bus_publish(struct core *core, const char *type, int64_t class_id, int64_t seat_id, json_t *data);

/* ---- views: the JSON that API, events and CLI share ------------------------------------------ */

json_t *view_class(const struct class *class);                 /* one, without seats */
json_t *view_class_full(struct class *class);                  /* with seats, course outline, progress */
json_t *view_seat(const struct seat *seat);                    /* stage, machines, name, hand, lab */
json_t *view_progress(const struct seat *seat, const struct progress_row *row);
json_t *view_course(const struct pack *pack);
json_t *view_host(struct core *core);
/* What a student sees: class, seat, labs with tasks and progress (texts in every language, parameters
 * filled in), without solves, answers or what hints say before they are bought. */
json_t *view_workspace(struct seat *seat);
/* A lab as somebody reads it who has no seat, with the values of an invented one: its guide in one language; of its
 * tasks all that a student may get to see in time, hints and feedback too, in every language. NULL with err. */
json_t *view_pack_lab(const struct pack *pack, const struct pack_lab *lab, enum pack_lang lang, struct err *err);
/* One lab's guide as HTML and its tasks' texts in one language. NULL with err. */
json_t *view_lab(struct seat *seat, const struct pack_lab *lab, enum pack_lang lang, struct err *err);

/* ---- terminals: hooks for the hub above ------------------------------------------------------ */

struct core_terminals {
	void (*up)(void *context, struct machine *machine, const struct link_hello *hello);
	/* The connection is gone, or the machine is: then gone is true and its terminals are over. */
	void (*down)(void *context, struct machine *machine, bool gone);
	void (*data)(void *context, struct machine *machine, uint16_t channel, uint64_t offset,
		     const uint8_t *data, size_t length);
	void (*exit)(void *context, struct machine *machine, uint16_t channel, int status);
	void (*writable)(void *context, struct machine *machine, uint16_t channel);
	/* The serial line is there; it speaks; it takes input again; it is gone, as in down(). */
	void (*console_up)(void *context, struct machine *machine);
	void (*console_data)(void *context, struct machine *machine, const uint8_t *data,
			     size_t length);
	void (*console_room)(void *context, struct machine *machine);
	void (*console_down)(void *context, struct machine *machine, bool gone);
};
void core_set_terminals(struct core *core, const struct core_terminals *terminals, void *context);
/* Which terminals the machine has, bit n for number n: everybody who sees the seat is told of a change. */
void machine_set_terminals(struct machine *machine, uint32_t numbers);
/* Who looks at the seat's terminals: its student is told. Copies the list. */
void seat_set_watchers(struct seat *seat, const struct seat_watcher *watcher, size_t count);

#endif
