#include "core/activity.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/internal.h"

const char *const activity_names[] = {
	[ACTIVITY_JOINED] = "joined", [ACTIVITY_HAND] = "hand",	  [ACTIVITY_LAB] = "lab",
	[ACTIVITY_DONE] = "done",     [ACTIVITY_RESET] = "reset", [ACTIVITY_OFF] = "off",
	[ACTIVITY_LOST] = "lost",     [ACTIVITY_FAILED] = "failed",
};
static_assert(ARRAY_SIZE(activity_names) == ACTIVITY_KINDS, "every kind has a name");

struct happening {
	int64_t id, at, seat_id;
	unsigned number;
	enum activity_kind kind;
	char lab[64], task[64], machine[64];
};

/* A ring: the happening with the id n is at n % ACTIVITY_KEPT. */
struct activity {
	struct happening kept[ACTIVITY_KEPT];
	int64_t next; /* id */
};

static json_t *view_happening(const struct class *class, const struct happening *one)
{
	return json_pack("{s:I, s:I, s:I, s:i, s:I, s:s, s:s, s:s, s:s}", "id", (json_int_t)one->id, "class",
			 (json_int_t)class->row.id, "seat", (json_int_t)one->seat_id, "number",
			 (int)one->number, "at", (json_int_t)one->at, "kind", activity_names[one->kind],
			 "lab", one->lab, "task", one->task, "machine", one->machine);
}

static struct happening *put(struct activity *activity, const struct seat *seat, int64_t at,
			     enum activity_kind kind)
{
	struct happening *one = &activity->kept[activity->next % ACTIVITY_KEPT];

	*one = (struct happening){ .id = activity->next++, .at = at, .seat_id = seat->row.id,
				   .number = seat->row.number, .kind = kind };
	return one;
}

/* ---- what the database knows of it ---------------------------------------------------------- */

struct known {
	int64_t at;
	const struct seat *seat;
	const struct progress_row *row; /* NULL: not a task */
	enum activity_kind kind;
};

static int older_first(const void *a, const void *b)
{
	int64_t one = ((const struct known *)a)->at, two = ((const struct known *)b)->at;

	return (one > two) - (one < two);
}

static size_t known_of(const struct seat *seat, struct known *known)
{
	size_t count = 0;

	if (seat->row.joined_at)
		known[count++] = (struct known){ seat->row.joined_at, seat, NULL, ACTIVITY_JOINED };
	if (seat->row.hand)
		known[count++] = (struct known){ seat->row.hand_at, seat, NULL, ACTIVITY_HAND };
	for (size_t i = 0; i < seat->progresses; i++)
		if (seat->progress[i].done && !seat->progress[i].caught_up)
			known[count++] = (struct known){ seat->progress[i].done_at, seat, &seat->progress[i],
							 ACTIVITY_DONE };
	return count;
}

static void recall(struct class *class)
{
	struct activity *activity = class->activity;
	size_t room = 0, count = 0;

	for (size_t i = 0; i < class->seats; i++)
		room += class->seat[i].progresses + 2;
	AUTO_FREE struct known *known = mem_grow(NULL, room + 1, sizeof(*known));
	for (size_t i = 0; i < class->seats; i++)
		count += known_of(&class->seat[i], known + count);
	qsort(known, count, sizeof(*known), older_first);
	for (size_t i = count > ACTIVITY_KEPT ? count - ACTIVITY_KEPT : 0; i < count; i++) {
		struct happening *one = put(activity, known[i].seat, known[i].at, known[i].kind);
		if (known[i].row) {
			str_cut(one->lab, sizeof(one->lab), known[i].row->lab);
			str_cut(one->task, sizeof(one->task), known[i].row->task);
		}
	}
}

static struct activity *activity_of(struct class *class)
{
	if (!class->activity) {
		class->activity = mem_alloc(sizeof(*class->activity));
		class->activity->next = 1;
		recall(class);
	}
	return class->activity;
}

/* ---- for everybody else --------------------------------------------------------------------- */

/* Called when memory has the change already: a class that is remembered only now would have it twice. */
void activity_add(struct seat *seat, enum activity_kind kind, const char *lab, const char *task,
		  const char *machine)
{
	struct class *class = seat->class;

	if (class_is_private(class) || class->core->stopping)
		return;
	bool fresh = !class->activity;
	struct activity *activity = activity_of(class);
	bool recalled = kind == ACTIVITY_JOINED || kind == ACTIVITY_HAND || kind == ACTIVITY_DONE;
	struct happening *one = &activity->kept[(activity->next - 1) % ACTIVITY_KEPT];
	if (!fresh || !recalled) {
		one = put(activity, seat, clock_real_ms(), kind);
		str_cut(one->lab, sizeof(one->lab), lab ? lab : "");
		str_cut(one->task, sizeof(one->task), task ? task : "");
		str_cut(one->machine, sizeof(one->machine), machine ? machine : "");
	}
	bus_publish(class->core, "activity", class->row.id, seat->row.id, view_happening(class, one));
}

void activity_free(struct class *class)
{
	free(class->activity);
	class->activity = NULL;
}

json_t *view_activity(struct class *class, size_t most)
{
	const struct activity *activity = activity_of(class);
	json_t *list = json_array();

	for (int64_t id = activity->next - 1; id > 0 && most && id > activity->next - 1 - ACTIVITY_KEPT; id--, most--)
		json_array_append_new(list, view_happening(class, &activity->kept[id % ACTIVITY_KEPT]));
	return list;
}
