/* The chain: hash = SHA-256(previous hash, id, at, person, class, seat, actor, action, object,
 * detail). Numbers go in as 8 bytes, big-endian; texts as their length and their bytes, so that no
 * two rows read the same. The first row's previous hash is zero.
 *
 * What it shows: a row that was changed, taken out, put in between or cut off at the end (ids have
 * no gaps, and SQLite's own counter remembers the highest). What it cannot show: somebody with
 * write access to the file who computes the whole chain anew. Against that, keep backups, or the
 * last hash that `terakoya audit verify` prints, elsewhere.
 *
 * Retention: the table audit_begin holds the id and the hash of the last row that was forgotten;
 * the chain begins behind it. Triggers let it move forward only, onto a row that is there with that
 * very hash, and let rows go only up to it. So that a beginning moved by hand is found, a row of
 * the chain itself, the witness, has to name the same id and hash. */
#include "store/audit.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
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
	size_t length = text ? strlen(text) : 0; /* a file that was tampered with may lack one */

	hash_number(state, length);
	if (length)
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

/* The newest row's id and hash, or where the chain begins before the first. */
static int audit_last(struct store *store, int64_t *id, uint8_t hash[STORE_HASH], struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT id, hash FROM audit UNION ALL SELECT id, hash FROM audit_begin"
			 " ORDER BY id DESC LIMIT 1",
			 "");
	int got = query_next(&q);

	if (got > 0)
		query_read(&q, "ih", id, hash);
	return got > 0 ? 0 : got < 0 ? -1 :
		err_set(err, ERR_INTERNAL, "the audit log has lost its beginning");
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

int audit_list(struct store *store, const struct audit_filter *filter, unsigned most,
	       struct audit_row **rows, size_t *count, struct err *err)
{
	static const struct row_kind kind = { sizeof(**rows), audit_read, audit_release };
	AUTO(query) struct query q = query_of(
		store, err,
		"SELECT " AUDIT_COLUMNS " FROM audit WHERE (?1 = 0 OR class = ?1)"
		" AND (?2 IS NULL OR actor = ?2) AND at >= ?3 AND (?4 = 0 OR id < ?4)"
		" ORDER BY id DESC LIMIT ?5",
		"isiiu", filter->class_id, filter->actor, filter->since, filter->before, most);

	return query_list(&q, &kind, rows, count);
}

/* ---- retention ------------------------------------------------------------------------------ */

/* Where the chain begins: the last row that was forgotten, or 0 and zeros. */
static int begin_read(struct store *store, int64_t *id, uint8_t hash[STORE_HASH], struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err, "SELECT id, hash FROM audit_begin", "");
	int got = query_next(&q);

	if (got > 0)
		query_read(&q, "ih", id, hash);
	return got < 0 ? -1 : 0;
}

/* What the witness says of a beginning. */
static void witness_text(int64_t id, const uint8_t hash[STORE_HASH], char text[128])
{
	char hex[2 * STORE_HASH + 1];

	sodium_bin2hex(hex, sizeof(hex), hash, STORE_HASH);
	snprintf(text, 128, "{\"to\":%lld,\"hash\":\"%s\"}", (long long)id, hex);
}

/* The row up to which everything is older than `before`. 1, 0 for none, or -1. */
static int forget_find(struct store *store, int64_t before, int64_t *id, uint8_t hash[STORE_HASH],
		       struct err *err)
{
	AUTO(query) struct query q =
		query_of(store, err,
			 "SELECT id, hash FROM audit WHERE id < coalesce("
			 "(SELECT min(id) FROM audit WHERE at >= ?), 9223372036854775807)"
			 " ORDER BY id DESC LIMIT 1",
			 "i", before);
	int got = query_next(&q);

	if (got > 0)
		query_read(&q, "ih", id, hash);
	return got;
}

static int forget_up_to(struct store *store, int64_t id, const uint8_t hash[STORE_HASH],
			const struct audit_row *actor, struct err *err)
{
	AUTO_FREE char *object = str_fmt("audit up to %lld", (long long)id);
	char witness[128];
	struct audit_row row = *actor;

	witness_text(id, hash, witness);
	row.action = (char *)"audit.forget";
	row.object = object;
	row.detail = witness;
	row = audit_complete(&row);
	if (audit_append(store, &row, err) < 0 ||
	    store_run(store, err, "UPDATE audit_begin SET id = ?, hash = ?", "ih", id, hash) < 0)
		return -1;
	return store_run(store, err, "DELETE FROM audit WHERE id <= ?", "i", id);
}

int audit_forget(struct store *store, int64_t before, const struct audit_row *actor,
		 int64_t *removed, struct err *err)
{
	uint8_t hash[STORE_HASH], unused[STORE_HASH];
	int64_t id = 0, begin = 0;

	if (store_begin(store, err) < 0)
		return -1;
	int found = begin_read(store, &begin, unused, err) < 0 ? -1 :
			    forget_find(store, before, &id, hash, err);
	int result = found > 0 ? forget_up_to(store, id, hash, actor, err) : found;
	if (store_end(store, result, err) < 0)
		return -1;
	*removed = found > 0 ? id - begin : 0;
	return 0;
}

/* ---- verifying ------------------------------------------------------------------------------ */

struct walk {
	struct audit_chain *chain;
	int64_t end;              /* the id before */
	uint8_t hash[STORE_HASH]; /* and its hash */
	char witness[128];        /* what has to be said of the beginning; "" for nothing */
};

static void walk_broken(struct walk *walk, int64_t id, const char *finding)
{
	walk->chain->broken = id;
	snprintf(walk->chain->finding, sizeof(walk->chain->finding), "%s", finding);
}

/* Holds one row against the end of the chain so far, and moves that end. */
static void walk_row(struct walk *walk, const struct audit_row *row)
{
	uint8_t expected[STORE_HASH];

	audit_hash(walk->hash, row, expected);
	if (row->id != walk->end + 1) {
		walk_broken(walk, row->id, "does not follow the row before it: rows are missing");
		return;
	}
	if (memcmp(expected, row->hash, STORE_HASH) != 0) {
		walk_broken(walk, row->id, "is not what was written");
		return;
	}
	if (str_equal(row->action, "audit.forget") && str_equal(row->detail, walk->witness))
		*walk->witness = 0;
	walk->end = row->id;
	memcpy(walk->hash, row->hash, STORE_HASH);
	walk->chain->rows++;
	walk->chain->last = row->id;
	memcpy(walk->chain->hash, row->hash, STORE_HASH);
	if (!walk->chain->first)
		walk->chain->first = row->id;
}

static int walk_all(struct store *store, struct walk *walk, struct err *err)
{
	int got;
	AUTO(query) struct query q =
		query_of(store, err, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY id", "");

	while ((got = query_next(&q)) > 0 && !walk->chain->broken) {
		struct audit_row row = { 0 };
		audit_read(&q, &row);
		walk_row(walk, &row);
		audit_row_free(&row);
	}
	return got < 0 ? -1 : 0;
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

/* A file of before version 3 has no beginning but the first row. */
static int walk_begin(struct store *store, struct walk *walk, struct err *err)
{
	int64_t tables = 0;
	AUTO(query) struct query q = query_of(
		store, err, "SELECT count(*) FROM sqlite_schema WHERE name = 'audit_begin'", "");

	if (query_next(&q) <= 0)
		return -1;
	query_read(&q, "i", &tables);
	if (tables && begin_read(store, &walk->end, walk->hash, err) < 0)
		return -1;
	if (walk->end)
		witness_text(walk->end, walk->hash, walk->witness);
	return 0;
}

int audit_verify(struct store *store, struct audit_chain *chain, struct err *err)
{
	struct walk walk = { .chain = chain };
	int64_t highest;

	*chain = (struct audit_chain){ 0 };
	if (walk_begin(store, &walk, err) < 0 || walk_all(store, &walk, err) < 0 ||
	    audit_highest(store, &highest, err) < 0)
		return -1;
	if (!chain->broken && walk.end < highest)
		walk_broken(&walk, walk.end + 1, "is missing: the end of the log was cut off");
	if (!chain->broken && *walk.witness)
		walk_broken(&walk, chain->first, "is not the first, and no row says that those "
						 "before it were forgotten");
	return 0;
}

int audit_verify_file(const char *path, struct audit_chain *chain, struct err *err)
{
	struct store *store = store_open_to_look(path, err);

	if (!store)
		return -1;
	int result = audit_verify(store, chain, err);
	store_close(store);
	return result;
}
