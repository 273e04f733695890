#include "core/certificate.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/auth_internal.h"
#include "core/code.h"
#include "core/internal.h"
#include "core/organisation.h"
#include "core/results.h"
#include "core/setting.h"
#include "core/throttle.h"
#include "store/certificates.h"

#define TRIES_FREE 20
#define ADDRESSES  1024

/* ---- issuing -------------------------------------------------------------------------------- */

static bool is_date(const char *text)
{
	int year, month, day, end = 0;

	return strlen(text) == 10 && strspn(text, "0123456789-") == 10 &&
	       sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && end == 10 && year >= 2000 &&
	       month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static const char *seat_language(const struct seat *seat, struct person *person)
{
	if (seat->row.language && *seat->row.language)
		return seat->row.language;
	if (seat->row.person &&
	    people_get(seat->class->core->store, seat->row.person, person, NULL) == 0)
		return person->language;
	return "en";
}

static int issue(struct seat *seat, const struct certificate_wanted *wanted, struct err *err)
{
	struct core *core = seat->class->core;
	const struct pack_text *title = &seat->class->pack->title;
	json_t *organisation = view_organisation(core, seat->row.organisation);
	const char *called = json_string_value(json_object_get(organisation, "name"));
	AUTO(person) struct person person = { 0 };
	char code[CERTIFICATE_CODE];

	certificate_code_make(code);
	const struct certificate_row row = {
		.class_id = seat->class->row.id,
		.seat_id = seat->row.id,
		.code = code,
		.name = seat->row.name,
		.organisation = (char *)(called ? called : ""),
		.title_en = (char *)(title->in[PACK_EN] ? title->in[PACK_EN] : ""),
		.title_ja = (char *)(title->in[PACK_JA] ? title->in[PACK_JA] : ""),
		.begins = (char *)wanted->begins,
		.ends = (char *)wanted->ends,
		.minutes = wanted->minutes,
		.language = (char *)seat_language(seat, &person),
		.site = (char *)setting_text(core, SETTING_SITE_NAME),
		.issued_at = clock_real_ms(),
	};
	int result = certificates_add(core->store, &row, err);
	json_decref(organisation);
	return result;
}

static bool has_certificate(const struct certificate_row *rows, size_t count, int64_t seat)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].seat_id == seat)
			return true;
	return false;
}

static int find_seat(struct class *class, const json_t *named, struct seat **seat, struct err *err)
{
	json_int_t id = json_integer_value(json_object_get(named, "seat"));

	*seat = core_seat(class->core, id);
	if (!*seat || (*seat)->class != class)
		return err_set(err, ERR_NOT_FOUND, "there is no seat \"%lld\" in this class", (long long)id);
	if (!(*seat)->row.person || !*(*seat)->row.name)
		return err_set(err, ERR_CONFLICT, "nobody joined at seat %02u: there is nothing to certify",
			       (*seat)->row.number);
	return 0;
}

static int issue_all(struct class *class, const struct certificate_wanted *wanted,
		     const struct certificate_row *rows, size_t count, int *issued, struct err *err)
{
	const json_t *named;
	struct seat *seat;
	size_t i;

	json_array_foreach(wanted->seats, i, named) {
		if (find_seat(class, named, &seat, err) < 0)
			return -1;
		if (has_certificate(rows, count, seat->row.id))
			continue;
		if (issue(seat, wanted, err) < 0)
			return -1;
		(*issued)++;
	}
	return 0;
}

static void free_rows(struct certificate_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		certificate_row_free(&rows[i]);
	free(rows);
}

static int issue_wanted(struct class *class, const struct certificate_wanted *wanted, int *issued,
			struct err *err)
{
	struct store *store = class->core->store;
	struct certificate_row *rows;
	size_t count;

	if (certificates_list(store, class->row.id, &rows, &count, err) < 0)
		return -1;
	int result = issue_all(class, wanted, rows, count, issued, err);
	free_rows(rows, count);
	return result;
}

int certificates_issue(struct class *class, const struct actor *actor, const struct certificate_wanted *wanted,
		       struct err *err)
{
	struct store *store = class->core->store;
	int issued = 0;

	if (!is_date(wanted->begins) || !is_date(wanted->ends) || strcmp(wanted->begins, wanted->ends) > 0)
		return err_set(err, ERR_INVALID, "begins and ends must be dates such as 2026-11-23, in this order");
	if (store_begin(store, err) < 0)
		return -1;
	if (issue_wanted(class, wanted, &issued, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	AUTO_FREE char *detail = str_fmt("{\"certificates\":%d}", issued);
	if (issued)
		note_class(class->core, actor, class, "class.certify", detail);
	return 0;
}

int certificate_revoke(struct class *class, const struct actor *actor, const char *typed, struct err *err)
{
	char code[CERTIFICATE_CODE] = "";

	if (!certificate_code_read(typed, code))
		return err_set(err, ERR_NOT_FOUND, "\"%.32s\" is no certificate's code", typed);
	if (certificates_remove(class->core->store, class->row.id, code, err) < 0)
		return -1;
	AUTO_FREE char *detail = str_fmt("{\"code\":\"%s\"}", code);
	note_class(class->core, actor, class, "certificate.revoke", detail);
	return 0;
}

/* ---- looking -------------------------------------------------------------------------------- */

static json_t *view_certificate(const struct certificate_row *row, const char *url)
{
	AUTO_FREE char *address = str_fmt("%s%s", url, row->code);

	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:I, s:s, s:s, s:I}", "code",
			 row->code, "url", address, "seat", (json_int_t)row->seat_id, "name", row->name,
			 "organisation", row->organisation, "title", "en", row->title_en, "ja", row->title_ja,
			 "begins", row->begins, "ends", row->ends, "minutes", (json_int_t)row->minutes,
			 "language", row->language, "site", row->site, "issued_at",
			 (json_int_t)row->issued_at);
}

static json_t *view_attendance(const struct seat *seat, struct err *err)
{
	struct results_sum sum;

	if (results_sum(seat, &sum, err) < 0)
		return NULL;
	return json_pack("{s:I, s:i, s:s, s:I, s:i, s:i}", "seat", (json_int_t)seat->row.id, "number",
			 (int)seat->row.number, "name", seat->row.name, "joined_at",
			 (json_int_t)seat->row.joined_at, "tasks_done", sum.tasks_done, "tasks", sum.tasks);
}

static json_t *view_present(const struct class *class, struct err *err)
{
	json_t *seats = json_array();

	for (size_t i = 0; i < class->seats; i++) {
		json_t *one;
		if (!class->seat[i].row.person || !*class->seat[i].row.name)
			continue;
		if (!(one = view_attendance(&class->seat[i], err))) {
			json_decref(seats);
			return NULL;
		}
		json_array_append_new(seats, one);
	}
	return seats;
}

json_t *certificates_view(struct class *class, const char *url, struct err *err)
{
	json_t *list, *seats = view_present(class, err);
	struct certificate_row *rows;
	int minutes = 0;
	size_t count;

	if (!seats || certificates_list(class->core->store, class->row.id, &rows, &count, err) < 0) {
		json_decref(seats);
		return NULL;
	}
	list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, view_certificate(&rows[i], url));
	free_rows(rows, count);
	for (size_t i = 0; i < class->pack->labs; i++)
		minutes += (int)class->pack->lab[i].minutes;
	return json_pack("{s:i, s:s, s:o, s:o}", "minutes", minutes, "site",
			 setting_text(class->core, SETTING_SITE_NAME), "seats", seats, "certificates", list);
}

/* ---- confirming ----------------------------------------------------------------------------- */

static int try_lookup(struct core *core, const char *key, struct err *err)
{
	if (!core->lookups)
		core->lookups = throttle_new(ADDRESSES, TRIES_FREE);
	unsigned seconds = *key ? throttle_wait(core->lookups, key, clock_mono_ms()) : 0;
	if (!seconds) {
		throttle_charge(core->lookups, key, clock_mono_ms());
		return 0;
	}
	err_set(err, ERR_THROTTLED, "many codes were tried from here: try again in %u s", seconds);
	if (err)
		err->code = (int)seconds;
	return -1;
}

json_t *certificate_confirm(struct core *core, const char *typed, const char *address, struct err *err)
{
	AUTO(certificate_row) struct certificate_row row = { 0 };
	char key[ADDRESS_KEY], code[CERTIFICATE_CODE] = "";

	address_key(address, key);
	if (try_lookup(core, key, err) < 0)
		return NULL;
	if (!certificate_code_read(typed, code)) {
		err_set(err, ERR_NOT_FOUND, "a code has twelve letters and digits: compare it with the paper");
		return NULL;
	}
	if (certificates_by_code(core->store, code, &row, err) < 0)
		return NULL;
	throttle_refund(core->lookups, key);
	return json_pack("{s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:s}", "code", row.code, "name", row.name, "title",
			 "en", row.title_en, "ja", row.title_ja, "begins", row.begins, "ends", row.ends, "site",
			 row.site);
}
