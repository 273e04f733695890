/* What the files of core/ share and nobody above sees. */
#ifndef CORE_INTERNAL_H
#define CORE_INTERNAL_H

#include <sys/queue.h>

#include "core/class.h"
#include "core/core.h"
#include "core/course.h"
#include "core/grade.h"
#include "core/note.h"
#include "loop/loop.h"

struct bus;
struct course_set;
struct image_set;
struct template_set;
struct bake;

TAILQ_HEAD(machine_queue, queued);

/* A machine that waits for its turn to be made. By id: it may be gone when the turn comes. */
struct queued {
	TAILQ_ENTRY(queued) entry;
	int64_t machine_id;
	unsigned life;
};

struct core {
	struct loop *loop;
	struct core_config config; /* owned copies of the strings */
	struct store *store;
	struct virt *virt;
	struct lanes *lanes; /* calls into virt: as many at once as libvirtd serves one client */
	struct archive *archive;
	struct lanes *checkups; /* checkup.c: one look at the host at a time */
	bool stopping;

	struct class_list classes;
	struct organisation_row *organisation; /* organisation.c: all, by id */
	size_t organisations;
	LIST_HEAD(, machine) machines; /* all of all classes, for lookups by id */

	/* launch.c */
	struct machine_queue queue;
	unsigned clones; /* at work now */

	/* virt's last word */
	struct virt_host host;
	bool virt_up, host_known;
	bool reconciling, reconcile_again;
	bool memory_low;     /* capacity.c: less is free than the reserve, while a class has machines */
	sd_event_source *host_timer, *pulse_timer, *look_timer, *retention_timer, *plan_timer;

	struct bus *bus;
	char **settings; /* setting.c: the value of each */
	struct course_set *courses;
	struct lanes *packs; /* packs.c: archives come and go, one at a time */
	struct image_set *images;
	struct template_set *templates;
	unsigned template_looks; /* that were begun */
	struct tools_seen *tools; /* tools.c; NULL before the first machine */
	struct bake *bake; /* the one that runs, or NULL */
	unsigned bakes;    /* that were begun */
	struct proof *proof; /* likewise */
	LIST_HEAD(, trial) trials;
	int64_t next_trial;
	struct pack **tried; /* trial.c: what trials have read */
	size_t tried_count;
	struct throttle *lookups; /* certificates' codes that were wrong; NULL before the first */
	struct throttle *guesses; /* answers that were wrong; NULL before the first */
	int64_t next_proof;
	bool proof_woken;
	struct work_list works;
	int64_t next_work;

	const struct core_terminals *terminals;
	void *terminals_context;
};

/* ---- core.c ----------------------------------------------------------------------------------- */

/* A call into virt/ on a lane. `call` may use request and virt, never core; `done` is on T0. */
struct virt_job {
	struct job job;
	struct core *core;
	struct virt *virt;
	int result; /* of the call: 0 or -1 */
	struct err err;
};
/* job->job.work must be set; job->job.done, too. */
void core_submit(struct core *core, struct virt_job *job);
/* Any machine of this domain name ("c3-s07-desk-g2"), or NULL. */
struct machine *core_machine_by_domain(struct core *core, const char *name);
void core_refresh_host(struct core *core);

/* ---- class.c, class_launch.c ------------------------------------------------------------------ */

int classes_load(struct core *core, struct err *err);
void class_free(struct class *class);
int class_set_state(struct class *class, enum class_state state, struct err *err);
/* A machine reached ready or failed: the class may be open now. */
void class_settled(struct class *class);
/* Goes on with a close that was begun, also before a restart. */
void class_continue_close(struct class *class);
void class_publish(struct class *class);
/* What a class is when its machines are there: open, or prepared for those who are not let in yet. */
enum class_state class_ready_state(const struct class *class);
/* As class_launch(): ERR_CONFLICT, with the remedy, when the course never passed its test. */
int class_check_tested(struct class *class, bool untested, struct err *err);

/* ---- machine.c -------------------------------------------------------------------------------- */

enum machine_event {
	EVENT_WANT,       /* make it: fresh, a new generation */
	EVENT_TURN,       /* a lane is free */
	EVENT_CLONED,     /* it runs, from its template */
	EVENT_BOOTED,     /* it runs, cold */
	EVENT_NOT_MADE,   /* the lane's call failed */
	EVENT_UP,         /* its agent answered, and does not know who it is */
	EVENT_KNOWN,      /* its agent answered, and knows */
	EVENT_IDENTIFIED, /* personalised */
	EVENT_PROBED,     /* the probe passed */
	EVENT_REFUSED,    /* personalising or probing failed */
	EVENT_TIMEOUT,    /* the state's deadline passed */
	EVENT_STOPPED,    /* powered off, ended or crashed */
	EVENT_REBOOTED,
	EVENT_SILENT,     /* no answer to a ping, or the connection went and did not come back */
	EVENT_START,      /* boot it again on its own disk */
	EVENT_REMOVE,     /* its class closes */
	EVENT_FOUND,      /* seen running by the reconciler */
	EVENT_MISSING,    /* not seen by the reconciler; its disk is there */
	EVENT_FREEZE,     /* save it */
	EVENT_SAVED,      /* it is on disk and does not run any more */
	EVENT_NOT_SAVED,  /* it runs on */
	EVENT_THAW,       /* bring it back */
	EVENT_THAWED,     /* it runs again */
	MACHINE_EVENTS
};

/* What an answer that is waited for has to know to find its machine again. */
struct awaited {
	struct core *core;
	int64_t machine_id;
	unsigned life;
	size_t step; /* for the one who waits */
	uint64_t since; /* clock_mono_ms() */
};
struct awaited *await(const struct machine *machine);
/* The machine, if it still is in the life that asked; frees the token. */
struct machine *awaited_machine(struct awaited *awaited);
/* Probes a machine; ends in EVENT_PROBED or EVENT_REFUSED. */
void probe_begin(struct machine *machine);
/* Whether a program listens on the TCP port, by the machine's /proc/net/tcp or tcp6. */
bool probe_table_listens(const char *table, unsigned port);

/* ---- tools.c: what the programs of checks were before anybody worked in a machine ------------- */

/* Notes it for a machine that has just been made, then probes it. */
void tools_note(struct machine *machine);
/* For link_exec's tools: the stamps that this script relies on. Free with pack_env_free(). */
char **tools_of(const struct machine *machine, const char *script);
void tools_free(struct core *core);

/* The one way in which a machine's state changes. reason may be NULL. */
void machine_step(struct machine *machine, enum machine_event event, const char *reason);
/* Each machine of a class takes that step, in one transaction for its speed alone: of a class that is preparing or closing
 * a restart does what was not written down (reconcile.c). */
void class_step_machines(struct class *class, enum machine_event event);
void machine_new_uuid(char uuid[37]); /* random, version 4 */
/* Fills in the domain's name of the present generation. */
void machine_domain(const struct machine *machine, char name[64]);
void machine_load(struct machine *machine); /* from its row, after a restart */
void machine_release(struct machine *machine); /* link, timer: before its memory goes */
/* Its part of the seat, for virt/. The strings live as long as the machine and its pack. */
struct machine_order;
int machine_power(struct machine *machine, enum virt_power power, struct err *err);

/* ---- machine_link.c --------------------------------------------------------------------------- */

/* Which identity the agent should have: this machine in this generation. Never 0. */
uint64_t machine_instance(const struct machine *machine);
void machine_connect(struct machine *machine); /* again and again by itself; nothing when it does already */
/* gone: its terminals are over with it. The life must have been ended before: what is pending on the link is
 * called back from here. */
void machine_unlink(struct machine *machine, bool gone);
void machine_disconnect(struct machine *machine); /* gone */

/* ---- identity.c ------------------------------------------------------------------------------- */

void machine_fill_identity(const struct machine *machine, struct link_identity *identity);

/* ---- console.c -------------------------------------------------------------------------------- */

void machine_console_open(struct machine *machine); /* it runs; open already is fine */
/* gone: what it said was another machine's, or nobody's any more; else it is away for now. */
void machine_console_close(struct machine *machine, bool gone);

/* ---- pulse.c ---------------------------------------------------------------------------------- */

void machine_pulse(struct core *core); /* asks machines for a sign of life, and how they are */
/* What a ready machine suffers from, or "". */
void machine_complaint(const struct machine *machine, char text[128]);

/* ---- freeze.c --------------------------------------------------------------------------------- */

/* Saves a machine on a lane; ends in EVENT_SAVED, EVENT_NOT_SAVED or EVENT_MISSING. */
void freeze_machine(struct machine *machine);
/* A machine that runs again is told the time, and given entropy; ends in EVENT_IDENTIFIED. */
void freeze_wake(struct machine *machine);
/* A machine of a class that freezes or resumes is in a new state. */
void freeze_stepped(struct machine *machine);
/* No lane stops the class's machines, or lets them go on, any more. */
void freeze_halted(struct class *class);
/* Goes on with what was begun, also before a restart. */
void freeze_continue(struct class *class);
/* What a class's view says of its day: when it was opened, and how far a round is. */
void view_add_times(json_t *view, const struct class *class);
/* The class closes or goes. */
void freeze_end(struct class *class, const char *message);
void freeze_free(struct class *class);
void freeze_stop(struct core *core); /* the daemon ends */

/* A machine that stood still is told the time; nobody waits for it. */
void freeze_set_clock(struct machine *machine);
/* Looks how far a clock is off that was set late, and moves it by what is certain. */
void freeze_check_clock(struct machine *machine);

/* ---- schedule.c, pause.c ---------------------------------------------------------------------- */

int schedule_begin(struct core *core, struct err *err); /* after the classes */
void schedule_end(struct core *core);
json_t *view_schedule(const struct class *class); /* [{at, action, outcome}] */
int pause_load(struct class *class, struct err *err);
/* From now on the class's time does not count, for a pause or a freeze; and from now on it does. On disk, and in
 * idle_since and idle_ms. */
int pause_idle_begin(struct class *class, struct err *err);
int pause_idle_end(struct class *class, struct err *err); /* also when it counted all the time */
/* ERR_CONFLICT while the class is paused. */
int pause_check(const struct class *class, struct err *err);
/* One that has become ready while its class is paused stands still with the others. */
void pause_machine(struct machine *machine);
/* The class's machines, which stand still, go to disk. */
void pause_release(struct class *class);
/* What was left undone by a lane that could not reach libvirtd, or by a daemon that was killed. */
void pause_reconcile(struct class *class);

/* ---- launch.c --------------------------------------------------------------------------------- */

void launch_enqueue(struct machine *machine, bool first);
bool launch_is_queued(const struct machine *machine);
void launch_next(struct core *core);
/* Boots a machine again on the disk that it has. */
void launch_start(struct machine *machine);
/* Brings a frozen one back; ends in EVENT_THAWED, EVENT_NOT_MADE or EVENT_MISSING. */
void launch_thaw(struct machine *machine);
/* Removes a domain and its disk some time soon; retried by the reconciler if it fails. */
void launch_discard(struct core *core, const char *domain);
void launch_clear(struct core *core);

/* ---- reconcile.c ------------------------------------------------------------------------------ */

/* Compares what libvirt has with what the database wants, and mends the difference. Asynchronous. */
void reconcile(struct core *core);
/* At once, and again and again. */
void reconcile_from_now_on(struct core *core);

/* ---- course.c --------------------------------------------------------------------------------- */

int courses_open(struct core *core, struct err *err);
void courses_free(struct core *core);
/* The pack of this digest, also when a newer one has taken its place. */
struct pack *course_of_class(struct core *core, const char *id, const char *version, const char *digest);
/* All versions that are installed; those that templates are needed of (active, or taught in a class that
 * is not closed). NULL: no more. */
const struct pack *course_installed(const struct core *core, size_t index);
const struct pack *course_needed(const struct core *core, size_t index);
/* Which version is active; "": the newest. Kept in the database. */
int course_choose(struct core *core, const char *id, const char *version, struct err *err);
/* Takes a pack that lies in its place; NULL with err when there is no room for it in memory. */
const struct pack *course_add(struct core *core, struct pack *pack, struct err *err);
void course_forget(struct core *core, const struct pack *pack); /* is not installed any more */
int course_compare_versions(const char *a, const char *b);	/* as strcmp() */

/* ---- packs.c ---------------------------------------------------------------------------------- */

int packs_open(struct core *core, struct err *err); /* before the courses */
void packs_close(struct core *core);		    /* before they go */
/* Keeps a pack for a class that has been made with it, some time soon. */
void packs_keep(struct core *core, const struct pack *pack);
struct pack *packs_kept(struct core *core, const char *digest); /* NULL: there is none */
/* A class of this digest was removed. */
void packs_release(struct core *core, const char *digest);

/* ---- template.c ------------------------------------------------------------------------------- */

/* What a machine of a course is cloned from. NULL when it is not baked for this host as it is now. */
const char *template_key(struct core *core, const struct pack *pack, const struct pack_machine *machine);
/* A class of this course is about to be launched: what its machines are cloned from is put into memory. */
void template_hold(struct core *core, const struct pack *pack);
void templates_refresh(struct core *core);
/* A bake went well: its work ends when the template is known, so that who waits for it can launch. */
void templates_baked(struct core *core, int64_t work);
/* Whether this pack was there when templates were last looked at. */
bool templates_have(struct core *core, const struct pack *pack);
/* As template_bake(), also for a pack that is not installed. */
int template_bake_pack(struct core *core, const struct pack *pack, bool force, struct work **work,
		       struct err *err);

/* ---- trial.c ---------------------------------------------------------------------------------- */

bool trial_has_class(struct core *core, int64_t class_id);
const struct pack *trial_pack(struct core *core, size_t index); /* NULL behind the last */
void trials_free(struct core *core);
const char *task_kind_name(enum pack_task_kind kind); /* view.c */
/* Before they are, nothing is made: after a restart, machines would be booted that can be cloned. */
bool templates_known(const struct core *core);
void templates_free(struct core *core);
/* "linux-intro/desk" for the template that machines are cloned from now; false: this key is none's. */
bool template_name(const struct core *core, const char *key, char name[128]);
/* Machines cloned in the same epoch from the same template began with the same disk. 0: a bake is under
 * way, and nobody can tell. */
unsigned template_epoch(const struct core *core);
bool template_all_baked(struct core *core, const struct pack *pack);
/* What a machine is made from on this host as it is now, by a name that changes when that does: its template, or
 * what it boots from. false: not known, as long as its image is not built or libvirtd was never there. */
bool template_base(struct core *core, const struct pack *pack, const struct pack_machine *machine, char base[80]);
/* Bytes that the templates of a course's machines take in memory, once for all seats. 0: not baked. */
uint64_t template_memory(struct core *core, const struct pack *pack);
/* What its template's key is made from, besides what virt/ adds. anew: of another edition than there is. */
int template_new_key(struct core *core, const struct pack *pack, const struct pack_machine *machine, bool anew,
		     char digest[65], struct err *err);
/* One of this digest was baked: if it is of another edition, that is the present one from now on. */
int template_is_there(struct core *core, const struct pack *pack, const struct pack_machine *machine,
		      const char *digest, struct err *err);
void bake_abandon(struct core *core);
void bus_free(struct bus *bus);
struct bus *bus_new(void);

/* ---- script.c --------------------------------------------------------------------------------- */

/* A lab's script, as it runs in a machine: as root, from stdin of a shell, never stored there. */
struct script {
	const struct pack_lab *lab;
	const char *path;    /* in the pack */
	unsigned number;     /* the seat whose values it has */
	const char *answer;  /* TK_ANSWER; NULL: none */
	uint64_t timeout_ms;
	bool guarded;        /* a check: runs with none but the tools that the machine began with */
	bool yields;         /* the student's shell gets the processor first */
};

/* The environment that authors are promised (docs/authors.md). pack_env_free() frees it. */
char **script_env(const struct machine *machine, const struct script *script);
/* The text as it is sent: the pack's, made to yield when it should. */
int script_text(const struct machine *machine, const struct script *script, struct buf *text, struct err *err);
int script_run(struct machine *machine, const struct script *script, link_exec_fn *done, void *context,
	       struct err *err);

/* ---- grade.c, lab.c --------------------------------------------------------------------------- */

/* What goes on in one seat besides its rows. Tasks are known by their place in the pack. */
struct grade {
	struct seat *seat;
	unsigned life;               /* what was asked for in an earlier life is not wanted any more */
	sd_event_source *pause;      /* armed by activity */
	uint64_t round_at;           /* clock_mono_ms() of the last round of automatic checks */
	const struct pack_lab *round_lab; /* a round is under way: which task is next */
	size_t round_next;
	bool missed_round;           /* the class was paused when it was its time */
	bool missed_ready;           /* and the machines became ready meanwhile */
	const struct pack_lab *opening;   /* a lab's setup is under way: which script is next */
	size_t opening_next;
	struct lab_waiter *waiters;
	unsigned busy;               /* checks in flight */
	struct catching *catching;   /* catchup.c: the seat is being brought forward; NULL: no */
	char *not_caught_up;         /* why the last one did not arrive, until the next reset; NULL */
};

struct grade *seat_grade(struct seat *seat); /* made when first asked for */
/* The machine where a lab's (or a task's) scripts run, when it is ready. */
struct machine *grade_machine(struct seat *seat, const char *name, struct err *err);
struct progress_row *progress_find(const struct seat *seat, const char *lab, const char *task); /* NULL: none yet */
/* The same, made when there is none: then it begins at that time. */
struct progress_row *grade_progress(struct seat *seat, const struct pack_lab *lab,
				    const struct pack_task *task, int64_t at);
/* A machine of the seat is in a new state. When all are ready the lab that was open is set up in them if it
 * is not yet, or the catching up goes on; when one will not be ready, those who wait for it are told. */
void grade_machine_stepped(struct machine *machine);
/* As grade_forget(), but a catching up goes on in the new life. */
void grade_renew(struct seat *seat);
void grade_next_of_round(struct seat *seat);
/* The class goes on after a pause: what did not begin because of it begins now. */
void grade_go_on(struct seat *seat);
void labs_end(struct core *core); /* the daemon ends: openings that were only posted are not begun */

/* ---- catchup.c -------------------------------------------------------------------------------- */

void catching_machines_ready(struct seat *seat); /* only while grade->catching */
/* message NULL: it arrived. Without one under way: nothing. */
void catching_end(struct grade *grade, const char *message);
/* The machines are made anew in the middle of it: what comes back from now on belongs to this life. */
void catching_live_on(struct grade *grade);
/* seat_catch_up() as a part of something bigger, which is told its end instead of a work. */
int catching_begin(struct core *core, const struct actor *actor, struct seat *seat, const struct pack_lab *lab,
		   const struct pack_task *task, grade_open_fn *done, void *context, struct err *err);
/* {lab, task, fraction, message}; null: nothing is under way, and nothing failed. */
json_t *view_catching(const struct seat *seat);

/* ---- organisation.c --------------------------------------------------------------------------- */

int organisations_load(struct core *core, struct err *err); /* before the classes; after every change */
void organisations_free(struct core *core);
/* The one of this name, made when there is none; NULL or "" is 0. Inside a transaction: whoever ends it calls
 * organisations_load(). */
int organisation_need(struct core *core, const char *name, int64_t *id, struct err *err);

/* ---- everyone.c ------------------------------------------------------------------------------- */

/* The class closes or goes: what is under way in all of its seats ends with that. */
void everyone_end(struct class *class, const char *message);
void everyone_free(struct class *class);
void everyone_stop(struct core *core); /* the daemon ends: turns that were posted do not come */
bool everyone_is_busy(const struct class *class); /* such a thing is under way */
json_t *view_everyone(const struct class *class);

/* ---- seat.c ----------------------------------------------------------------------------------- */

/* New machines, and nothing set up in them; machine NULL: all. Without a word to the audit log. */
int seat_renew(struct seat *seat, const char *machine, struct err *err);

/* ---- proof.c ---------------------------------------------------------------------------------- */

/* Something of a hidden class changed: whoever proves a pack looks again, soon. */
void proof_wake(struct core *core);
/* Hidden classes that no proof works with, also those of an earlier run of the daemon, are removed. */
void proof_tidy(struct core *core);
void proof_free(struct core *core);

/* ---- image.c ---------------------------------------------------------------------------------- */

/* Reads which recipes there are. After the store; before templates. */
int images_open(struct core *core, struct err *err);
void images_free(struct core *core); /* ends builds that run */

/* ---- retention.c ------------------------------------------------------------------------------ */

int retention_load(struct class *class, struct err *err); /* its dates, when it is read */
void retention_closed(struct class *class);		   /* it was closed just now */
void retention_look(struct core *core);			   /* removes what is due, and waits for the next */

/* ---- archive.c -------------------------------------------------------------------------------- */

int archive_begin(struct core *core, struct err *err);
void archive_end(struct core *core); /* before the store and the works go */

/* ---- setting.c -------------------------------------------------------------------------------- */

void settings_open(struct core *core); /* after the store */
void settings_free(struct core *core);

/* ---- work.c ----------------------------------------------------------------------------------- */

struct work *work_start(struct core *core, const char *kind, const char *object);
/* One that only the staff of a class hears of. */
struct work *work_start_in(struct core *core, int64_t class_id, const char *kind, const char *object);
void work_progress(struct core *core, struct work *work, double fraction, const char *step);
/* message NULL: done; else failed because of it. */
void work_end(struct core *core, struct work *work, const char *message);
struct work *work_running(struct core *core, const char *kind, const char *object);
/* Also one that has ended already; NULL when there never was one. object may be NULL: any. */
struct work *work_newest(struct core *core, const char *kind, const char *object);
void works_free(struct core *core);

#endif
