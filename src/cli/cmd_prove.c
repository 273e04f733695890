/* `lab test`: starts a proof, prints its results as they come (TAP, https://testanything.org), and at its
 * end what checks and machines took. */
#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

#define LOOK_US 500000

/* ---- what comes out --------------------------------------------------------------------------- */

static void print_result(size_t number, json_t *result)
{
	bool ok = json_is_true(json_object_get(result, "ok"));
	long long seat = number_of(result, "seat");

	printf("%s %zu - seed %lld ", ok ? "ok" : "not ok", number, number_of(result, "seed"));
	if (seat)
		printf("seat %lld ", seat);
	printf("%s\n", text_of(result, "promise"));
	if (!ok)
		printf("  ---\n  message: \"%s\"\n  ...\n", text_of(result, "why"));
	fflush(stdout);
}

static void print_new(json_t *proof, size_t *printed)
{
	json_t *results = json_object_get(proof, "results");

	for (; *printed < json_array_size(results); ++*printed)
		print_result(*printed + 1, json_array_get(results, *printed));
}

static void print_tables(json_t *proof)
{
	json_t *row;
	char bytes[32], disk[32];
	size_t i;

	printf("#\n# %-40s %6s %8s %8s %8s\n", "check", "runs", "p50 ms", "p95 ms", "most ms");
	json_array_foreach(json_object_get(proof, "checks"), i, row) {
		AUTO_FREE char *name = str_fmt("%s/%s", text_of(row, "lab"), text_of(row, "task"));
		printf("# %-40s %6lld %8lld %8lld %8lld\n", *text_of(row, "lab") ? name : "all of them",
		       number_of(row, "count"), number_of(row, "p50_ms"), number_of(row, "p95_ms"),
		       number_of(row, "most_ms"));
	}
	printf("#\n# %-40s %10s %10s\n", "machine (the most that one took)", "memory", "disk");
	json_array_foreach(json_object_get(proof, "machines"), i, row)
		printf("# %-40s %10s %10s\n", text_of(row, "name"),
		       show_bytes(number_of(row, "memory_bytes"), bytes),
		       show_bytes(number_of(row, "disk_bytes"), disk));
	printf("#\n# %lld seed%s, %lld seats, %s\n", number_of(proof, "seeds"),
	       number_of(proof, "seeds") == 1 ? "" : "s", number_of(proof, "seats"),
	       show_seconds(number_of(proof, "took_ms"), bytes));
}

static int count_broken(json_t *proof)
{
	json_t *result;
	size_t i;
	int broken = 0;

	json_array_foreach(json_object_get(proof, "results"), i, result)
		broken += !json_is_true(json_object_get(result, "ok"));
	return broken;
}

/* ---- stopping it ------------------------------------------------------------------------------ */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* The first signal asks the daemon to stop the run; the second one ends the program where it is. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_RESETHAND };
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

/* 0: it had ended by itself, and is there to be read. */
static int stop(struct invocation *invocation, const char *path, struct err *err)
{
	interrupted = 0;
	if (client_call(invocation->client, "DELETE", path, NULL, NULL, err) < 0) {
		if (err->kind != ERR_NOT_FOUND)
			return -1;
		*err = (struct err)ERR_INIT;
		return 0;
	}
	if (!invocation->json)
		printf("Bail out! The test was stopped.\n");
	return err_set(err, ERR_CONFLICT, "the test was stopped; its machines are being removed");
}

/* ---- running it ------------------------------------------------------------------------------- */

static int read_option(struct invocation *invocation, const char *name, json_t *body, struct err *err)
{
	const char *text = option_value(invocation, name);
	long number;

	if (!text)
		return 0;
	if (!str_to_number(text, 0, 1000, &number))
		return err_set(err, ERR_INVALID, "--%s takes a number, not \"%s\"", name, text);
	json_object_set_new(body, name, json_integer(number));
	return 0;
}

static int start(struct invocation *invocation, const char *path, struct err *err)
{
	const char *version = option_value(invocation, "version");
	json_t *body = json_object(), *labs = json_array();

	for (int i = 1; i < invocation->arguments; i++)
		json_array_append_new(labs, json_string(invocation->argument[i]));
	if (json_array_size(labs))
		json_object_set(body, "labs", labs);
	json_decref(labs);
	if (version)
		json_object_set_new(body, "version", json_string(version));
	if (read_option(invocation, "seeds", body, err) < 0 ||
	    read_option(invocation, "seats", body, err) < 0) {
		json_decref(body);
		return -1;
	}
	return client_call(invocation->client, "POST", path, body, NULL, err);
}

/* *proof: as it stands at the end. */
static int follow(struct invocation *invocation, const char *path, json_t **proof, struct err *err)
{
	size_t printed = 0;

	for (;; json_decref(*proof)) {
		if (interrupted && stop(invocation, path, err) < 0)
			return -1;
		if (client_call(invocation->client, "GET", path, NULL, proof, err) < 0)
			return -1;
		if (!invocation->json)
			print_new(*proof, &printed);
		if (!json_is_true(json_object_get(*proof, "running")))
			break;
		usleep(LOOK_US);
	}
	if (!invocation->json)
		printf("1..%zu\n", printed);
	return 0;
}

int cmd_lab_test(struct invocation *invocation, struct err *err)
{
	AUTO_FREE char *path = address_of("/courses/%s/proof", invocation->argument[0]);
	json_t *proof;

	catch_signals();
	if (start(invocation, path, err) < 0)
		return -1;
	if (!invocation->json)
		printf("TAP version 13\n");
	if (follow(invocation, path, &proof, err) < 0)
		return -1;
	if (!show_json(invocation, proof))
		print_tables(proof);
	int broken = count_broken(proof);
	bool passed = json_is_true(json_object_get(proof, "passed"));
	json_decref(proof);
	if (passed)
		return 0;
	return err_set(err, ERR_GUEST, "%s does not keep what a pack promises: %d of the lines above begin with "
		       "\"not ok\"", invocation->argument[0], broken);
}
