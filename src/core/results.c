#include "core/results.h"

#include <string.h>

#include "base/auto.h"
#include "base/csv.h"
#include "base/str.h"
#include "core/access.h"
#include "core/internal.h"
#include "core/organisation.h"

#define I(number) ((json_int_t)(number))

/* ---- sums ----------------------------------------------------------------------------------- */

static void add_task(struct results_sum *sum, const struct pack_task *task,
		     const struct progress_row *progress)
{
	sum->tasks++;
	sum->points_max += (int)task->points;
	if (!progress)
		return;
	sum->tasks_done += progress->done;
	sum->points += (int)progress->points;
	sum->hints += (int)progress->hints;
	sum->caught_up += progress->caught_up;
	sum->attempts += (int)progress->attempts;
	sum->took_ms += progress->took_ms;
}

static void add_lab(struct results_sum *sum, const struct seat *seat, const struct pack_lab *lab)
{
	bool done = true;

	for (size_t i = 0; i < lab->tasks; i++) {
		const struct progress_row *progress = progress_find(seat, lab->id, lab->task[i].id);
		add_task(sum, &lab->task[i], progress);
		if (!lab->task[i].optional && !(progress && progress->done))
			done = false;
	}
	sum->labs++;
	sum->labs_done += done && lab->tasks;
}

int results_sum(const struct seat *seat, struct results_sum *sum, struct err *err)
{
	const struct pack *pack = seat->class->pack;
	struct results_sum made = { 0 };

	for (size_t i = 0; i < pack->labs; i++)
		add_lab(&made, seat, &pack->lab[i]);
	if (progress_span(seat->class->core->store, seat->row.id, &made.first_at, &made.last_at, err) < 0)
		return -1;
	*sum = made;
	return 0;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static json_t *titles(const struct pack_text *in)
{
	return json_pack("{s:s, s:s}", "en", in->in[PACK_EN] ? in->in[PACK_EN] : "", "ja",
			 in->in[PACK_JA] ? in->in[PACK_JA] : "");
}

/* What both kinds of row begin with. */
static json_t *seat_head(const struct seat *seat)
{
	json_t *organisation = view_organisation(seat->class->core, seat->row.organisation);
	const char *called = json_string_value(json_object_get(organisation, "name"));
	json_t *row = json_pack("{s:I, s:i, s:s, s:s, s:s}", "seat", I(seat->row.id), "number",
				(int)seat->row.number, "name", seat->row.name, "mail",
				seat->row.mail ? seat->row.mail : "", "organisation", called ? called : "");

	json_decref(organisation);
	return row;
}

static json_t *seat_row(const struct seat *seat, struct err *err)
{
	struct results_sum sum;

	if (results_sum(seat, &sum, err) < 0)
		return NULL;
	json_t *row = seat_head(seat);
	json_t *numbers = json_pack(
		"{s:I, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I}", "joined_at",
		I(seat->row.joined_at), "labs_done", sum.labs_done, "labs", sum.labs, "tasks_done",
		sum.tasks_done, "tasks", sum.tasks, "points", sum.points, "points_max", sum.points_max,
		"attempts", sum.attempts, "hints", sum.hints, "caught_up", sum.caught_up, "first_at",
		I(sum.first_at), "last_at", I(sum.last_at), "took_ms", I(sum.took_ms));
	json_object_update(row, numbers);
	json_decref(numbers);
	return row;
}

static json_t *task_row(const struct seat *seat, const struct pack_lab *lab, const struct pack_task *task)
{
	static const struct progress_row nothing;
	const struct progress_row *progress = progress_find(seat, lab->id, task->id);
	json_t *row = seat_head(seat);

	if (!progress)
		progress = &nothing;
	json_t *rest = json_pack(
		"{s:s, s:o, s:s, s:o, s:b, s:b, s:b, s:i, s:i, s:i, s:i, s:I, s:I, s:I}", "lab", lab->id,
		"lab_title", titles(&lab->title), "task", task->id, "task_title", titles(&task->title),
		"optional", task->optional, "done", progress->done, "caught_up", progress->caught_up,
		"points", (int)progress->points, "points_max", (int)task->points, "attempts",
		(int)progress->attempts, "hints", (int)progress->hints, "first_at", I(progress->first_at),
		"done_at", I(progress->done_at), "took_ms", I(progress->took_ms));
	json_object_update(row, rest);
	json_decref(rest);
	return row;
}

static bool is_wanted(const struct seat *seat, const struct actor *actor)
{
	return (*seat->row.name || seat->row.person) && access_to_seat(seat, actor) >= ACCESS_RESULTS;
}

static json_t *seat_rows(struct class *class, const struct actor *actor, struct err *err)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < class->seats; i++) {
		json_t *row = NULL;
		if (!is_wanted(&class->seat[i], actor))
			continue;
		if (!(row = seat_row(&class->seat[i], err))) {
			json_decref(rows);
			return NULL;
		}
		json_array_append_new(rows, row);
	}
	return rows;
}

static void add_task_rows(json_t *rows, const struct seat *seat)
{
	const struct pack *pack = seat->class->pack;

	for (size_t i = 0; i < pack->labs; i++)
		for (size_t k = 0; k < pack->lab[i].tasks; k++)
			json_array_append_new(rows, task_row(seat, &pack->lab[i], &pack->lab[i].task[k]));
}

static json_t *task_rows(struct class *class, const struct actor *actor)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < class->seats; i++)
		if (is_wanted(&class->seat[i], actor))
			add_task_rows(rows, &class->seat[i]);
	return rows;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

/* Without the code, which lets people in. */
static json_t *class_head(const struct class *class)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:o, s:s, s:I, s:I}", "id", I(class->row.id), "name",
			 class->row.name, "course", class->row.course, "version", class->row.version,
			 "title", titles(&class->pack->title), "state", class_state_names[class->state],
			 "launched_at", I(class->row.launched_at), "closed_at", I(class->row.closed_at));
}

json_t *results_view(struct class *class, const struct actor *actor, struct err *err)
{
	json_t *seats = seat_rows(class, actor, err);

	if (!seats)
		return NULL;
	return json_pack("{s:o, s:o, s:o}", "class", class_head(class), "seats", seats, "tasks",
			 task_rows(class, actor));
}

json_t *results_everywhere(struct core *core, const struct actor *actor, struct err *err)
{
	json_t *list = json_array();
	struct class *class;

	LIST_FOREACH(class, core_classes(core), entry) {
		json_t *seats;
		if (class->row.hidden || access_to_class(class, actor) < ACCESS_RESULTS)
			continue;
		if (!(seats = seat_rows(class, actor, err))) {
			json_decref(list);
			return NULL;
		}
		if (json_array_size(seats))
			json_array_append_new(list, json_pack("{s:o, s:O}", "class", class_head(class),
							      "seats", seats));
		json_decref(seats);
	}
	return list;
}

/* ---- tables --------------------------------------------------------------------------------- */

enum cell { CELL_TEXT, CELL_TITLE, CELL_NUMBER, CELL_YES, CELL_TIME, CELL_MINUTES };

struct column {
	const char *member;
	enum cell cell;
	const char *head[PACK_LANGS];
};

static const struct column task_columns[] = {
	{ "number", CELL_NUMBER, { "Seat", "席" } },
	{ "name", CELL_TEXT, { "Name", "氏名" } },
	{ "mail", CELL_TEXT, { "Mail", "メール" } },
	{ "organisation", CELL_TEXT, { "Organisation", "組織" } },
	{ "lab", CELL_TEXT, { "Lab ID", "ラボID" } },
	{ "lab_title", CELL_TITLE, { "Lab", "ラボ" } },
	{ "task", CELL_TEXT, { "Task ID", "課題ID" } },
	{ "task_title", CELL_TITLE, { "Task", "課題" } },
	{ "optional", CELL_YES, { "Optional", "任意" } },
	{ "done", CELL_YES, { "Done", "完了" } },
	{ "caught_up", CELL_YES, { "Caught up", "追いつき" } },
	{ "points", CELL_NUMBER, { "Points", "得点" } },
	{ "points_max", CELL_NUMBER, { "Points possible", "配点" } },
	{ "attempts", CELL_NUMBER, { "Attempts", "試行回数" } },
	{ "hints", CELL_NUMBER, { "Hints", "ヒント" } },
	{ "first_at", CELL_TIME, { "First attempt", "最初の試行" } },
	{ "done_at", CELL_TIME, { "Done at", "完了日時" } },
	{ "took_ms", CELL_MINUTES, { "Minutes", "所要時間（分）" } },
};

static const struct column summary_columns[] = {
	{ "number", CELL_NUMBER, { "Seat", "席" } },
	{ "name", CELL_TEXT, { "Name", "氏名" } },
	{ "mail", CELL_TEXT, { "Mail", "メール" } },
	{ "organisation", CELL_TEXT, { "Organisation", "組織" } },
	{ "joined_at", CELL_TIME, { "Joined", "参加日時" } },
	{ "labs_done", CELL_NUMBER, { "Labs done", "完了したラボ" } },
	{ "labs", CELL_NUMBER, { "Labs", "ラボ数" } },
	{ "tasks_done", CELL_NUMBER, { "Tasks done", "完了した課題" } },
	{ "tasks", CELL_NUMBER, { "Tasks", "課題数" } },
	{ "points", CELL_NUMBER, { "Points", "得点" } },
	{ "points_max", CELL_NUMBER, { "Points possible", "配点" } },
	{ "attempts", CELL_NUMBER, { "Attempts", "試行回数" } },
	{ "hints", CELL_NUMBER, { "Hints", "ヒント" } },
	{ "caught_up", CELL_NUMBER, { "Caught up", "追いつき" } },
	{ "first_at", CELL_TIME, { "First activity", "最初の操作" } },
	{ "last_at", CELL_TIME, { "Last activity", "最後の操作" } },
	{ "took_ms", CELL_MINUTES, { "Minutes", "所要時間（分）" } },
};

static void put_cell(struct buf *out, const struct column *column, const json_t *row, enum pack_lang lang,
		     int east)
{
	const json_t *value = json_object_get(row, column->member);
	const char *text;

	switch (column->cell) {
	case CELL_TITLE:
		value = json_object_get(value, pack_lang_names[lang]);
		/* fall through */
	case CELL_TEXT:
		text = json_string_value(value);
		csv_text(out, text ? text : "");
		break;
	case CELL_NUMBER:
		csv_number(out, json_integer_value(value));
		break;
	case CELL_YES:
		csv_number(out, json_is_true(value));
		break;
	case CELL_TIME:
		csv_time(out, json_integer_value(value), east);
		break;
	case CELL_MINUTES:
		csv_number(out, (json_integer_value(value) + 59999) / 60000);
		break;
	}
}

static void put_table(struct buf *out, const struct column *columns, size_t count, const json_t *rows,
		      enum pack_lang lang, int east)
{
	size_t i;
	const json_t *row;

	csv_begin(out);
	for (size_t k = 0; k < count; k++)
		csv_text(out, columns[k].head[lang]);
	csv_end_row(out);
	json_array_foreach(rows, i, row) {
		for (size_t k = 0; k < count; k++)
			put_cell(out, &columns[k], row, lang, east);
		csv_end_row(out);
	}
}

int results_csv(struct class *class, const struct actor *actor, enum results_form form, enum pack_lang lang,
		int east, struct buf *out, struct err *err)
{
	bool summary = form == RESULTS_SUMMARY;
	json_t *rows = summary ? seat_rows(class, actor, err) : task_rows(class, actor);

	if (!rows)
		return -1;
	put_table(out, summary ? summary_columns : task_columns,
		  summary ? ARRAY_SIZE(summary_columns) : ARRAY_SIZE(task_columns), rows, lang, east);
	json_decref(rows);
	return 0;
}
