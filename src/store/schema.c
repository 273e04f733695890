#include "store/schema.h"

#include <assert.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/str.h"
#include "store/query.h"

/* Ids of people, classes, seats and machines are never used twice (AUTOINCREMENT): they are part of
 * domain names, of cookies' rows and of the audit log, which outlives what it speaks of. */
static const char version_1[] =
	"CREATE TABLE setting ("
	"	key TEXT PRIMARY KEY,"
	"	value TEXT NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"INSERT INTO setting VALUES ('instance', lower(hex(randomblob(16))));"

	"CREATE TABLE person ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	login TEXT UNIQUE COLLATE NOCASE CHECK (login <> ''),"
	"	name TEXT NOT NULL,"
	"	language TEXT NOT NULL CHECK (language IN ('en', 'ja')),"
	"	role TEXT NOT NULL"
	"		CHECK (role IN ('student', 'observer', 'assistant', 'instructor', "
	"'admin')),"
	"	password TEXT,"
	"	created_at INTEGER NOT NULL"
	") STRICT;"

	"CREATE TABLE class ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	name TEXT NOT NULL CHECK (name <> ''),"
	"	course TEXT NOT NULL,"
	"	version TEXT NOT NULL,"
	"	digest TEXT NOT NULL,"
	"	code TEXT NOT NULL,"
	"	secret BLOB NOT NULL CHECK (length(secret) = 32),"
	"	state TEXT NOT NULL,"
	"	instructor INTEGER REFERENCES person ON DELETE SET NULL,"
	"	created_at INTEGER NOT NULL,"
	"	launched_at INTEGER NOT NULL,"
	"	ready_at INTEGER NOT NULL,"
	"	closed_at INTEGER NOT NULL"
	") STRICT;"
	"CREATE UNIQUE INDEX class_code ON class (code) WHERE state <> 'closed';"
	"CREATE INDEX class_instructor ON class (instructor);"

	"CREATE TABLE seat ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	class INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,"
	"	number INTEGER NOT NULL CHECK (number >= 1),"
	"	name TEXT NOT NULL,"
	"	person INTEGER REFERENCES person ON DELETE SET NULL,"
	"	join_hash BLOB NOT NULL CHECK (length(join_hash) = 32),"
	"	joined_at INTEGER NOT NULL,"
	"	lab TEXT NOT NULL,"
	"	hand INTEGER NOT NULL CHECK (hand IN (0, 1)),"
	"	hand_at INTEGER NOT NULL,"
	"	UNIQUE (class, number)"
	") STRICT;"
	"CREATE UNIQUE INDEX seat_name ON seat (class, name) WHERE name <> '';"
	"CREATE INDEX seat_person ON seat (person);"

	"CREATE TABLE machine ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	seat INTEGER NOT NULL REFERENCES seat ON DELETE CASCADE,"
	"	name TEXT NOT NULL CHECK (name <> ''),"
	"	generation INTEGER NOT NULL CHECK (generation >= 0),"
	"	uuid TEXT NOT NULL,"
	"	state TEXT NOT NULL,"
	"	reason TEXT NOT NULL,"
	"	replaced INTEGER NOT NULL CHECK (replaced >= 0),"
	"	changed_at INTEGER NOT NULL,"
	"	UNIQUE (seat, name)"
	") STRICT;"

	"CREATE TABLE session ("
	"	id_hash BLOB PRIMARY KEY CHECK (length(id_hash) = 32),"
	"	csrf BLOB NOT NULL CHECK (length(csrf) = 32),"
	"	person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,"
	"	seat INTEGER REFERENCES seat ON DELETE CASCADE,"
	"	created_at INTEGER NOT NULL,"
	"	expires_at INTEGER NOT NULL,"
	"	seen_at INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX session_person ON session (person);"
	"CREATE INDEX session_seat ON session (seat);"
	"CREATE INDEX session_expires ON session (expires_at);"

	"CREATE TABLE attempt ("
	"	id INTEGER PRIMARY KEY,"
	"	seat INTEGER NOT NULL REFERENCES seat ON DELETE CASCADE,"
	"	lab TEXT NOT NULL CHECK (lab <> ''),"
	"	task TEXT NOT NULL CHECK (task <> ''),"
	"	at INTEGER NOT NULL,"
	"	verdict TEXT NOT NULL CHECK (verdict IN ('pass', 'not-yet', 'error')),"
	"	trigger TEXT NOT NULL"
	"		CHECK (trigger IN ('student', 'auto', 'instructor', 'catch-up')),"
	"	code INTEGER NOT NULL,"
	"	duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),"
	"	answer TEXT"
	") STRICT;"
	"CREATE INDEX attempt_task ON attempt (seat, lab, task);"

	"CREATE TABLE progress ("
	"	seat INTEGER NOT NULL REFERENCES seat ON DELETE CASCADE,"
	"	lab TEXT NOT NULL CHECK (lab <> ''),"
	"	task TEXT NOT NULL CHECK (task <> ''),"
	"	done INTEGER NOT NULL CHECK (done IN (0, 1)),"
	"	caught_up INTEGER NOT NULL CHECK (caught_up IN (0, 1)),"
	"	points INTEGER NOT NULL CHECK (points >= 0),"
	"	attempts INTEGER NOT NULL CHECK (attempts >= 0),"
	"	hints INTEGER NOT NULL CHECK (hints >= 0),"
	"	last_code INTEGER NOT NULL,"
	"	first_at INTEGER NOT NULL,"
	"	done_at INTEGER NOT NULL,"
	"	PRIMARY KEY (seat, lab, task)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE hint_use ("
	"	seat INTEGER NOT NULL REFERENCES seat ON DELETE CASCADE,"
	"	lab TEXT NOT NULL,"
	"	task TEXT NOT NULL,"
	"	hint INTEGER NOT NULL CHECK (hint >= 0),"
	"	cost INTEGER NOT NULL CHECK (cost >= 0),"
	"	at INTEGER NOT NULL,"
	"	PRIMARY KEY (seat, lab, task, hint)"
	") STRICT, WITHOUT ROWID;"

	"CREATE TABLE lab_opened ("
	"	seat INTEGER NOT NULL REFERENCES seat ON DELETE CASCADE,"
	"	lab TEXT NOT NULL CHECK (lab <> ''),"
	"	at INTEGER NOT NULL,"
	"	set_up INTEGER NOT NULL CHECK (set_up IN (0, 1)),"
	"	PRIMARY KEY (seat, lab)"
	") STRICT, WITHOUT ROWID;"

	/* Refers to nothing by key: it stays when what it speaks of is removed. */
	"CREATE TABLE audit ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	at INTEGER NOT NULL,"
	"	person INTEGER NOT NULL,"
	"	actor TEXT NOT NULL,"
	"	action TEXT NOT NULL CHECK (action <> ''),"
	"	object TEXT NOT NULL,"
	"	detail TEXT NOT NULL,"
	"	class INTEGER NOT NULL,"
	"	seat INTEGER NOT NULL,"
	"	hash BLOB NOT NULL CHECK (length(hash) = 32)"
	") STRICT;"
	"CREATE INDEX audit_class ON audit (class);"
	"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit"
	"	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
	"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
	"	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;";

/* Packs that were proven on machines, and classes that nobody but the daemon knows of. */
static const char version_2[] =
	"CREATE TABLE proof ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	course TEXT NOT NULL CHECK (course <> ''),"
	"	version TEXT NOT NULL,"
	"	digest TEXT NOT NULL,"
	"	at INTEGER NOT NULL,"
	"	took_ms INTEGER NOT NULL CHECK (took_ms >= 0),"
	"	seeds INTEGER NOT NULL CHECK (seeds >= 1),"
	"	seats INTEGER NOT NULL CHECK (seats >= 1),"
	"	whole INTEGER NOT NULL CHECK (whole IN (0, 1)),"
	"	passed INTEGER NOT NULL CHECK (passed IN (0, 1)),"
	"	report TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX proof_digest ON proof (digest);"
	"CREATE INDEX proof_course ON proof (course);"
	"ALTER TABLE class ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1));";

/* The audit log forgets only what is written down as forgotten (audit.c), and takes rows at its end
 * only: REPLACE would take one out without a trigger's word. */
static const char version_3[] =
	"CREATE TABLE audit_begin ("
	"	one INTEGER PRIMARY KEY CHECK (one = 1),"
	"	id INTEGER NOT NULL,"
	"	hash BLOB NOT NULL CHECK (length(hash) = 32)"
	") STRICT;"
	"INSERT INTO audit_begin VALUES (1, 0, zeroblob(32));"
	"CREATE TRIGGER audit_begin_moves_on BEFORE UPDATE ON audit_begin"
	"	WHEN NEW.id <= OLD.id OR NEW.hash IS NOT (SELECT hash FROM audit WHERE id = NEW.id)"
	"	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
	"CREATE TRIGGER audit_begin_stays BEFORE DELETE ON audit_begin"
	"	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
	"DROP TRIGGER audit_no_delete;"
	"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
	"	WHEN OLD.id > coalesce((SELECT id FROM audit_begin), 0)"
	"	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
	"CREATE TRIGGER audit_at_the_end BEFORE INSERT ON audit"
	"	WHEN NEW.id IS NOT 1 + coalesce((SELECT max(id) FROM audit),"
	"		(SELECT id FROM audit_begin))"
	"	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;";

/* What a student's ssh client signs in with; NULL: nobody asked for one yet. */
static const char version_4[] = "ALTER TABLE seat ADD COLUMN password TEXT;";

/* How long each task took. What was done before this was known says 0. */
static const char version_5[] =
	"ALTER TABLE progress ADD COLUMN took_ms INTEGER NOT NULL DEFAULT 0 CHECK (took_ms >= 0);";

/* What the programs of a machine's checks were before anybody worked in it. */
static const char version_6[] = "ALTER TABLE machine ADD COLUMN tools TEXT NOT NULL DEFAULT '';";

/* Organisations, and what a roster says of a seat. folded: the form in which names are compared. */
static const char version_7[] =
	"CREATE TABLE organisation ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	name TEXT NOT NULL CHECK (name <> ''),"
	"	folded TEXT NOT NULL UNIQUE CHECK (folded <> '')"
	") STRICT;"
	"ALTER TABLE person ADD COLUMN organisation INTEGER REFERENCES organisation;"
	"CREATE INDEX person_organisation ON person (organisation);"
	"ALTER TABLE seat ADD COLUMN organisation INTEGER REFERENCES organisation;"
	"CREATE INDEX seat_organisation ON seat (organisation);"
	"ALTER TABLE seat ADD COLUMN mail TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE seat ADD COLUMN language TEXT NOT NULL DEFAULT ''"
	"	CHECK (language IN ('', 'en', 'ja'));";

/* Who else leads a class, or helps in it. What they may do there follows from their role. */
static const char version_8[] =
	"CREATE TABLE class_staff ("
	"	class INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,"
	"	person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,"
	"	PRIMARY KEY (class, person)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX class_staff_person ON class_staff (person);";

/* What staff wrote to a seat, or (seat NULL) to the whole class, and which seats have read it. */
static const char version_9[] =
	"CREATE TABLE message ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	class INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,"
	"	seat INTEGER REFERENCES seat ON DELETE CASCADE,"
	"	at INTEGER NOT NULL,"
	"	sender TEXT NOT NULL,"
	"	text TEXT NOT NULL CHECK (text <> '')"
	") STRICT;"
	"CREATE INDEX message_class ON message (class);"
	"CREATE INDEX message_seat ON message (seat);"
	"CREATE TABLE message_read ("
	"	message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,"
	"	seat INTEGER NOT NULL REFERENCES seat ON DELETE CASCADE,"
	"	at INTEGER NOT NULL,"
	"	PRIMARY KEY (message, seat)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX message_read_seat ON message_read (seat);";

/* What comes after a class. A certificate is as it was issued, whatever becomes of the seat's name. */
static const char version_10[] =
	"CREATE TABLE retention ("
	"	class INTEGER PRIMARY KEY REFERENCES class ON DELETE CASCADE,"
	"	until INTEGER NOT NULL,"
	"	removed_at INTEGER NOT NULL"
	") STRICT;"
	"CREATE TABLE certificate ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	class INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,"
	"	seat INTEGER NOT NULL UNIQUE REFERENCES seat ON DELETE CASCADE,"
	"	code TEXT NOT NULL UNIQUE CHECK (code <> ''),"
	"	name TEXT NOT NULL CHECK (name <> ''),"
	"	organisation TEXT NOT NULL,"
	"	title_en TEXT NOT NULL,"
	"	title_ja TEXT NOT NULL,"
	"	begins TEXT NOT NULL,"
	"	ends TEXT NOT NULL,"
	"	minutes INTEGER NOT NULL CHECK (minutes > 0),"
	"	language TEXT NOT NULL CHECK (language IN ('en', 'ja')),"
	"	site TEXT NOT NULL,"
	"	issued_at INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX certificate_class ON certificate (class);";

/* One-time codes of seats; whether a class is joined with those only; when its cards were last made. */
static const char version_11[] =
	"ALTER TABLE class ADD COLUMN own_codes INTEGER NOT NULL DEFAULT 0 CHECK (own_codes IN (0, 1));"
	"ALTER TABLE class ADD COLUMN cards_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE seat ADD COLUMN code TEXT NOT NULL DEFAULT '';"
	"CREATE UNIQUE INDEX seat_code ON seat (code) WHERE code <> '';";

/* Since when students may enter a class, and when its time stood still: it was frozen, or paused. A class that runs
 * was opened when it was launched. */
static const char version_12[] =
	"ALTER TABLE class ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;"
	"UPDATE class SET opened_at = launched_at;"
	"CREATE TABLE class_idle ("
	"	class INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,"
	"	began_at INTEGER NOT NULL,"
	"	ended_at INTEGER NOT NULL,"
	"	PRIMARY KEY (class, began_at)"
	") STRICT, WITHOUT ROWID;"
	"CREATE UNIQUE INDEX class_idle_now ON class_idle (class) WHERE ended_at = 0;";

/* Public keys of a seat's ssh name. */
static const char version_13[] =
	"CREATE TABLE seat_key ("
	"	id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"	seat INTEGER NOT NULL REFERENCES seat ON DELETE CASCADE,"
	"	type TEXT NOT NULL,"
	"	blob TEXT NOT NULL CHECK (blob <> ''),"
	"	fingerprint TEXT NOT NULL,"
	"	comment TEXT NOT NULL,"
	"	added_at INTEGER NOT NULL,"
	"	UNIQUE (seat, blob)"
	") STRICT;";

/* What is planned for a class. outcome: NULL as long as it is to come, "" when it was done, else why it was not. */
static const char version_14[] =
	"CREATE TABLE class_plan ("
	"	id INTEGER PRIMARY KEY,"
	"	class INTEGER NOT NULL REFERENCES class ON DELETE CASCADE,"
	"	at INTEGER NOT NULL,"
	"	action TEXT NOT NULL CHECK (action IN ('prepare', 'open', 'freeze', 'resume', 'close')),"
	"	untested INTEGER NOT NULL CHECK (untested IN (0, 1)),"
	"	outcome TEXT,"
	"	UNIQUE (class, at)"
	") STRICT;";

/* What machines were seen to take here, by course, name and what they are made from. What freezing knew before
 * of their sizes goes: it said nothing of the template. */
static const char version_15[] =
	"CREATE TABLE figure ("
	"	course TEXT NOT NULL,"
	"	machine TEXT NOT NULL,"
	"	base TEXT NOT NULL,"
	"	memory INTEGER NOT NULL CHECK (memory >= 0),"
	"	disk INTEGER NOT NULL CHECK (disk >= 0),"
	"	worked INTEGER NOT NULL CHECK (worked IN (0, 1)),"
	"	saved INTEGER NOT NULL CHECK (saved >= 0),"
	"	ready_ms INTEGER NOT NULL CHECK (ready_ms >= 0),"
	"	at INTEGER NOT NULL,"
	"	PRIMARY KEY (course, machine, base)"
	") STRICT, WITHOUT ROWID;"
	"DELETE FROM setting WHERE key LIKE 'frozen-bytes:%';";

/* Of each machine, so that one that ran wild can be told from the others. What was only known as the most of all counts as
 * one of them. */
static const char version_16[] =
	"CREATE TABLE figure_machine ("
	"	course TEXT NOT NULL,"
	"	machine TEXT NOT NULL,"
	"	base TEXT NOT NULL,"
	"	domain TEXT NOT NULL,"
	"	memory INTEGER NOT NULL CHECK (memory >= 0),"
	"	disk INTEGER NOT NULL CHECK (disk >= 0),"
	"	worked INTEGER NOT NULL CHECK (worked IN (0, 1)),"
	"	at INTEGER NOT NULL,"
	"	PRIMARY KEY (course, machine, base, domain)"
	") STRICT, WITHOUT ROWID;"
	"INSERT INTO figure_machine SELECT course, machine, base, 'earlier', memory, disk, worked, at FROM figure"
	" WHERE memory > 0;";

static const char *const steps[] = {
	version_1, version_2, version_3, version_4, version_5, version_6,
	version_7, version_8, version_9, version_10, version_11, version_12,
	version_13, version_14, version_15, version_16,
};
const struct schema schema_current = { steps, ARRAY_SIZE(steps) };

/* A pragma's number. Not through the statement cache: it keys on literals and these change the
 * schema. */
static int pragma_number(struct store *store, const char *sql, int64_t *value, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	else
		store_fail(store, err);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : -1;
}

static int run_text(struct store *store, const char *sql, struct err *err)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) ? store_fail(store, err) : 0;
}

static int foreign_keys_hold(struct store *store, struct err *err)
{
	int64_t broken;

	if (pragma_number(store, "SELECT count(*) FROM pragma_foreign_key_check", &broken, err) < 0)
		return -1;
	return broken ? err_set(err, ERR_INTERNAL, "%lld rows would lose what they belong to",
				(long long)broken) :
			0;
}

static int step_run(struct store *store, const struct schema *schema, size_t version,
		    struct err *err)
{
	char number[96];

	snprintf(number, sizeof(number), "PRAGMA application_id = %d; PRAGMA user_version = %zu",
		 STORE_APPLICATION_ID, version + 1);
	if (store_begin(store, err) < 0)
		return -1;
	int result = run_text(store, schema->step[version], err);
	if (result == 0)
		result = run_text(store, number, err);
	if (result == 0)
		result = foreign_keys_hold(store, err);
	if (store_end(store, result, err) < 0)
		return err_wrap(err, "%s stays at version %zu: the step to version %zu failed",
				store->path, version, version + 1);
	return 0;
}

/* Either nothing is in it yet, or our mark. */
static int file_is_ours(struct store *store, struct err *err)
{
	int64_t mark, objects;

	if (pragma_number(store, "PRAGMA application_id", &mark, err) < 0 ||
	    pragma_number(store, "SELECT count(*) FROM sqlite_schema", &objects, err) < 0)
		return -1;
	if (mark == STORE_APPLICATION_ID || (mark == 0 && objects == 0))
		return 0;
	return err_set(err, ERR_CONFLICT,
		       "%s is a database of another program: name another state directory",
		       store->path);
}

int schema_is_ours(struct store *store, struct err *err)
{
	int64_t mark;

	if (pragma_number(store, "PRAGMA application_id", &mark, err) < 0)
		return -1;
	return mark == STORE_APPLICATION_ID ? 0 :
		err_set(err, ERR_CONFLICT, "%s is not a database of Terakoya", store->path);
}

int schema_version(struct store *store, int64_t *version, struct err *err)
{
	return pragma_number(store, "PRAGMA user_version", version, err);
}

/* Foreign keys are off meanwhile (a step may rebuild a table) and checked before each commit; that
 * pragma does nothing inside a transaction: https://sqlite.org/lang_altertable.html#otheralter */
int schema_migrate(struct store *store, const struct schema *schema, struct err *err)
{
	int64_t version;
	int result = 0;

	if (file_is_ours(store, err) < 0 ||
	    schema_version(store, &version, err) < 0)
		return -1;
	if (version < 0 || version > (int64_t)schema->steps)
		return err_set(
			err, ERR_CONFLICT,
			"%s was written by a newer version of Terakoya (schema %lld, this program "
			"knows %zu): install that version, or put a backup of before in its place",
			store->path, (long long)version, schema->steps);
	if (run_text(store, "PRAGMA foreign_keys = OFF", err) < 0)
		return -1;
	for (; result == 0 && version < (int64_t)schema->steps; version++)
		result = step_run(store, schema, (size_t)version, err);
	if (result == 0)
		result = run_text(store, "PRAGMA foreign_keys = ON", err);
	return result;
}
