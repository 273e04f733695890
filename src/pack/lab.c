#include "pack/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* "1000..9999": the schema has seen that it looks like this. */
static void range_read(const char *range, struct pack_parameter *parameter)
{
	char *rest;

	parameter->kind = PACK_NUMBER;
	parameter->low = strtol(range, &rest, 10);
	parameter->high = strtol(rest + strspn(rest, "."), NULL, 10);
}

static void choices_read(const char *words, struct pack_parameter *parameter)
{
	parameter->kind = PACK_CHOOSE;
	while (*(words += strspn(words, " "))) {
		size_t length = strcspn(words, " ");
		parameter->choice = mem_grow(parameter->choice, parameter->choices + 1,
					     sizeof(*parameter->choice));
		parameter->choice[parameter->choices++] = str_copy_n(words, length);
		words += length;
	}
}

static void parameter_read(const struct source *source, const xmlNode *node,
			   struct pack_parameter *parameter)
{
	xmlChar *choose = xmlGetNoNsProp(node, BAD_CAST "choose");
	xmlChar *number = xmlGetNoNsProp(node, BAD_CAST "number");

	reader_note(source->reader, parameter, source->file, node);
	parameter->name = node_attr(source, node, "name");
	if (!choose == !number)
		finding_add(source->reader, source->file, (int)xmlGetLineNo(node),
			    "the parameter %s has %s; expected choose or number", parameter->name,
			    choose ? "both choose and number" : "neither choose nor number");
	if (choose)
		choices_read((const char *)choose, parameter);
	else
		range_read(number ? (const char *)number : "0..1", parameter);
	xmlFree(choose);
	xmlFree(number);
}

static void setups_read(const struct source *source, const xmlNode *root, struct pack_lab *lab)
{
	size_t count = node_count(root, "setup");

	lab->setup = mem_alloc(count * sizeof(*lab->setup));
	lab->setup_machine = mem_alloc(count * sizeof(*lab->setup_machine));
	for (xmlNode *node = node_first(root, "setup"); node; node = node_next(node, "setup")) {
		char *machine = node_attr(source, node, "machine");
		lab->setup[lab->setups] = node_script_path(source, node);
		lab->setup_machine[lab->setups++] = machine ? machine : str_copy(lab->machine);
	}
}

static enum pack_task_kind kind_read(const xmlNode *node)
{
	xmlChar *kind = xmlGetNoNsProp(node, BAD_CAST "kind");
	enum pack_task_kind result = str_equal((char *)kind, "answer") ? PACK_TASK_ANSWER
				     : str_equal((char *)kind, "quiz") ? PACK_TASK_QUIZ
								       : PACK_TASK_STATE;

	xmlFree(kind);
	return result;
}

static void feedback_read(const struct source *source, const xmlNode *parent,
			  struct pack_task *task)
{
	task->feedback = mem_alloc(node_count(parent, "feedback") * sizeof(*task->feedback));
	for (xmlNode *node = node_first(parent, "feedback"); node;
	     node = node_next(node, "feedback")) {
		struct pack_feedback *feedback = &task->feedback[task->feedbacks++];
		reader_note(source->reader, feedback, source->file, node);
		feedback->code = (int)node_number(node, "code", 0);
		node_text(source, node, "text", &feedback->text);
	}
}

static void hints_read(const struct source *source, const xmlNode *parent, struct pack_task *task)
{
	task->hint = mem_alloc(node_count(parent, "hint") * sizeof(*task->hint));
	for (xmlNode *node = node_first(parent, "hint"); node; node = node_next(node, "hint")) {
		struct pack_hint *hint = &task->hint[task->hints++];
		hint->cost = (unsigned)node_number(node, "cost", 0);
		node_text(source, node, "text", &hint->text);
	}
}

static void options_read(const struct source *source, const xmlNode *parent, struct pack_task *task)
{
	task->option = mem_alloc(node_count(parent, "option") * sizeof(*task->option));
	for (xmlNode *node = node_first(parent, "option"); node; node = node_next(node, "option")) {
		struct pack_option *option = &task->option[task->options++];
		option->correct = node_flag(node, "correct");
		node_text(source, node, "text", &option->text);
	}
}

static void task_read(const struct source *source, const xmlNode *node, const struct pack_lab *lab,
		      struct pack_task *task)
{
	reader_note(source->reader, task, source->file, node);
	task->id = node_attr(source, node, "id");
	task->kind = kind_read(node);
	task->points = (unsigned)node_number(node, "points", 0);
	task->minutes = (unsigned)node_number(node, "minutes", 0);
	task->optional = node_flag(node, "optional");
	task->machine = node_attr(source, node, "machine");
	if (!task->machine)
		task->machine = str_copy(lab->machine);
	node_text(source, node, "title", &task->title);
	node_text(source, node, "text", &task->text);
	task->check = node_script(source, node, "check");
	task->answer = node_script(source, node, "answer");
	task->solve = node_script(source, node, "solve");
	options_read(source, node, task);
	feedback_read(source, node, task);
	hints_read(source, node, task);
}

static void tasks_read(const struct source *source, const xmlNode *root, struct pack_lab *lab)
{
	size_t count = node_count(root, "task");

	if (count > PACK_TASKS_MAX) {
		finding_add(source->reader, source->file, 0, "%zu tasks; expected at most %d",
			    count, PACK_TASKS_MAX);
		return;
	}
	lab->task = mem_alloc(count * sizeof(*lab->task));
	for (xmlNode *node = node_first(root, "task"); node; node = node_next(node, "task"))
		task_read(source, node, lab, &lab->task[lab->tasks++]);
}

/* lab->id is there already, from course.xml; the folder is called the same. */
void lab_read(struct reader *reader, struct pack_lab *lab, const char *file, const xmlDoc *document)
{
	const xmlNode *root = xmlDocGetRootElement((xmlDoc *)document);
	AUTO_FREE char *folder = str_fmt("%s/", lab->id);
	struct source source = { .reader = reader, .file = file, .folder = folder };
	xmlChar *id = xmlGetNoNsProp(root, BAD_CAST "id");

	if (!str_equal((const char *)id, lab->id))
		finding_add(reader, file, (int)xmlGetLineNo(root),
			    "the lab's id is %s; expected %s, the name of its folder",
			    (const char *)id, lab->id);
	xmlFree(id);
	lab->machine = node_attr(&source, root, "machine");
	lab->fresh = node_flag(root, "fresh");
	node_text(&source, root, "title", &lab->title);
	size_t parameters = node_count(root, "parameter");
	lab->parameter = mem_alloc(parameters * sizeof(*lab->parameter));
	for (xmlNode *node = node_first(root, "parameter"); node;
	     node = node_next(node, "parameter"))
		parameter_read(&source, node, &lab->parameter[lab->parameters++]);
	setups_read(&source, root, lab);
	tasks_read(&source, root, lab);
}

/* ---- and away again -------------------------------------------------------------------------- */

static void parameter_free(struct pack_parameter *parameter)
{
	for (size_t i = 0; i < parameter->choices; i++)
		free(parameter->choice[i]);
	free(parameter->choice);
	free(parameter->name);
}

static void task_free(struct pack_task *task)
{
	for (size_t i = 0; i < task->feedbacks; i++)
		text_free(&task->feedback[i].text);
	for (size_t i = 0; i < task->hints; i++)
		text_free(&task->hint[i].text);
	for (size_t i = 0; i < task->options; i++)
		text_free(&task->option[i].text);
	free(task->feedback);
	free(task->hint);
	free(task->option);
	text_free(&task->title);
	text_free(&task->text);
	free(task->id);
	free(task->machine);
	free(task->check);
	free(task->solve);
	free(task->answer);
}

void lab_free(struct pack_lab *lab)
{
	for (size_t i = 0; i < lab->parameters; i++)
		parameter_free(&lab->parameter[i]);
	for (size_t i = 0; i < lab->tasks; i++)
		task_free(&lab->task[i]);
	for (size_t i = 0; i < lab->setups; i++) {
		free(lab->setup[i]);
		free(lab->setup_machine[i]);
	}
	free(lab->parameter);
	free(lab->task);
	free(lab->setup);
	free(lab->setup_machine);
	text_free(&lab->title);
	free(lab->id);
	free(lab->machine);
}
