/* One thing done in every seat of a class: all are caught up to a lab, or a lab is opened for all.
 *
 * A few seats are at work at a time; whenever one ends, the next begins. A seat that fails is named and does
 * not hold up the others. What comes back from a seat finds its class by id and the round by its work, so
 * that an answer to a round that is over is nobody's. The next seat begins on a turn of the loop of its own:
 * the one before may have ended in the middle of a reset.
 */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define SEATS_PER_CLONE 2 /* at work together: while one's scripts run, another's machine is made */
#define NAMED_AT_ONCE   8 /* seats in a work's message; the view has all */

struct everyone {
	struct core *core;
	int64_t class_id, work_id;
	struct actor actor;
	const char *kind; /* "catch-up", "open-lab" */
	const struct pack_lab *lab;
	size_t next;      /* seat to begin with */
	unsigned working, arrived, failures;
	json_t *failed;   /* [{seat, number, message}] */
	bool over;
};

struct everyone_token {
	struct core *core;
	int64_t class_id, work_id;
	int64_t seat_id;
	unsigned number;
};

/* The class, as long as this very round goes on in it. */
static struct class *token_class(const struct everyone_token *token)
{
	struct class *class = token->core->stopping ? NULL : core_class(token->core, token->class_id);
	struct everyone *everyone = class ? class->everyone : NULL;

	return everyone && !everyone->over && everyone->work_id == token->work_id ? class : NULL;
}

json_t *view_everyone(const struct class *class)
{
	const struct everyone *everyone = class->everyone;

	if (!everyone)
		return json_null();
	return json_pack("{s:I, s:I, s:s, s:s, s:i, s:i, s:O, s:b}", "class", (json_int_t)everyone->class_id, "work",
			 (json_int_t)everyone->work_id, "kind", everyone->kind, "lab", everyone->lab->id, "seats",
			 (int)class->seats, "arrived", (int)everyone->arrived, "failed", everyone->failed,
			 "running", !everyone->over);
}

static void tell(struct class *class)
{
	struct everyone *everyone = class->everyone;
	struct work *work = core_work(everyone->core, everyone->work_id);
	unsigned ended = everyone->arrived + everyone->failures;
	AUTO_FREE char *failed = everyone->failures ? str_fmt(", %u failed", everyone->failures) : str_copy("");
	AUTO_FREE char *step = str_fmt("%u of %zu seats%s", everyone->arrived, class->seats, failed);

	if (work && !everyone->over)
		work_progress(everyone->core, work, (double)ended / (double)class->seats, step);
	bus_publish(everyone->core, "everyone", class->row.id, 0, view_everyone(class));
}

/* "27 of 30 seats arrived; seat 3: why; seat 7: why" */
static char *failures_text(const struct class *class)
{
	const struct everyone *everyone = class->everyone;
	AUTO(buf) struct buf text = { 0 };
	json_t *one;
	size_t i;

	buf_fmt(&text, "%u of %zu seats arrived", everyone->arrived, class->seats);
	json_array_foreach(everyone->failed, i, one)
		if (i < NAMED_AT_ONCE)
			buf_fmt(&text, "; seat %d: %s", (int)json_integer_value(json_object_get(one, "number")),
				json_string_value(json_object_get(one, "message")));
	if (everyone->failures > NAMED_AT_ONCE)
		buf_fmt(&text, "; and %u more", everyone->failures - NAMED_AT_ONCE);
	return str_copy((char *)text.data);
}

/* message NULL: every seat ended. */
void everyone_end(struct class *class, const char *message)
{
	struct everyone *everyone = class->everyone;
	struct work *work = everyone && !everyone->over ? core_work(everyone->core, everyone->work_id) : NULL;

	if (!everyone || everyone->over)
		return;
	AUTO_FREE char *failed = everyone->failures ? failures_text(class) : NULL;
	everyone->over = true;
	if (work)
		work_end(everyone->core, work, message ? message : failed);
	tell(class);
}

bool everyone_is_busy(const struct class *class)
{
	return class->everyone && !class->everyone->over;
}

void everyone_free(struct class *class)
{
	if (class->everyone)
		json_decref(class->everyone->failed);
	free(class->everyone);
	class->everyone = NULL;
}

/* ---- seat after seat -------------------------------------------------------------------------- */

static void seat_failed(struct everyone *everyone, const struct everyone_token *token, const char *message)
{
	everyone->failures++;
	json_array_append_new(everyone->failed,
			      json_pack("{s:I, s:i, s:s}", "seat", (json_int_t)token->seat_id, "number",
					(int)token->number, "message", message));
}

static void go_on(struct class *class);

static void on_turn(void *context)
{
	struct everyone_token *token = context;
	struct class *class = token_class(token);

	if (class)
		go_on(class);
	free(token);
}

void everyone_stop(struct core *core)
{
	loop_flush(core->loop, on_turn);
}

static void seat_ended(void *context, const struct err *err)
{
	struct everyone_token *token = context;
	struct class *class = token_class(token);

	if (!class) {
		free(token);
		return;
	}
	class->everyone->working--;
	if (err)
		seat_failed(class->everyone, token, err->message);
	else
		class->everyone->arrived++;
	loop_post(token->core->loop, on_turn, token);
}

static int seat_begin(struct everyone *everyone, struct seat *seat, void *token, struct err *err)
{
	if (strcmp(everyone->kind, "catch-up") == 0)
		return catching_begin(everyone->core, &everyone->actor, seat, everyone->lab, NULL, seat_ended, token,
				      err);
	return grade_open_lab(seat, everyone->lab, seat_ended, token, err);
}

/* Who has the lab open is there already, and may have gone further. */
static bool seat_is_there(const struct everyone *everyone, const struct seat *seat)
{
	return strcmp(everyone->kind, "open-lab") == 0 && grade_lab_is_open(seat, everyone->lab);
}

static void next_seat(struct everyone *everyone, struct seat *seat)
{
	struct everyone_token *token = mem_alloc(sizeof(*token));
	struct err err = ERR_INIT;

	*token = (struct everyone_token){ everyone->core, everyone->class_id, everyone->work_id, seat->row.id,
					  seat->row.number };
	if (seat_is_there(everyone, seat))
		everyone->arrived++;
	else if (seat_begin(everyone, seat, token, &err) == 0) {
		everyone->working++;
		return;
	} else {
		seat_failed(everyone, token, err.message);
	}
	free(token);
}

static void go_on(struct class *class)
{
	struct everyone *everyone = class->everyone;
	unsigned together = SEATS_PER_CLONE * everyone->core->config.clones;

	while (everyone->next < class->seats && everyone->working < together)
		next_seat(everyone, &class->seat[everyone->next++]);
	if (everyone->working)
		tell(class);
	else
		everyone_end(class, NULL);
}

/* ---- beginning -------------------------------------------------------------------------------- */

static int check_class(const struct class *class, struct err *err)
{
	if (class->state != CLASS_OPEN)
		return err_set(err, ERR_CONFLICT, "class %lld is %s: its seats have no machines now",
			       (long long)class->row.id, class_state_names[class->state]);
	if (everyone_is_busy(class))
		return err_set(err, ERR_CONFLICT, "class %lld is being brought to the lab %s; wait for it",
			       (long long)class->row.id, class->everyone->lab->id);
	if (!class->core->virt_up)
		return err_set(err, ERR_UNAVAILABLE,
			       "libvirtd is away, so no machine can be made now; try again shortly");
	return 0;
}

static int everyone_begin(struct core *core, const struct actor *actor, struct class *class, const char *kind,
			  const struct pack_lab *lab, struct work **work, struct err *err)
{
	AUTO_FREE char *object = str_fmt("class %lld", (long long)class->row.id);
	AUTO_FREE char *action = str_fmt("class.%s", kind);
	AUTO_FREE char *detail = str_fmt("{\"lab\": \"%s\"}", lab->id);

	if (check_class(class, err) < 0)
		return -1;
	everyone_free(class);
	*work = work_start_in(core, class->row.id, kind, object);
	struct everyone *everyone = class->everyone = mem_alloc(sizeof(*everyone));
	*everyone = (struct everyone){ .core = core, .class_id = class->row.id, .work_id = (*work)->id,
				       .actor = *actor, .kind = kind, .lab = lab, .failed = json_array() };
	note(core, actor, action, class->row.id, 0, object, detail);
	go_on(class);
	return 0;
}

int class_catch_up(struct core *core, const struct actor *actor, struct class *class, const struct pack_lab *lab,
		   struct work **work, struct err *err)
{
	return everyone_begin(core, actor, class, "catch-up", lab, work, err);
}

int class_open_lab(struct core *core, const struct actor *actor, struct class *class, const struct pack_lab *lab,
		   struct work **work, struct err *err)
{
	return everyone_begin(core, actor, class, "open-lab", lab, work, err);
}
