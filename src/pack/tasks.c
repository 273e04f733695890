/* What a schema cannot say about a lab and its tasks. */
#include "pack/reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* ---- names in texts -------------------------------------------------------------------------- */

static bool parameter_exists(const struct pack_lab *lab, const char *name)
{
	if (!lab)
		return false;
	for (size_t i = 0; i < lab->parameters; i++)
		if (str_equal(lab->parameter[i].name, name))
			return true;
	return str_equal(name, "seed");
}

const char *name_end(const char *p)
{
	for (int i = 0; i < 80 && p[i] && p[i] != '\n'; i++)
		if (p[i] == '}' && p[i + 1] == '}')
			return p + i;
	return NULL;
}

void check_names(struct reader *reader, const struct pack_lab *lab, const char *file, int line,
		 const char *text)
{
	const char *counted = text;

	for (const char *p = text; (p = strstr(p, "{{")); p += 2) {
		const char *end = name_end(p + 2);
		AUTO_FREE char *name = end ? str_copy_n(p + 2, (size_t)(end - p) - 2) : NULL;
		for (; counted < p; counted++)
			line += *counted == '\n';
		if (name && !parameter_exists(lab, name))
			finding_add(reader, file, line,
				    "{{%.40s}} is filled in nowhere; expected %s", name,
				    lab ? "the name of a <parameter>, or seed" : "no {{...}} here");
	}
}

void check_markdown(struct reader *reader, const char *file, int line, const char *text)
{
	AUTO(buf) struct buf html = { 0 };
	struct err err = ERR_INIT;
	unsigned dropped = 0;

	if (strlen(text) > PACK_MARKDOWN_MAX)
		finding_add(reader, file, line, "the Markdown is larger than 128 KiB; expected a shorter text");
	else if (render_markdown(text, NULL, false, &html, &dropped, &err) < 0)
		finding_add(reader, file, line, "%s; expected simpler Markdown", err.message);
	else if (dropped)
		finding_add(reader, file, line,
			    "%u links or images lead to where they may not; expected http:, https: "
			    "or relative links, and no images",
			    dropped);
}

static void check_text(struct reader *reader, const struct pack_lab *lab,
		       const struct pack_text *text)
{
	for (int lang = 0; lang < PACK_LANGS; lang++) {
		const struct place *place = reader_place(reader, text->in[lang]);
		if (!place)
			continue;
		check_names(reader, lab, place->file, place->line, text->in[lang]);
		check_markdown(reader, place->file, place->line, text->in[lang]);
	}
}

/* ---- parameters ------------------------------------------------------------------------------ */

static void check_choices(struct reader *reader, const struct pack_parameter *parameter)
{
	for (size_t i = 0; i < parameter->choices; i++)
		for (size_t j = 0; j < i; j++)
			if (str_equal(parameter->choice[i], parameter->choice[j]))
				finding_at(reader, parameter,
					   "the parameter %s may be %s twice; expected different "
					   "words",
					   parameter->name, parameter->choice[i]);
}

static void check_parameter(struct reader *reader, const struct pack_lab *lab, size_t n)
{
	const struct pack_parameter *parameter = &lab->parameter[n];

	if (str_equal(parameter->name, "seed"))
		finding_at(reader, parameter,
			   "a parameter called seed; expected another name: every lab has a seed");
	for (size_t i = 0; i < n; i++)
		if (str_equal(lab->parameter[i].name, parameter->name))
			finding_at(reader, parameter,
				   "a second parameter %s; expected unique names", parameter->name);
	if (parameter->kind == PACK_NUMBER && parameter->low >= parameter->high)
		finding_at(reader, parameter, "%s from %ld to %ld; expected a range that rises",
			   parameter->name, parameter->low, parameter->high);
	check_choices(reader, parameter);
}

/* ---- scripts in a lab ------------------------------------------------------------------------ */

/* $P_NAME and ${P_NAME...}: each is a parameter's. */
static void check_variables(struct reader *reader, const struct pack_lab *lab,
			    const struct pack_file *script)
{
	const char *text = script->content.length ? (const char *)script->content.data : "";
	int line = 1;

	for (const char *p = text; *p; p++) {
		line += *p == '\n';
		const char *name = p + 1 + (p[1] == '{');
		if (*p != '$' || !str_starts(name, "P_"))
			continue;
		size_t length = strspn(name + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		AUTO_FREE char *parameter = str_copy_n(name + 2, length);
		for (char *c = parameter; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		if (!parameter_exists(lab, parameter))
			finding_add(reader, script->path, line,
				    "P_%.*s is set nowhere; expected the name of a <parameter>, or "
				    "P_SEED",
				    (int)length, name + 2);
	}
}

static void check_lab_script(struct reader *reader, const struct pack_lab *lab, const char *path,
			     uint8_t codes[100])
{
	if (check_script(reader, path, path, codes))
		check_variables(reader, lab, tree_file(reader->pack, path));
}

static void check_machine_name(struct reader *reader, const void *thing, const char *name)
{
	if (!pack_machine(reader->pack, name))
		finding_at(reader, thing,
			   "there is no machine %s; expected the name of a <machine>", name);
}

/* ---- tasks ----------------------------------------------------------------------------------- */

/* What a kind of task must have, and what it cannot have. */
static void check_kind(struct reader *reader, const struct pack_task *task)
{
	static const char *const expected[] = {
		[PACK_TASK_STATE] = "a <check> and a <solve>, no <answer>, no <option>",
		[PACK_TASK_ANSWER] = "an <answer> and a <solve>, no <check>, no <option>",
		[PACK_TASK_QUIZ] =
			"two or more <option>, no <check>, <answer> or <solve>",
	};
	bool state = task->kind == PACK_TASK_STATE, answer = task->kind == PACK_TASK_ANSWER;
	bool quiz = task->kind == PACK_TASK_QUIZ;

	if (state != !!task->check || answer != !!task->answer || quiz != !!task->options ||
	    quiz == !!task->solve || (quiz && task->options < 2))
		finding_at(reader, task,
			   "the task %s has the wrong parts for its kind; expected %s", task->id,
			   expected[task->kind]);
}

static void check_options(struct reader *reader, const struct pack_lab *lab,
			  const struct pack_task *task)
{
	size_t correct = 0;

	if (task->options > PACK_OPTIONS_MAX)
		finding_at(reader, task, "%zu options in %s; expected at most %d", task->options,
			   task->id, PACK_OPTIONS_MAX);
	for (size_t i = 0; i < task->options; i++) {
		correct += task->option[i].correct;
		check_text(reader, lab, &task->option[i].text);
	}
	if (task->options && !correct)
		finding_at(reader, task,
			   "no option of %s is right; expected correct=\"true\" on at least one",
			   task->id);
}

/* A quiz's feedback is about a wrong option, or about too few of the right ones. */
static void check_quiz_feedback(struct reader *reader, const struct pack_task *task)
{
	size_t correct = 0;

	for (size_t i = 0; i < task->options; i++)
		correct += task->option[i].correct;
	for (size_t i = 0; i < task->feedbacks; i++) {
		const struct pack_feedback *feedback = &task->feedback[i];
		size_t place = (size_t)(feedback->code - PACK_QUIZ_SOME);
		if (place ? place > task->options || task->option[place - 1].correct : correct < 2)
			finding_at(reader, feedback,
				   "feedback %d of the quiz %s is never given; expected %d for a choice "
				   "that lacks some of several right options, or %d and the place of a "
				   "wrong option",
				   feedback->code, task->id, PACK_QUIZ_SOME, PACK_QUIZ_SOME);
	}
}

static void check_hints(struct reader *reader, const struct pack_lab *lab,
			const struct pack_task *task)
{
	unsigned cost = 0;

	for (size_t i = 0; i < task->hints; i++) {
		cost += task->hint[i].cost;
		check_text(reader, lab, &task->hint[i].text);
	}
	if (cost > task->points)
		finding_at(reader, task, "the hints of %s cost %u points; expected at most its %u",
			   task->id, cost, task->points);
}

/* Every feedback's code is named in the script, and every `exit NN` there has its feedback. */
static void check_feedback(struct reader *reader, const struct pack_lab *lab,
			   const struct pack_task *task, const char *script, uint8_t codes[100])
{
	bool told[100] = { false };

	for (size_t i = 0; i < task->feedbacks; i++) {
		const struct pack_feedback *feedback = &task->feedback[i];
		check_text(reader, lab, &feedback->text);
		if (told[feedback->code])
			finding_at(reader, feedback, "a second feedback %d; expected one per code",
				   feedback->code);
		else if (script && !(codes[feedback->code] & CODE_NAMED))
			finding_at(reader, feedback,
				   "feedback %d is never given: %s has no `exit %d`; expected both "
				   "or neither",
				   feedback->code, script, feedback->code);
		told[feedback->code] = true;
	}
	for (int code = 10; code < 100; code++)
		if ((codes[code] & CODE_EXIT) && !told[code])
			finding_at(reader, task,
				   "%s may exit %d, but %s has no feedback with that code; "
				   "expected one",
				   script, code, task->id);
}

static void check_task(struct reader *reader, const struct pack_lab *lab,
		       const struct pack_task *task)
{
	const char *script = task->check ? task->check : task->answer;
	uint8_t codes[100] = { 0 };
	bool readable = false;

	if (pack_task(lab, task->id) != task)
		finding_at(reader, task, "a second task %s; expected unique ids", task->id);
	check_kind(reader, task);
	check_text(reader, lab, &task->title);
	check_text(reader, lab, &task->text);
	check_machine_name(reader, task, task->machine);
	if (script) {
		readable = tree_file(reader->pack, script);
		check_lab_script(reader, lab, script, codes);
	}
	if (task->solve)
		check_lab_script(reader, lab, task->solve, NULL);
	check_feedback(reader, lab, task, readable ? script : NULL, codes);
	check_hints(reader, lab, task);
	check_options(reader, lab, task);
	if (task->kind == PACK_TASK_QUIZ)
		check_quiz_feedback(reader, task);
}

void check_lab(struct reader *reader, const struct pack_lab *lab)
{
	unsigned minutes = 0;

	check_machine_name(reader, lab->machine, lab->machine);
	check_plain(reader, &lab->title);
	for (size_t i = 0; i < lab->parameters; i++)
		check_parameter(reader, lab, i);
	for (size_t i = 0; i < lab->setups; i++) {
		check_machine_name(reader, lab->setup[i], lab->setup_machine[i]);
		check_lab_script(reader, lab, lab->setup[i], NULL);
	}
	for (size_t i = 0; i < lab->tasks; i++) {
		minutes += lab->task[i].optional ? 0 : lab->task[i].minutes;
		check_task(reader, lab, &lab->task[i]);
	}
	if (minutes > lab->minutes)
		finding_at(reader, lab,
			   "the tasks of %s need %u minutes; expected at most the lab's %u",
			   lab->id, minutes, lab->minutes);
	check_guides(reader, lab);
}
