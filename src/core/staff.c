#include "core/staff.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/note.h"

bool class_has_staff(const struct class *class, int64_t person)
{
	for (size_t i = 0; i < class->staff_count; i++)
		if (class->staff[i] == person)
			return true;
	return false;
}

static bool can_be_added(enum role role)
{
	return role == ROLE_INSTRUCTOR || role == ROLE_ASSISTANT;
}

static void staff_note(const struct class *class, const struct actor *actor, const char *action,
		       const struct person *person)
{
	AUTO_FREE char *detail = str_fmt("{\"login\":\"%s\"}", person->login);

	note_class(class->core, actor, class, action, detail);
}

static int find_account(struct core *core, const char *login, struct person *person, struct err *err)
{
	if (people_by_login(core_store(core), login, person, NULL) == 0)
		return 0;
	return err_set(err, ERR_NOT_FOUND, "there is no account %.64s", login);
}

int staff_add(struct core *core, const struct actor *actor, struct class *class, const char *login,
	      struct err *err)
{
	AUTO(person) struct person person = { 0 };

	if (find_account(core, login, &person, err) < 0)
		return -1;
	if (!can_be_added(person.role))
		return err_set(err, ERR_INVALID, "%s has the role %s; only instructors and assistants are added to a class",
			       person.login, role_names[person.role]);
	if (class_has_staff(class, person.id) || class->row.instructor == person.id)
		return 0;
	if (class_staff_add(core_store(core), class->row.id, person.id, err) < 0)
		return -1;
	class->staff = mem_grow(class->staff, class->staff_count + 1, sizeof(*class->staff));
	class->staff[class->staff_count++] = person.id;
	staff_note(class, actor, "class.staff-add", &person);
	return 0;
}

void staff_forget(struct class *class, int64_t person)
{
	size_t left = 0;

	for (size_t i = 0; i < class->staff_count; i++)
		if (class->staff[i] != person)
			class->staff[left++] = class->staff[i];
	class->staff_count = left;
}

int staff_remove(struct core *core, const struct actor *actor, struct class *class, const char *login,
		 struct err *err)
{
	AUTO(person) struct person person = { 0 };

	if (find_account(core, login, &person, err) < 0)
		return -1;
	if (!class_has_staff(class, person.id))
		return err_set(err, ERR_NOT_FOUND, "%s was not added to class %lld", person.login,
			       (long long)class->row.id);
	if (class_staff_remove(core_store(core), class->row.id, person.id, err) < 0)
		return -1;
	staff_forget(class, person.id);
	staff_note(class, actor, "class.staff-remove", &person);
	return 0;
}

/* ---- looking -------------------------------------------------------------------------------- */

static json_t *view_member(const struct person *person)
{
	return json_pack("{s:s, s:s, s:s}", "login", person->login, "name", person->name, "role",
			 role_names[person->role]);
}

static void sort_member(const struct class *class, const struct person *person, json_t **owner,
			json_t *staff, json_t *others)
{
	if (person->id == class->row.instructor)
		*owner = view_member(person);
	else if (class_has_staff(class, person->id))
		json_array_append_new(staff, view_member(person));
	else if (can_be_added(person->role))
		json_array_append_new(others, view_member(person));
}

json_t *staff_view(struct core *core, const struct class *class, struct err *err)
{
	json_t *owner = NULL, *staff, *others;
	struct account_row *rows;
	size_t count;

	if (people_accounts(core_store(core), clock_real_ms(), &rows, &count, err) < 0)
		return NULL;
	staff = json_array();
	others = json_array();
	for (size_t i = 0; i < count; i++) {
		sort_member(class, &rows[i].person, &owner, staff, others);
		person_free(&rows[i].person);
	}
	free(rows);
	return json_pack("{s:o, s:o, s:o}", "owner", owner ? owner : json_null(), "staff", staff,
			 "others", others);
}
