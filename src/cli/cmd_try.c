/* `lab try`: a seat for a lab that is being written, and a prompt to work it with.
 *
 * Once a second the command looks whether a file of the pack was saved. A pack with findings stays here: they are
 * printed, and the seat goes on with what it has. A sound one is read by the daemon. In between the tasks are
 * checked again and again, and a line appears when a verdict changes.
 *
 * The seat lives as long as this command: every way out but SIGKILL ends the trial and waits until nothing of it
 * is left; after that one the daemon, which nobody asks any more, ends it by itself. Signals are delivered only
 * while we wait for input, so none of them cuts a request in two.
 */
#include "cli/cli.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "pack/pack.h"

#define LOOK_MS   1000
#define CHECK_MS  3000
#define REMOVE_MS 60000
#define TASKS_MAX 64

struct trying {
	struct invocation *invocation;
	char *directory, *path; /* of the pack, absolute; of the trial in the API */
	char *lab;
	char *state;            /* of the trial, as it was told last */
	long long class, seat;
	char *task[TASKS_MAX], *said[TASKS_MAX]; /* the verdict that was printed last */
	bool quiz[TASKS_MAX], answer[TASKS_MAX];
	size_t tasks;
	uint64_t stamp, check_at;
	char input[256];
	size_t typed;
	sigset_t outside; /* signals as they were */
};

static volatile sig_atomic_t told_to_end;

static void on_signal(int number)
{
	(void)number;
	told_to_end = 1;
}

static int call(struct trying *trying, const char *method, const char *path, json_t *body, json_t **reply,
		struct err *err)
{
	return client_call(trying->invocation->client, method, path, body, reply, err);
}

static int call_trial(struct trying *trying, const char *method, const char *rest, json_t *body,
		      json_t **reply, struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s%s", trying->path, rest);

	return call(trying, method, path, body, reply, err);
}

/* ---- what was saved --------------------------------------------------------------------------- */

static struct look {
	uint64_t stamp;
	struct timespec newest;
	char path[512]; /* that was saved last */
} look;

static int look_at(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	const char *name = path + place->base;

	if (kind != FTW_F || *name == '.' || str_ends(name, "~"))
		return 0;
	for (const char *p = path; *p; p++)
		look.stamp = (look.stamp ^ (uint8_t)*p) * 1099511628211u;
	look.stamp ^= (uint64_t)status->st_mtim.tv_sec * 1000000007u + (uint64_t)status->st_mtim.tv_nsec;
	look.stamp = look.stamp * 31 + (uint64_t)status->st_size + status->st_mode;
	if (status->st_mtim.tv_sec > look.newest.tv_sec ||
	    (status->st_mtim.tv_sec == look.newest.tv_sec &&
	     status->st_mtim.tv_nsec > look.newest.tv_nsec)) {
		look.newest = status->st_mtim;
		snprintf(look.path, sizeof(look.path), "%s", path);
	}
	return 0;
}

static bool was_saved(struct trying *trying)
{
	look = (struct look){ .stamp = 14695981039346656037u };
	nftw(trying->directory, look_at, 16, FTW_PHYS);
	bool changed = trying->stamp && trying->stamp != look.stamp;
	trying->stamp = look.stamp;
	return changed;
}

/* Whether it can be tried; what speaks against it is printed. */
static bool is_sound(const char *directory)
{
	struct pack_findings findings = { 0 };
	struct pack *pack = pack_open(directory, &findings, NULL);

	for (size_t i = 0; i < findings.count; i++) {
		const struct pack_finding *item = &findings.item[i];
		if (item->line)
			printf("%s:%d: %s\n", item->file, item->line, item->message);
		else
			printf("%s: %s\n", item->file, item->message);
	}
	pack_findings_free(&findings);
	pack_free(pack);
	return pack;
}

/* ---- verdicts --------------------------------------------------------------------------------- */

/* Feedback is HTML for the page: here without its tags. */
static char *plain(const char *html)
{
	static const char *const entities[][2] = { { "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" },
						   { "&amp;", "&" } };
	char *text = str_copy(html), *to = text;

	for (const char *p = text; *p;) {
		size_t skip = *p == '<' ? strcspn(p, ">") + 1 : 0;
		for (size_t i = 0; i < ARRAY_SIZE(entities) && !skip; i++)
			if (str_starts(p, entities[i][0])) {
				*to++ = *entities[i][1];
				skip = strlen(entities[i][0]);
			}
		if (!skip)
			*to++ = *p;
		p += skip ? skip : 1;
	}
	*to = 0;
	return text;
}

static char *verdict_text(json_t *verdict)
{
	const char *language = getenv("LANG") && str_starts(getenv("LANG"), "ja") ? "ja" : "en";
	AUTO_FREE char *feedback = plain(text_of(json_object_get(verdict, "feedback"), language));
	long long code = number_of(verdict, "code");

	if (str_equal(text_of(verdict, "verdict"), "pass"))
		return str_copy("passes");
	if (str_equal(text_of(verdict, "verdict"), "error"))
		return str_fmt("ERROR: %s (status %lld)", text_of(verdict, "error"), code);
	return str_fmt("not yet, %lld: %s", code, *feedback ? feedback : "no feedback with this code");
}

static void say(struct trying *trying, size_t task, char *text, bool always)
{
	if (always || !str_equal(trying->said[task], text)) {
		printf("%-24s %s\n", trying->task[task], text);
		fflush(stdout);
	}
	free(trying->said[task]);
	trying->said[task] = text;
}

/* answer NULL: a check of the machine. While the seat is being set up there is nothing to say. */
static void check(struct trying *trying, size_t task, const char *answer, bool always)
{
	AUTO_FREE char *path = str_fmt("/seats/%lld/labs/%s/tasks/%s/check", trying->seat, trying->lab,
				       trying->task[task]);
	json_t *body = answer ? json_pack("{s:s}", "answer", answer) : json_object(), *verdict = NULL;
	struct err err = ERR_INIT;

	if (call(trying, "POST", path, body, &verdict, &err) == 0)
		say(trying, task, verdict_text(verdict), always);
	else if (always)
		say(trying, task, str_copy(err.message), true);
	json_decref(verdict);
}

static void check_all(struct trying *trying, bool always)
{
	for (size_t i = 0; i < trying->tasks && !told_to_end; i++) {
		if (!trying->quiz[i] && !trying->answer[i])
			check(trying, i, NULL, always);
		else if (always && !trying->said[i])
			printf("%-24s %s\n", trying->task[i],
			       trying->quiz[i] ? "is a quiz: see the page" : "wants an answer: s solves it");
	}
	trying->check_at = clock_mono_ms() + CHECK_MS;
}

/* ---- what the author asks for ----------------------------------------------------------------- */

static void solve(struct trying *trying, size_t task)
{
	json_t *body = json_pack("{s:s}", "task", trying->task[task]), *run = NULL;
	struct err err = ERR_INIT;

	if (call_trial(trying, "POST", "/solve", body, &run, &err) < 0) {
		printf("%s: %s\n", trying->task[task], err.message);
		return;
	}
	AUTO_FREE char *output = str_copy(text_of(run, "output"));
	output[strcspn(output, "\n")] = 0;
	long long status = number_of(run, "status");
	if (status || *text_of(run, "errors"))
		printf("the solve of %s: status %lld\n%s", trying->task[task], status, text_of(run, "errors"));
	if (trying->answer[task])
		printf("the answer is %s\n", output);
	json_decref(run);
	check(trying, task, trying->answer[task] ? output : NULL, true);
}

static void solve_named(struct trying *trying, const char *name)
{
	for (size_t i = 0; i < trying->tasks; i++)
		if (str_equal(trying->task[i], name)) {
			solve(trying, i);
			return;
		}
	printf("the lab %s has no task \"%s\"\n", trying->lab, name);
}

static void reset(struct trying *trying)
{
	AUTO_FREE char *path = str_fmt("/seats/%lld/reset", trying->seat);
	struct err err = ERR_INIT;

	if (call(trying, "POST", path, json_object(), NULL, &err) < 0)
		printf("%s\n", err.message);
	else
		printf("fresh machines are on their way; the lab is set up in them again\n");
}

static void print_help(void)
{
	printf("  c        check all tasks      s TASK  run a task's solve      r  reset the seat\n"
	       "  l        a link to the page   h       this help               q  end it all\n");
}

static void print_link(struct trying *trying)
{
	AUTO_FREE char *path = str_fmt("/seats/%lld/join-link", trying->seat);
	json_t *link = NULL;
	struct err err = ERR_INIT;

	if (call(trying, "POST", path, NULL, &link, &err) < 0)
		printf("%s\n", err.message);
	else
		printf("  the page:  %s\n  a shell:   terakoya shell %lld/1\n", text_of(link, "url"),
		       trying->class);
	json_decref(link);
}

static void obey(struct trying *trying, const char *line)
{
	if (str_equal(line, "q"))
		told_to_end = 1;
	else if (str_equal(line, "c") || !*line)
		check_all(trying, true);
	else if (str_equal(line, "r"))
		reset(trying);
	else if (str_equal(line, "l"))
		print_link(trying);
	else if (str_starts(line, "s "))
		solve_named(trying, line + 2);
	else
		print_help();
	fflush(stdout);
}

/* The end of input is the end of the trial. */
static void read_input(struct trying *trying)
{
	ssize_t got = read(STDIN_FILENO, trying->input + trying->typed,
			   sizeof(trying->input) - 1 - trying->typed);
	char *end;

	if (got <= 0) {
		told_to_end = got == 0 || errno != EINTR;
		return;
	}
	trying->typed += (size_t)got;
	trying->input[trying->typed] = 0;
	while ((end = strchr(trying->input, '\n'))) {
		*end = 0;
		obey(trying, trying->input);
		trying->typed -= (size_t)(end + 1 - trying->input);
		memmove(trying->input, end + 1, trying->typed + 1);
	}
	if (trying->typed == sizeof(trying->input) - 1)
		trying->typed = 0;
}

/* Here, and nowhere else, signals come in. */
static void wait_for_input(struct trying *trying, long ms)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	const struct timespec most = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	if (ppoll(&input, 1, &most, &trying->outside) > 0)
		read_input(trying);
}

/* ---- its life --------------------------------------------------------------------------------- */

static void know_tasks(struct trying *trying, json_t *tasks)
{
	json_t *task;
	size_t i;

	for (i = 0; i < trying->tasks; i++) {
		free(trying->task[i]);
		free(trying->said[i]);
		trying->said[i] = NULL;
	}
	json_array_foreach(tasks, i, task) {
		if (i == TASKS_MAX)
			break;
		trying->task[i] = str_copy(text_of(task, "id"));
		trying->quiz[i] = str_equal(text_of(task, "kind"), "quiz");
		trying->answer[i] = str_equal(text_of(task, "kind"), "answer");
	}
	trying->tasks = i;
}

static void reload(struct trying *trying)
{
	json_t *trial = NULL;
	struct err err = ERR_INIT;

	printf("saved: %s\n", look.path + strlen(trying->directory) + 1);
	if (!is_sound(trying->directory)) {
		printf("the seat goes on with what it has\n");
	} else if (call_trial(trying, "POST", "/reload", NULL, &trial, &err) < 0) {
		printf("%s\n", err.message);
	} else {
		know_tasks(trying, json_object_get(trial, "tasks"));
		check_all(trying, false);
	}
	json_decref(trial);
	fflush(stdout);
}

/* Takes what the daemon says. -1 when the trial has failed. */
static int take_view(struct trying *trying, json_t *trial, struct err *err)
{
	const char *state = text_of(trial, "state");
	AUTO_FREE char *now = str_fmt("%s%s%s", state, *text_of(trial, "step") ? ": " : "", text_of(trial, "step"));

	trying->class = number_of(trial, "class");
	trying->seat = number_of(trial, "seat");
	if (str_equal(state, "failed"))
		return err_set(err, ERR_GUEST, "%s", text_of(trial, "reason"));
	if (str_equal(now, trying->state))
		return 0;
	free(trying->state);
	trying->state = STEAL(now);
	if (!str_equal(state, "open")) {
		printf("%s\n", trying->state);
	} else {
		know_tasks(trying, json_object_get(trial, "tasks"));
		printf("%s is open.\n", trying->lab);
		print_link(trying);
		print_help();
		check_all(trying, true);
	}
	fflush(stdout);
	return 0;
}

static int begin(struct trying *trying, struct err *err)
{
	json_t *body = json_pack("{s:s, s:s}", "directory", trying->directory, "lab", trying->lab), *trial;

	if (call(trying, "POST", "/trials", body, &trial, err) < 0)
		return -1;
	trying->path = str_fmt("/trials/%lld", number_of(trial, "id"));
	int result = take_view(trying, trial, err);
	json_decref(trial);
	return result;
}

static int live(struct trying *trying, struct err *err)
{
	while (!told_to_end) {
		json_t *trial = NULL;
		if (call_trial(trying, "GET", "", NULL, &trial, err) < 0)
			return -1;
		int result = take_view(trying, trial, err);
		json_decref(trial);
		if (result < 0)
			return -1;
		bool open = str_equal(trying->state, "open");
		if (was_saved(trying) && open)
			reload(trying);
		else if (open && clock_mono_ms() >= trying->check_at)
			check_all(trying, false);
		wait_for_input(trying, LOOK_MS);
	}
	return 0;
}

/* Until the class that it had is gone, with its machines. */
static void end(struct trying *trying)
{
	AUTO_FREE char *class = str_fmt("/classes/%lld", trying->class);
	uint64_t most = clock_mono_ms() + REMOVE_MS;
	struct err err = ERR_INIT;

	if (!trying->path || call_trial(trying, "DELETE", "", NULL, NULL, &err) < 0 || !trying->class)
		return;
	printf("removing the seat\n");
	fflush(stdout);
	while (err.kind == ERR_NONE && clock_mono_ms() < most) {
		usleep(250000);
		call(trying, "GET", class, NULL, NULL, &err);
	}
}

static void catch_signals(struct trying *trying)
{
	const struct sigaction action = { .sa_handler = on_signal };
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		sigaddset(&held, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &held, &trying->outside);
	signal(SIGPIPE, SIG_IGN);
}

/* The lab that was named, or the course's first. */
static int choose_lab(struct trying *trying, struct err *err)
{
	struct pack *pack = pack_open(trying->directory, NULL, err);

	if (!pack)
		return -1;
	trying->lab = str_copy(trying->invocation->arguments > 1 ? trying->invocation->argument[1] :
								   pack->lab[0].id);
	pack_free(pack);
	return 0;
}

int cmd_lab_try(struct invocation *invocation, struct err *err)
{
	struct trying trying = { .invocation = invocation,
				 .directory = realpath(invocation->argument[0], NULL) };
	int result = -1;

	if (!trying.directory)
		return err_errno(err, "%s cannot be read", invocation->argument[0]);
	catch_signals(&trying);
	was_saved(&trying);
	if (choose_lab(&trying, err) == 0 && begin(&trying, err) == 0)
		result = live(&trying, err);
	end(&trying);
	know_tasks(&trying, NULL);
	free(trying.state);
	free(trying.path);
	free(trying.lab);
	free(trying.directory);
	return result;
}
