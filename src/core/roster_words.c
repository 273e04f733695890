/* What is told about a roster, in words for whoever mends it, and as JSON. "{}" in the words is the gap for a
 * problem's detail. */
#include "core/roster.h"

#include <assert.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"

static const struct words {
	const char *name;
	bool wrong;
	const char *en, *ja;
} words[] = {
	[ROSTER_EMPTY] = { "empty", true, "Nobody is in it.", "誰も書かれていません。" },
	[ROSTER_WORKBOOK] = { "workbook", true,
			      "This is a workbook of a spreadsheet program: save it as CSV (in Excel: CSV UTF-8), or "
			      "copy its cells and paste them.",
			      "表計算ソフトのブック形式です。CSV 形式（Excel なら「CSV UTF-8」）で保存するか、セルをコピーして"
			      "貼り付けてください。" },
	[ROSTER_ROWS] = { "rows", true, "There are {} people, and a class has at most 500 seats: the first too many is here.",
			  "{} 人いますが、クラスの席は最大 500 です。この行から先が入りません。" },
	[ROSTER_NO_NAMES] = { "no-names", true, "The header line names no column for names: call it \"name\".",
			      "見出し行に氏名の列がありません。列名を「氏名」にしてください。" },
	[ROSTER_COLUMN_TWICE] = { "column-twice", true, "The column \"{}\" is there twice: remove one, or join the two.",
				  "列「{}」が 2 つあります。1 つにしてください。" },
	[ROSTER_COLUMN_UNKNOWN] = { "column-unknown", false, "The column \"{}\" is not read.",
				    "列「{}」は読み込まれません。" },
	[ROSTER_EMPTY_LINES] = { "empty-line", false, "Empty lines that were left out: {}.",
				 "空行を {} 行読み飛ばしました。" },
	[ROSTER_QUOTE_OPEN] = { "quote-open", true, "A quotation mark is opened and never closed.",
				"引用符（\"）が閉じられていません。" },
	[ROSTER_QUOTE_STRAY] = { "quote-stray", true,
				 "A quotation mark stands inside of a field: quote the whole field, and write the mark "
				 "inside of it twice.",
				 "項目の途中に引用符（\"）があります。項目全体を引用符で囲み、中の引用符は 2 つ続けてください。" },
	[ROSTER_COLUMNS] = { "columns", true, "The line has more than {} fields.", "項目が {} 個を超えています。" },
	[ROSTER_NOT_UTF8] = { "not-utf8", true, "Some bytes are no characters: save the file as CSV UTF-8, or type it again.",
			      "文字として読めない部分があります。「CSV UTF-8」で保存し直すか、入力し直してください。" },
	[ROSTER_LOST] = { "lost", true, "A character was lost (�): type it again.",
			  "文字化けしています（�）。入力し直してください。" },
	[ROSTER_LINE_BREAK] = { "line-break", true, "The field goes on in the next line: put it into one.",
				"項目の途中で改行されています。1 行にしてください。" },
	[ROSTER_CONTROL] = { "control", true, "A control character (a tab, for example) is in it: remove it.",
			     "制御文字（タブなど）が含まれています。取り除いてください。" },
	[ROSTER_INVISIBLE] = { "invisible", true,
			       "A character that nobody sees, or that turns the direction of writing, is in it: remove it.",
			       "見えない文字、または文字の向きを変える文字が含まれています。取り除いてください。" },
	[ROSTER_LONG] = { "long", true, "At most {} characters fit.", "{} 文字以内にしてください。" },
	[ROSTER_FORMULA] = { "formula", false, "It looks like a formula; it is kept as text.",
			     "数式のように見えますが、文字として扱います。" },
	[ROSTER_NAME_MISSING] = { "name-missing", true, "The name is missing.", "氏名がありません。" },
	[ROSTER_NAME_TWICE] = { "name-twice", true,
				"Line {} has this name, too: tell the two apart, for example by their company.",
				"{} 行目と同じ氏名です。会社名を付けるなどして区別してください。" },
	[ROSTER_NAME_IS_MAIL] = { "name-is-mail", true,
				  "This is a mail address, not a name: are the columns in another order?",
				  "氏名ではなくメールアドレスのようです。列の順序を確かめてください。" },
	[ROSTER_MAIL_AT] = { "mail-at", true, "A mail address has exactly one @, with something on both sides.",
			     "メールアドレスには @ が 1 つだけ必要で、その前後に文字が要ります。" },
	[ROSTER_MAIL_CHARACTERS] = { "mail-characters", true,
				     "A mail address has half-width letters, digits and signs only, and is one address.",
				     "メールアドレスは 1 つだけ、半角の英数字と記号で入力してください。" },
	[ROSTER_MAIL_DOTS] = { "mail-dots", true,
			       "Before the @ stand 1 to 64 characters, without a dot at an end or two dots together.",
			       "@ の前は 1〜64 文字で、先頭・末尾のドットや連続するドットは使えません。" },
	[ROSTER_MAIL_DOMAIN] = { "mail-domain", true, "What stands behind the @ is no domain (example.co.jp).",
				 "@ の後がドメイン名（example.co.jp など）になっていません。" },
	[ROSTER_MAIL_TWICE] = { "mail-twice", true, "Line {} has this mail address, too.",
				"{} 行目と同じメールアドレスです。" },
	[ROSTER_LANGUAGE_UNKNOWN] = { "language-unknown", true, "The language is en or ja, or empty.",
				      "言語は en（英語）か ja（日本語）、または空欄にしてください。" },
};
static_assert(ARRAY_SIZE(words) == ROSTER_CODES, "every code has its words");

static const char *const field_names[] = {
	[ROSTER_NAME] = "name",		[ROSTER_MAIL] = "mail", [ROSTER_ORGANISATION] = "organisation",
	[ROSTER_LANGUAGE] = "language", [ROSTER_LINE] = "line",
};

bool roster_code_is_wrong(enum roster_code code)
{
	return words[code].wrong;
}

static char *fill(const char *text, const char *detail)
{
	const char *gap = strstr(text, "{}");

	return gap ? str_fmt("%.*s%s%s", (int)(gap - text), text, detail ? detail : "", gap + 2) : str_copy(text);
}

static json_t *view_problem(const struct roster_problem *problem)
{
	const struct words *of = &words[problem->code];
	AUTO_FREE char *en = fill(of->en, problem->detail), *ja = fill(of->ja, problem->detail);

	return json_pack("{s:i, s:s, s:s, s:b, s:{s:s, s:s}}", "line", (int)problem->line, "field",
			 field_names[problem->field], "code", of->name, "wrong", of->wrong, "text", "en", en, "ja",
			 ja);
}

static json_t *view_problems(const struct roster_problem *problem, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, view_problem(&problem[i]));
	return list;
}

json_t *view_roster(const struct roster *roster)
{
	const char separator[] = { roster->separator, 0 };
	json_t *rows = json_array();

	for (size_t i = 0; i < roster->rows; i++) {
		const struct roster_row *row = &roster->row[i];
		json_t *view = json_pack("{s:i, s:o}", "line", (int)row->line, "problems",
					 view_problems(row->problem, row->problems));
		for (int field = 0; field < ROSTER_FIELDS; field++)
			json_object_set_new(view, field_names[field], json_string(row->value[field]));
		json_array_append_new(rows, view);
	}
	return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o}", "encoding", roster->encoding, "separator", separator,
			 "header", roster->header, "right", roster_is_right(roster), "rows", rows, "problems",
			 view_problems(roster->problem, roster->problems));
}

/* ---- the verdict ------------------------------------------------------------------------------ */

static size_t count_wrong(const struct roster_problem *problem, size_t count,
			  const struct roster_problem **first)
{
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++)
		if (words[problem[i].code].wrong && !wrong++ && !*first)
			*first = &problem[i];
	return wrong;
}

static size_t wrong_of(const struct roster *roster, const struct roster_problem **first)
{
	size_t wrong = count_wrong(roster->problem, roster->problems, first);

	for (size_t i = 0; i < roster->rows; i++)
		wrong += count_wrong(roster->row[i].problem, roster->row[i].problems, first);
	return wrong;
}

bool roster_is_right(const struct roster *roster)
{
	const struct roster_problem *first = NULL;

	return wrong_of(roster, &first) == 0;
}

static const char *name_at(const struct roster *roster, unsigned line)
{
	for (size_t i = 0; i < roster->rows; i++)
		if (roster->row[i].line == line)
			return roster->row[i].value[ROSTER_NAME];
	return "";
}

int roster_refuse(const struct roster *roster, struct err *err)
{
	const struct roster_problem *first = NULL;
	size_t wrong = wrong_of(roster, &first);

	if (!first)
		return 0;
	AUTO_FREE char *text = fill(words[first->code].en, first->detail);
	text[strlen(text) - 1] = 0; /* the dot */
	AUTO_FREE char *more = wrong > 1 ? str_fmt(" (and %zu more)", wrong - 1) : str_copy("");
	return err_set(err, ERR_INVALID, "line %u (%.60s), %s: %s%s", first->line, name_at(roster, first->line),
		       field_names[first->field], text, more);
}
