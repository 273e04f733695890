#include "store/classes.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/query.h"

/* ---- classes -------------------------------------------------------------------------------- */

void class_row_free(struct class_row *row)
{
	if (!row)
		return;
	free(row->name);
	free(row->course);
	free(row->version);
	free(row->digest);
	free(row->code);
	free(row->state);
	*row = (struct class_row){ 0 };
}

static void class_release(void *row)
{
	class_row_free(row);
}

static void class_read(struct query *q, void *into)
{
	struct class_row *row = into;

	query_read(q, "issssshsniiiiooii", &row->id, &row->name, &row->course, &row->version,
		   &row->digest, &row->code, row->secret, &row->state, &row->instructor,
		   &row->created_at, &row->launched_at, &row->ready_at, &row->closed_at, &row->hidden,
		   &row->own_codes, &row->cards_at, &row->opened_at);
}

int classes_add(struct store *store, const struct class_row *row, int64_t *id, struct err *err)
{
	if (store_run(store, err,
		      "INSERT INTO class (name, course, version, digest, code, secret, state,"
		      " instructor, created_at, launched_at, ready_at, closed_at, hidden,"
		      " own_codes, cards_at, opened_at)"
		      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		      "ssssshsniiiiooii", row->name, row->course, row->version, row->digest, row->code,
		      row->secret, row->state, row->instructor, row->created_at, row->launched_at,
		      row->ready_at, row->closed_at, row->hidden, row->own_codes, row->cards_at,
		      row->opened_at) < 0)
		return err_wrap(err, "class %s", row->name);
	*id = store_last_id(store);
	return 0;
}

int classes_update(struct store *store, const struct class_row *row, struct err *err)
{
	if (store_change(store, err, "class",
			 "UPDATE class SET name = ?, course = ?, version = ?, digest = ?, code = ?,"
			 " secret = ?, state = ?, instructor = ?, created_at = ?, launched_at = ?,"
			 " ready_at = ?, closed_at = ?, own_codes = ?, cards_at = ?,"
			 " opened_at = ? WHERE id = ?",
			 "ssssshsniiiioiii", row->name, row->course, row->version, row->digest,
			 row->code, row->secret, row->state, row->instructor, row->created_at,
			 row->launched_at, row->ready_at, row->closed_at, row->own_codes, row->cards_at,
			 row->opened_at, row->id) < 0)
		return err_wrap(err, "class %lld", (long long)row->id);
	return 0;
}

int classes_list(struct store *store, bool closed, struct class_row **rows, size_t *count,
		 struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), class_read, class_release };
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT id, name, course, version, digest, code, secret, state, instructor,"
		" created_at, launched_at, ready_at, closed_at, hidden, own_codes, cards_at,"
		" opened_at"
		" FROM class WHERE ? OR state <> 'closed' ORDER BY id DESC",
		"o", closed);

	return query_list(&q, &kind, rows, count);
}

/* Students who joined by code or link exist for their class only. */
static int class_people_remove(struct store *store, int64_t id, struct err *err)
{
	return store_run(store, err,
			 "DELETE FROM person WHERE role = 'student' AND login IS NULL AND id IN"
			 " (SELECT person FROM seat WHERE class = ?)",
			 "i", id);
}

int classes_remove(struct store *store, int64_t id, struct err *err)
{
	if (store_begin(store, err) < 0)
		return -1;
	int result = class_people_remove(store, id, err);
	if (result == 0)
		result = store_change(store, err, "class", "DELETE FROM class WHERE id = ?", "i",
				      id);
	return store_end(store, result, err);
}

/* ---- staff ---------------------------------------------------------------------------------- */

int class_staff_add(struct store *store, int64_t class_id, int64_t person, struct err *err)
{
	return store_run(store, err,
			 "INSERT INTO class_staff (class, person) VALUES (?, ?) ON CONFLICT DO NOTHING",
			 "ii", class_id, person);
}

int class_staff_remove(struct store *store, int64_t class_id, int64_t person, struct err *err)
{
	return store_run(store, err, "DELETE FROM class_staff WHERE class = ? AND person = ?", "ii",
			 class_id, person);
}

static void staff_read(struct query *q, void *into)
{
	query_read(q, "i", (int64_t *)into);
}

static void staff_release(void *row)
{
	(void)row;
}

int class_staff_list(struct store *store, int64_t class_id, int64_t **people, size_t *count,
		     struct err *err)
{
	static const struct row_kind kind = { sizeof(**people), staff_read, staff_release };
	AUTO(query) struct query q =
		query_of(store, err, "SELECT person FROM class_staff WHERE class = ? ORDER BY person",
			 "i", class_id);

	return query_list(&q, &kind, people, count);
}

/* ---- seats ---------------------------------------------------------------------------------- */

void seat_row_free(struct seat_row *row)
{
	if (!row)
		return;
	free(row->name);
	free(row->lab);
	free(row->password);
	free(row->mail);
	free(row->language);
	free(row->code);
	*row = (struct seat_row){ 0 };
}

static void seat_release(void *row)
{
	seat_row_free(row);
}

static void seat_read(struct query *q, void *into)
{
	struct seat_row *row = into;

	query_read(q, "iiusnhisoisnsss", &row->id, &row->class_id, &row->number, &row->name,
		   &row->person, row->join_hash, &row->joined_at, &row->lab, &row->hand,
		   &row->hand_at, &row->password, &row->organisation, &row->mail, &row->language,
		   &row->code);
}

/* NULL is as good as "" for a name or lab that is not there yet. */
static const char *text_of(const char *text)
{
	return text ? text : "";
}

int seats_add(struct store *store, const struct seat_row *row, int64_t *id, struct err *err)
{
	if (store_run(store, err,
		      "INSERT INTO seat (class, number, name, person, join_hash, joined_at, lab,"
		      " hand, hand_at, password, organisation, mail, language, code)"
		      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		      "iusnhisoisnsss", row->class_id, row->number, text_of(row->name), row->person,
		      row->join_hash, row->joined_at, text_of(row->lab), row->hand,
		      row->hand_at, row->password, row->organisation, text_of(row->mail),
		      text_of(row->language), text_of(row->code)) < 0)
		return err_wrap(err, "seat %u (%s)", row->number, text_of(row->name));
	*id = store_last_id(store);
	return 0;
}

int seats_update(struct store *store, const struct seat_row *row, struct err *err)
{
	if (store_change(store, err, "seat",
			 "UPDATE seat SET number = ?, name = ?, person = ?, join_hash = ?,"
			 " joined_at = ?, lab = ?, hand = ?, hand_at = ?, password = ?,"
			 " organisation = ?, mail = ?, language = ?, code = ? WHERE id = ?",
			 "usnhisoisnsssi", row->number, text_of(row->name), row->person, row->join_hash,
			 row->joined_at, text_of(row->lab), row->hand, row->hand_at, row->password,
			 row->organisation, text_of(row->mail), text_of(row->language),
			 text_of(row->code), row->id) < 0)
		return err_wrap(err, "seat %u (%s)", row->number, text_of(row->name));
	return 0;
}

int seats_list(struct store *store, int64_t class_id, struct seat_row **rows, size_t *count,
	       struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), seat_read, seat_release };
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT id, class, number, name, person, join_hash, joined_at, lab, hand,"
			 " hand_at, password, organisation, mail, language, code FROM seat WHERE class = ? ORDER BY number",
			 "i", class_id);

	return query_list(&q, &kind, rows, count);
}

/* ---- machines ------------------------------------------------------------------------------- */

void machine_row_free(struct machine_row *row)
{
	if (!row)
		return;
	free(row->name);
	free(row->state);
	free(row->reason);
	free(row->tools);
	*row = (struct machine_row){ 0 };
}

static void machine_release(void *row)
{
	machine_row_free(row);
}

static void machine_read(struct query *q, void *into)
{
	struct machine_row *row = into;
	AUTO_FREE char *uuid = NULL;

	query_read(q, "iisusssuis", &row->id, &row->seat_id, &row->name, &row->generation, &uuid,
		   &row->state, &row->reason, &row->replaced, &row->changed_at, &row->tools);
	snprintf(row->uuid, sizeof(row->uuid), "%s", uuid);
}

int machines_add(struct store *store, const struct machine_row *row, int64_t *id, struct err *err)
{
	if (store_run(store, err,
		      "INSERT INTO machine (seat, name, generation, uuid, state, reason, replaced,"
		      " changed_at, tools) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		      "isusssuis", row->seat_id, row->name, row->generation, row->uuid, row->state,
		      text_of(row->reason), row->replaced, row->changed_at, text_of(row->tools)) < 0)
		return err_wrap(err, "machine %s", row->name);
	*id = store_last_id(store);
	return 0;
}

int machines_update(struct store *store, const struct machine_row *row, struct err *err)
{
	if (store_change(store, err, "machine",
			 "UPDATE machine SET generation = ?, uuid = ?, state = ?, reason = ?,"
			 " replaced = ?, changed_at = ?, tools = ? WHERE id = ?",
			 "usssuisi", row->generation, row->uuid, row->state, text_of(row->reason),
			 row->replaced, row->changed_at, text_of(row->tools), row->id) < 0)
		return err_wrap(err, "machine %s", row->name);
	return 0;
}

int machines_list(struct store *store, int64_t seat_id, struct machine_row **rows, size_t *count,
		  struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), machine_read, machine_release };
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT id, seat, name, generation, uuid, state, reason, replaced, changed_at, tools"
		" FROM machine WHERE seat = ? ORDER BY id",
		"i", seat_id);

	return query_list(&q, &kind, rows, count);
}

int machines_remove_of_class(struct store *store, int64_t class_id, struct err *err)
{
	return store_run(store, err,
			 "DELETE FROM machine WHERE seat IN (SELECT id FROM seat WHERE class = ?)",
			 "i", class_id);
}
