/* Reading a roster.
 *
 * What arrives was typed, exported by a spreadsheet in one of three encodings, or copied out of one (then it has
 * tabs). Nobody is asked what it is:
 *
 *   encoding   a byte order mark says it. Else lines that are not ASCII vote: Shift_JIS text is hardly ever
 *              valid UTF-8, so one broken line in a UTF-8 file stays one broken line, and is marked, rather
 *              than turning all others into nonsense.
 *   separator  of the first line that has any, outside of quotes: a tab, for no name holds one; else the more
 *              frequent of comma and semicolon.
 *   header     the first line is one when any of its cells is the name of a column. Then it says the order of
 *              columns; else that is name, mail, organisation, language.
 *
 * A quotation mark that is never closed would swallow the rest of the file. Then the row's quotes are read
 * as what they are, the row is marked, and the next line begins a new row.
 */
#include "core/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/unicode.h"
#include "core/name.h"

#define CELLS_MAX 24   /* of a line are kept; more are counted */
#define CELL_MAX  1024 /* bytes of a cell are kept: far more than any field may have */

void roster_free(struct roster *roster)
{
	if (!roster)
		return;
	for (size_t i = 0; i < roster->rows; i++) {
		for (int field = 0; field < ROSTER_FIELDS; field++)
			free(roster->row[i].value[field]);
		for (size_t k = 0; k < roster->row[i].problems; k++)
			free(roster->row[i].problem[k].detail);
		free(roster->row[i].problem);
	}
	for (size_t i = 0; i < roster->problems; i++)
		free(roster->problem[i].detail);
	free(roster->row);
	free(roster->problem);
	*roster = (struct roster){ 0 };
}

void roster_add(struct roster *roster, enum roster_code code, unsigned line, char *detail)
{
	roster->problem = mem_grow(roster->problem, roster->problems + 1, sizeof(*roster->problem));
	roster->problem[roster->problems++] =
		(struct roster_problem){ .code = code, .field = ROSTER_LINE, .line = line, .detail = detail };
}

void roster_row_add(struct roster_row *row, enum roster_code code, enum roster_field field, char *detail)
{
	row->problem = mem_grow(row->problem, row->problems + 1, sizeof(*row->problem));
	row->problem[row->problems++] =
		(struct roster_problem){ .code = code, .field = field, .line = row->line, .detail = detail };
}

static struct roster_row *add_row(struct roster *roster, unsigned line)
{
	roster->row = mem_grow(roster->row, roster->rows + 1, sizeof(*roster->row));
	roster->row[roster->rows] = (struct roster_row){ .line = line };
	return &roster->row[roster->rows++];
}

/* ---- encoding --------------------------------------------------------------------------------- */

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* Lines that are not ASCII: do at least as many belong to UTF-8 as do not? */
static bool is_mostly_utf8(const char *text, size_t length)
{
	size_t good = 0, bad = 0, from = 0;

	for (size_t i = 0; i <= length; i++) {
		if (i < length && !is_break(text[i]))
			continue;
		if (!is_ascii(text + from, i - from))
			*(str_is_utf8(text + from, i - from) ? &good : &bad) += 1;
		from = i + 1;
	}
	return good >= bad;
}

/* Without a mark: every other byte of what is mostly ASCII is zero. */
static const char *guess_utf16(const char *bytes, size_t length)
{
	size_t even = 0, odd = 0;

	for (size_t i = 0; i + 1 < length; i += 2) {
		even += !bytes[i];
		odd += !bytes[i + 1];
	}
	if (odd > length / 8 && !even)
		return "UTF-16LE";
	return even > length / 8 && !odd ? "UTF-16BE" : NULL;
}

struct decoded {
	char *text; /* UTF-8, or hopefully so */
	size_t length;
	const char *encoding;
};

static bool decode_as(struct decoded *decoded, const char *library, const char *shown, const char *bytes,
		      size_t length)
{
	decoded->text = unicode_from(library, bytes, length, &decoded->length);
	decoded->encoding = shown;
	return decoded->text;
}

static void decode_plain(struct decoded *decoded, const char *bytes, size_t length)
{
	decoded->text = mem_alloc(length + 1);
	memcpy(decoded->text, bytes, length);
	decoded->length = length;
	decoded->encoding = "UTF-8";
}

static void decode(struct decoded *decoded, const char *bytes, size_t length)
{
	const char *utf16 = NULL;

	if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		decode_plain(decoded, bytes + 3, length - 3);
		return;
	}
	if (length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
		utf16 = "UTF-16";
	else
		utf16 = guess_utf16(bytes, length);
	if (utf16 && decode_as(decoded, utf16, "UTF-16", bytes, length))
		return;
	if (!is_mostly_utf8(bytes, length) &&
	    decode_as(decoded, "windows-31j", "Shift_JIS", bytes, length))
		return;
	decode_plain(decoded, bytes, length);
}

/* From here on text ends at its NUL. One inside becomes another control character, which is complained of. */
static void replace_nuls(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!text[i])
			text[i] = 1;
}

/* ---- cells ------------------------------------------------------------------------------------ */

struct reader {
	const char *at;
	unsigned line;
	char separator;
	bool quotes; /* mean something */
};

struct cells {
	char *cell[CELLS_MAX];
	size_t count; /* may be more than were kept */
	bool open, stray;
};

static void cells_free(struct cells *cells)
{
	for (size_t i = 0; i < cells->count && i < CELLS_MAX; i++)
		free(cells->cell[i]);
	*cells = (struct cells){ 0 };
}

static void take(struct reader *reader, struct buf *cell)
{
	buf_append(cell, reader->at++, 1);
}

static void read_quoted(struct reader *reader, struct buf *cell, struct cells *cells)
{
	for (reader->at++; *reader->at; take(reader, cell)) {
		if (*reader->at == '"' && reader->at[1] != '"') {
			reader->at++;
			return;
		}
		if (*reader->at == '"')
			reader->at++;
		if (*reader->at == '\n' || (*reader->at == '\r' && reader->at[1] != '\n'))
			reader->line++;
	}
	cells->open = true;
}

/* From where it begins to the separator, the line's break or the end. */
static void read_cell(struct reader *reader, struct cells *cells)
{
	AUTO(buf) struct buf cell = { 0 };
	bool quoted = false;

	while (reader->quotes && *reader->at == ' ')
		take(reader, &cell);
	if (reader->quotes && *reader->at == '"') {
		quoted = true;
		buf_consume(&cell, cell.length);
		read_quoted(reader, &cell, cells);
	}
	for (; *reader->at && *reader->at != reader->separator && !is_break(*reader->at); take(reader, &cell))
		cells->stray |= *reader->at == '"' || (quoted && *reader->at != ' ');
	if (cells->count < CELLS_MAX)
		cells->cell[cells->count] = str_copy(cell.data ? (char *)cell.data : "");
	cells->count++;
}

static void read_cells(struct reader *reader, struct cells *cells)
{
	for (;;) {
		read_cell(reader, cells);
		if (*reader->at != reader->separator || !*reader->at)
			return;
		reader->at++;
	}
}

static void skip_break(struct reader *reader)
{
	if (reader->at[0] == '\r' && reader->at[1] == '\n')
		reader->at++;
	if (*reader->at) {
		reader->at++;
		reader->line++;
	}
}

/* One row, and on to the next; false at the end. */
static bool read_line(struct reader *reader, struct cells *cells)
{
	struct reader begin = *reader;

	if (!*reader->at)
		return false;
	read_cells(reader, cells);
	if (cells->open) {
		cells_free(cells);
		*reader = begin;
		reader->quotes = false;
		read_cells(reader, cells);
		reader->quotes = true;
		cells->open = true;
		cells->stray = false;
	}
	skip_break(reader);
	return true;
}

static char find_separator(const char *text)
{
	size_t commas = 0, semicolons = 0;
	bool quoted = false;

	for (; *text && !(is_break(*text) && (commas || semicolons)); text++) {
		quoted = is_break(*text) ? false : quoted != (*text == '"');
		if (quoted)
			continue;
		if (*text == '\t')
			return '\t';
		commas += *text == ',';
		semicolons += *text == ';';
	}
	return semicolons > commas ? ';' : ',';
}

/* ---- columns ---------------------------------------------------------------------------------- */

#define COLUMN_UNKNOWN (-1)

struct columns {
	int field[CELLS_MAX]; /* enum roster_field, or COLUMN_UNKNOWN */
	size_t count;
};

static const struct columns usual = { { ROSTER_NAME, ROSTER_MAIL, ROSTER_ORGANISATION, ROSTER_LANGUAGE },
				      ROSTER_FIELDS };

/* As name_key() gives them: without blanks, in small letters. */
static const char *const column_names[ROSTER_FIELDS][16] = {
	[ROSTER_NAME] = { "name", "fullname", "student", "studentname", "participant", "attendee", "氏名",
			  "名前", "お名前", "受講者", "受講者名", "受講者氏名", "参加者", "参加者名" },
	[ROSTER_MAIL] = { "mail", "email", "e-mail", "mailaddress", "emailaddress", "e-mailaddress", "メール",
			  "メールアドレス", "eメール", "電子メール", "電子メールアドレス", "アドレス" },
	[ROSTER_ORGANISATION] = { "organisation", "organization", "company", "companyname", "affiliation",
				  "所属", "所属先", "所属組織", "会社", "会社名", "組織", "組織名", "企業",
				  "企業名", "団体", "団体名" },
	[ROSTER_LANGUAGE] = { "language", "lang", "言語", "使用言語", "希望言語", "表示言語", "ことば" },
};

static int column_of(const char *cell)
{
	AUTO_FREE char *key = name_key(cell);

	for (int field = 0; field < ROSTER_FIELDS; field++)
		for (size_t i = 0; i < ARRAY_SIZE(column_names[field]) && column_names[field][i]; i++)
			if (strcmp(column_names[field][i], key) == 0)
				return field;
	return COLUMN_UNKNOWN;
}

/* false: it is no header, but somebody. */
static bool read_header(const struct cells *cells, struct columns *columns)
{
	bool known = false;

	columns->count = cells->count < CELLS_MAX ? cells->count : CELLS_MAX;
	for (size_t i = 0; i < columns->count; i++) {
		columns->field[i] = column_of(cells->cell[i]);
		known |= columns->field[i] != COLUMN_UNKNOWN;
	}
	return known;
}

static char *shown(const char *text)
{
	char cut[4 * 24 + 1];

	str_cut(cut, sizeof(cut), text);
	str_scrub(cut);
	return str_copy(cut);
}

static void judge_header(struct roster *roster, const struct cells *cells, const struct columns *columns,
			 unsigned line)
{
	unsigned seen[ROSTER_FIELDS] = { 0 };

	for (size_t i = 0; i < columns->count; i++) {
		int field = columns->field[i];
		if (field != COLUMN_UNKNOWN && seen[field]++ == 1)
			roster_add(roster, ROSTER_COLUMN_TWICE, line, shown(cells->cell[i]));
		else if (field == COLUMN_UNKNOWN && *cells->cell[i])
			roster_add(roster, ROSTER_COLUMN_UNKNOWN, line, shown(cells->cell[i]));
	}
	if (!seen[ROSTER_NAME])
		roster_add(roster, ROSTER_NO_NAMES, line, NULL);
}

/* ---- rows ------------------------------------------------------------------------------------- */

static bool is_blank(const struct cells *cells)
{
	for (size_t i = 0; i < cells->count && i < CELLS_MAX; i++)
		if (strspn(cells->cell[i], " \t\v\f") != strlen(cells->cell[i]))
			return false;
	return true;
}

/* Cells that are empty at a line's end count for nothing: spreadsheets write them. */
static size_t used_cells(const struct cells *cells)
{
	size_t count = cells->count;

	while (count && count <= CELLS_MAX && !*cells->cell[count - 1])
		count--;
	return count;
}

static void fill_row(struct roster_row *row, const struct cells *cells, const struct columns *columns)
{
	for (size_t i = 0; i < columns->count && i < cells->count; i++) {
		int field = columns->field[i];
		if (field == COLUMN_UNKNOWN || row->value[field])
			continue;
		row->value[field] = mem_alloc(CELL_MAX);
		str_cut(row->value[field], CELL_MAX, cells->cell[i]);
	}
	if (cells->open)
		roster_row_add(row, ROSTER_QUOTE_OPEN, ROSTER_LINE, NULL);
	if (cells->stray)
		roster_row_add(row, ROSTER_QUOTE_STRAY, ROSTER_LINE, NULL);
	if (used_cells(cells) > columns->count)
		roster_row_add(row, ROSTER_COLUMNS, ROSTER_LINE, str_fmt("%zu", columns->count));
}

struct tally {
	unsigned people, blanks, first_blank, first_over;
};

static void read_row(struct roster *roster, const struct cells *cells, const struct columns *columns,
		     unsigned line, struct tally *tally)
{
	if (is_blank(cells)) {
		if (!tally->blanks++)
			tally->first_blank = line;
	} else if (tally->people++ < CLASS_SEATS_MAX) {
		fill_row(add_row(roster, line), cells, columns);
	} else if (!tally->first_over) {
		tally->first_over = line;
	}
}

static void tell_tally(struct roster *roster, const struct tally *tally)
{
	if (!tally->people)
		roster_add(roster, ROSTER_EMPTY, 0, NULL);
	if (tally->first_over)
		roster_add(roster, ROSTER_ROWS, tally->first_over, str_fmt("%u", tally->people));
	if (tally->blanks)
		roster_add(roster, ROSTER_EMPTY_LINES, tally->first_blank, str_fmt("%u", tally->blanks));
}

static void read_text(struct roster *roster, const char *text)
{
	struct reader reader = { .at = text, .line = 1, .separator = roster->separator, .quotes = true };
	struct columns columns = usual;
	struct tally tally = { 0 };
	struct cells cells = { 0 };
	bool first = true;

	for (unsigned line = 1; read_line(&reader, &cells); line = reader.line) {
		struct columns named;
		if (first && !is_blank(&cells) && read_header(&cells, &named)) {
			roster->header = true;
			columns = named;
			judge_header(roster, &cells, &columns, line);
		} else {
			read_row(roster, &cells, &columns, line, &tally);
		}
		first = first && is_blank(&cells);
		cells_free(&cells);
	}
	tell_tally(roster, &tally);
}

/* A zip archive, or the format of before 2007. */
static bool is_workbook(const char *bytes, size_t length)
{
	return length >= 4 &&
	       (memcmp(bytes, "PK\x03\x04", 4) == 0 || memcmp(bytes, "\xd0\xcf\x11\xe0", 4) == 0);
}

int roster_read(const char *bytes, size_t length, struct roster *roster, struct err *err)
{
	struct decoded decoded;

	if (length > ROSTER_BYTES_MAX)
		return err_set(err, ERR_TOO_LARGE, "the roster has over %d kB", ROSTER_BYTES_MAX / 1024);
	*roster = (struct roster){ .encoding = "UTF-8", .separator = ',' };
	if (is_workbook(bytes, length)) {
		roster_add(roster, ROSTER_WORKBOOK, 0, NULL);
		return 0;
	}
	decode(&decoded, bytes, length);
	replace_nuls(decoded.text, decoded.length);
	roster->encoding = decoded.encoding;
	roster->separator = find_separator(decoded.text);
	read_text(roster, decoded.text);
	free(decoded.text);
	roster_check(roster);
	return 0;
}

void roster_of(const struct class_person *people, size_t count, struct roster *roster)
{
	*roster = (struct roster){ .encoding = "UTF-8", .separator = ',' };
	for (size_t i = 0; i < count; i++) {
		struct roster_row *row = add_row(roster, (unsigned)i + 1);
		row->value[ROSTER_NAME] = str_copy(people[i].name);
		row->value[ROSTER_MAIL] = str_copy(people[i].mail);
		row->value[ROSTER_ORGANISATION] = str_copy(people[i].organisation);
		row->value[ROSTER_LANGUAGE] = str_copy(people[i].language);
	}
	roster_check(roster);
}
