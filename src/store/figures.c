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
