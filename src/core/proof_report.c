/* What a proof found out: kept while it runs, written down when it ends, shown as JSON either way. */
#include "core/proof_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/course.h"

void report_result(struct proof *proof, unsigned seat, const char *promise, const char *why)
{
	proof->failures += why != NULL;
	json_array_append_new(proof->results,
			      json_pack("{s:i, s:i, s:s, s:b, s:s}", "seed", (int)proof->seed, "seat",
					(int)seat, "promise", promise, "ok", why == NULL, "why",
					why ? why : ""));
}

/* ---- answers ---------------------------------------------------------------------------------- */

const struct proof_answer *report_answer(const struct proof *proof, const struct pack_task *task,
					 unsigned seed, unsigned seat)
{
	for (size_t i = proof->answers; i-- > 0;) {
		const struct proof_answer *answer = &proof->answer[i];
		if (answer->task == task && answer->seed == seed && answer->seat == seat)
			return answer;
	}
	return NULL;
}

static bool answers_differ(const struct proof *proof, const struct pack_task *task)
{
	const struct proof_answer *first = NULL;

	for (size_t i = 0; i < proof->answers; i++) {
		const struct proof_answer *answer = &proof->answer[i];
		if (answer->task != task)
			continue;
		if (first && strcmp(first->text, answer->text) != 0)
			return true;
		first = answer;
	}
	return first == NULL; /* none was given: that has been told already */
}

void report_answers(struct proof *proof)
{
	for (size_t i = 0; i < proof->labs; i++)
		for (size_t k = 0; k < proof->lab[i]->tasks; k++) {
			const struct pack_task *task = &proof->lab[i]->task[k];
			if (task->kind != PACK_TASK_ANSWER)
				continue;
			AUTO_FREE char *promise = str_fmt("%s/%s: seats and seeds have answers of their own",
							  proof->lab[i]->id, task->id);
			report_result(proof, 0, promise,
				      answers_differ(proof, task) ? NULL :
								    "every seat of every seed has the same answer");
		}
}

/* ---- times ------------------------------------------------------------------------------------ */

static int compare_ms(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Of one task, or of all with task NULL. */
static json_t *view_times(const struct proof *proof, const char *lab, const struct pack_task *task)
{
	AUTO_FREE uint32_t *ms = mem_alloc((proof->times + 1) * sizeof(*ms));
	size_t count = 0;

	for (size_t i = 0; i < proof->times; i++)
		if (!task || proof->time[i].task == task)
			ms[count++] = proof->time[i].ms;
	if (!count)
		return NULL;
	qsort(ms, count, sizeof(*ms), compare_ms);
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "lab", lab, "task", task ? task->id : "", "count",
			 (json_int_t)count, "p50_ms", (json_int_t)ms[count / 2], "p95_ms",
			 (json_int_t)ms[count * 95 / 100], "most_ms", (json_int_t)ms[count - 1]);
}

static void append(json_t *list, json_t *item)
{
	if (item)
		json_array_append_new(list, item);
}

json_t *report_json(struct proof *proof)
{
	json_t *checks = json_array(), *machines = json_array();

	for (size_t i = 0; i < proof->labs; i++)
		for (size_t k = 0; k < proof->lab[i]->tasks; k++)
			append(checks, view_times(proof, proof->lab[i]->id, &proof->lab[i]->task[k]));
	append(checks, view_times(proof, "", NULL));
	for (unsigned i = 0; i < proof->usages; i++)
		append(machines, json_pack("{s:s, s:I, s:I}", "name", proof->usage[i].machine, "memory_bytes",
					   (json_int_t)proof->usage[i].pss, "disk_bytes",
					   (json_int_t)proof->usage[i].disk));
	return json_pack("{s:O, s:o, s:o}", "results", proof->results, "checks", checks, "machines", machines);
}

/* ---- the row, and how it is shown ------------------------------------------------------------- */

static struct proof_row proof_to_row(struct proof *proof)
{
	return (struct proof_row){ .course = proof->pack->id,
				   .version = proof->pack->version,
				   .digest = (char *)proof->pack->digest,
				   .at = clock_real_ms(),
				   .took_ms = (int64_t)(clock_mono_ms() - proof->started),
				   .seeds = proof->seeds,
				   .seats = proof->seats,
				   .whole = proof->labs == proof->pack->labs,
				   .passed = proof->failures == 0 && proof->seed == proof->seeds &&
					     json_array_size(proof->results) > 0 };
}

int report_save(struct proof *proof, struct err *err)
{
	struct proof_row row = proof_to_row(proof);
	json_t *report = report_json(proof);
	AUTO_FREE char *text = json_dumps(report, JSON_COMPACT);
	int64_t id;

	json_decref(report);
	row.report = text;
	return proofs_add(proof->core->store, &row, &id, err);
}

/* Takes the report. */
static json_t *view_row(struct core *core, const struct proof_row *row, bool running, json_t *report)
{
	const struct pack *pack = course_version(core, row->course, row->version);
	json_t *view = json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:i, s:i, s:b, s:b, s:b}", "course",
				 row->course, "version", row->version, "digest", row->digest, "current",
				 pack && strcmp(pack->digest, row->digest) == 0, "at", (json_int_t)row->at,
				 "took_ms", (json_int_t)row->took_ms, "seeds", (int)row->seeds, "seats",
				 (int)row->seats, "whole", row->whole, "passed", row->passed && !running,
				 "running", running);

	json_object_update(view, report);
	json_decref(report);
	return view;
}

json_t *proof_view(struct core *core, const char *course, const char *version, struct err *err)
{
	struct proof *proof = core->proof;
	struct proof_row row = { 0 };

	if (proof && strcmp(proof->pack->id, course) == 0 &&
	    (!version || strcmp(proof->pack->version, version) == 0)) {
		row = proof_to_row(proof);
		return view_row(core, &row, true, report_json(proof));
	}
	if (proofs_newest(core->store, course, version, &row, err) < 0)
		return err->kind == ERR_NOT_FOUND && course_version(core, course, version) ? json_null() : NULL;
	json_t *report = json_loads(row.report, 0, NULL);
	json_t *view = view_row(core, &row, false, report ? report : json_object());
	proof_row_free(&row);
	return view;
}
