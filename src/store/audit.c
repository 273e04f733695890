/* The chain: hash = SHA-256(previous hash, id, at, person, class, seat, actor, action, object,
 * detail). Numbers go in as 8 bytes, big-endian; texts as their length and their bytes, so that no
 * two rows read the same. The first row's previous hash is zero.
 *
 * What it shows: a row that was changed, taken out, put in between or cut off at the end (ids have
 * no gaps, and SQLite's own counter remembers the highest). What it cannot show: somebody with
 * write access to the file who computes the whole chain anew. Against that, keep backups
 * elsewhere. */
#include "store/audit.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/query.h"

static_assert(crypto_hash_sha256_BYTES == STORE_HASH, "a row's hash is SHA-256");

#define AUDIT_COLUMNS "id, at, person, actor, action, object, detail, class, seat, hash"

void audit_row_free(struct audit_row *row)
{
	if (!row)
		return;
	free(row->actor);
	free(row->action);
	free(row->object);
	free(row->detail);
	*row = (struct audit_row){ 0 };
}

static void audit_release(void *row)
{
	audit_row_free(row);
}

static void audit_read(struct query *q, void *into)
{
	struct audit_row *row = into;

	query_read(q, "iiissssiih", &row->id, &row->at, &row->person, &row->actor, &row->action,
		   &row->object, &row->detail, &row->class_id, &row->seat_id, row->hash);
}

static void hash_number(crypto_hash_sha256_state *state, uint64_t number)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	crypto_hash_sha256_update(state, bytes, sizeof(bytes));
}

static void hash_text(crypto_hash_sha256_state *state, const char *text)
{
	size_t length = strlen(text);

	hash_number(state, length);
	crypto_hash_sha256_update(state, (const uint8_t *)text, length);
}

static void audit_hash(const uint8_t previous[STORE_HASH], const struct audit_row *row,
		       uint8_t hash[STORE_HASH])
{
	const int64_t numbers[] = { row->id, row->at, row->person, row->class_id, row->seat_id };
	const char *const texts[] = { row->actor, row->action, row->object, row->detail };
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, previous, STORE_HASH);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		hash_number(&state, (uint64_t)numbers[i]);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		hash_text(&state, texts[i]);
	crypto_hash_sha256_final(&state, hash);
}

/* The newest row's id and hash; zeros before the first. */
static int audit_last(struct store *store, int64_t *id, uint8_t hash[STORE_HASH], struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1", "");
	int got = query_next(&q);

	*id = 0;
	memset(hash, 0, STORE_HASH);
	if (got > 0)
		query_read(&q, "ih", id, hash);
	return got < 0 ? -1 : 0;
}

static int audit_append(struct store *store, struct audit_row *row, struct err *err)
{
	uint8_t previous[STORE_HASH];

	if (audit_last(store, &row->id, previous, err) < 0)
		return -1;
	row->id++;
	audit_hash(previous, row, row->hash);
	return store_run(store, err,
			 "INSERT INTO audit (" AUDIT_COLUMNS
			 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "iiissssiih", row->id, row->at, row->person, row->actor, row->action,
			 row->object, row->detail, row->class_id, row->seat_id, row->hash);
}

/* The row as it will be written: at is now, and a text that is not there is "". The texts stay the
 * caller's. */
static struct audit_row audit_complete(const struct audit_row *row)
{
	struct audit_row whole = *row;
	char **const texts[] = { &whole.actor, &whole.action, &whole.object, &whole.detail };

	whole.at = clock_real_ms();
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!*texts[i])
			*texts[i] = (char *)"";
	return whole;
}

int audit_add(struct store *store, const struct audit_row *row, struct err *err)
{
	struct audit_row whole = audit_complete(row);

	if (store_begin(store, err) < 0)
		return -1;
	return store_end(store, audit_append(store, &whole, err), err);
}

int audit_list(struct store *store, int64_t class_id, unsigned most, struct audit_row **rows,
	       size_t *count, struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), audit_read, audit_release };
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT " AUDIT_COLUMNS " FROM audit WHERE ?1 = 0 OR class = ?1"
			 " ORDER BY id DESC LIMIT ?2",
			 "iu", class_id, most);

	return query_list(&q, &kind, rows, count);
}

/* ---- verifying ------------------------------------------------------------------------------ */

/* Checks one row against the end of the chain so far, and moves that end. */
static int audit_follow(struct query *q, int64_t *end, uint8_t hash[STORE_HASH])
{
	struct audit_row row = { 0 };
	uint8_t expected[STORE_HASH];

	audit_read(q, &row);
	audit_hash(hash, &row, expected);
	bool gap = row.id != *end + 1, changed = memcmp(expected, row.hash, STORE_HASH) != 0;
	*end = row.id;
	memcpy(hash, row.hash, STORE_HASH);
	audit_row_free(&row);
	if (gap || changed)
		return err_set(q->err, ERR_CONFLICT, "audit row %lld %s", (long long)*end,
			       gap ? "does not follow the one before it: rows are missing" :
				     "is not what was written");
	return 0;
}

static int audit_highest(struct store *store, int64_t *id, struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, "SELECT seq FROM sqlite_sequence WHERE name = 'audit'", "");
	int got = query_next(&q);

	*id = 0;
	if (got > 0)
		query_read(&q, "i", id);
	return got < 0 ? -1 : 0;
}

int audit_verify(struct store *store, int64_t *rows, struct err *err)
{
	uint8_t hash[STORE_HASH] = { 0 };
	int64_t end = 0, highest;
	int got;
	AUTO(query) struct query q =
		query_of(store, err, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY id", "");

	while ((got = query_next(&q)) > 0)
		if (audit_follow(&q, &end, hash) < 0)
			return -1;
	if (got < 0 || audit_highest(store, &highest, err) < 0)
		return -1;
	if (end != highest)
		return err_set(err, ERR_CONFLICT,
			       "audit row %lld is missing: the end was cut off at %lld",
			       (long long)end + 1, (long long)highest);
	*rows = end;
	return 0;
}
