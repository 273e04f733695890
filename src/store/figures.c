#include "store/figures.h"

#include "base/auto.h"
#include "base/clock.h"
#include "store/query.h"

int figures_find(struct store *store, const struct figure_key *key, struct figure *figure, struct err *err)
{
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT memory, disk, worked, saved, ready_ms, base <> ?3 FROM figure WHERE course = ?1 AND machine = ?2"
		" ORDER BY base = ?3 DESC, at DESC LIMIT 1",
		"sss", key->course, key->machine, key->base);
	int got = query_next(&q);

	*figure = (struct figure){ 0 };
	if (got > 0)
		query_read(&q, "iioiio", &figure->memory, &figure->disk, &figure->worked, &figure->saved,
			   &figure->ready_ms, &figure->earlier);
	return got < 0 ? -1 : 0;
}

int figures_put(struct store *store, const struct figure_key *key, const struct figure *figure, struct err *err)
{
	return store_run(store, err,
			 "INSERT OR REPLACE INTO figure (course, machine, base, memory, disk, worked, saved, ready_ms, at)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "sssiioiii", key->course, key->machine, key->base, figure->memory, figure->disk,
			 (int)figure->worked, figure->saved, figure->ready_ms, clock_real_ms());
}

/* ---- machines --------------------------------------------------------------------------------- */

static void machine_read(struct query *q, void *into)
{
	struct figure_machine *machine = into;

	query_read(q, "iio", &machine->memory, &machine->disk, &machine->worked);
}

static void machine_release(void *machine)
{
	(void)machine;
}

int figures_machines(struct store *store, const struct figure_key *key, struct figure_machine **machines, size_t *count,
		     struct err *err)
{
	static const struct row_kind kind = { sizeof(**machines), machine_read, machine_release };
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT memory, disk, worked FROM figure_machine WHERE course = ? AND machine = ? AND base = ?",
			 "sss", key->course, key->machine, key->base);

	return query_list(&q, &kind, machines, count);
}

/* *machine becomes what is known of it with that. */
static int machine_merge(struct store *store, const struct figure_key *key, const char *domain,
			 struct figure_machine *machine, bool *news, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT memory, disk, worked FROM figure_machine"
			 " WHERE course = ? AND machine = ? AND base = ? AND domain = ?",
			 "ssss", key->course, key->machine, key->base, domain);
	struct figure_machine known = { 0 };
	int got = query_next(&q);

	if (got > 0)
		machine_read(&q, &known);
	*news = got == 0 || machine->memory > known.memory || machine->disk > known.disk || machine->worked > known.worked;
	machine->memory = machine->memory > known.memory ? machine->memory : known.memory;
	machine->disk = machine->disk > known.disk ? machine->disk : known.disk;
	machine->worked |= known.worked;
	return got < 0 ? -1 : 0;
}

static int machine_put(struct store *store, const struct figure_key *key, const char *domain,
		       const struct figure_machine *machine, struct err *err)
{
	return store_run(store, err,
			 "INSERT OR REPLACE INTO figure_machine (course, machine, base, domain, memory, disk, worked, at)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			 "ssssiioi", key->course, key->machine, key->base, domain, machine->memory, machine->disk,
			 (int)machine->worked, clock_real_ms());
}

static int machines_forget(struct store *store, const struct figure_key *key, bool worked, struct err *err)
{
	return store_run(store, err,
			 "DELETE FROM figure_machine WHERE course = ?1 AND machine = ?2 AND base = ?3 AND domain IN"
			 " (SELECT domain FROM figure_machine WHERE course = ?1 AND machine = ?2 AND base = ?3"
			 "  AND worked = ?4 ORDER BY at DESC, domain LIMIT -1 OFFSET ?5)",
			 "sssod", key->course, key->machine, key->base, (int)worked, FIGURE_MACHINES);
}

int figures_see(struct store *store, const struct figure_key *key, const char *domain,
		const struct figure_machine *machine, bool *news, struct err *err)
{
	struct figure_machine most = *machine;

	if (machine_merge(store, key, domain, &most, news, err) < 0)
		return -1;
	if (!*news)
		return 0;
	return machine_put(store, key, domain, &most, err) < 0 ? -1 : machines_forget(store, key, most.worked, err);
}
