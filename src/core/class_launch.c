/* From draft to open: what has to be there before a class is launched, and when all of its seats are settled. */
#include "core/internal.h"

#define LOG_MODULE "class"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "core/capacity.h"
#include "core/figures.h"
#include "core/proof.h"

/* Every image must be there; every template, too, where this host can clone. */
static int check_bases(struct core *core, const struct pack *pack, struct err *err)
{
	bool active = course_find(core, pack->id) == pack;

	for (size_t i = 0; i < pack->machines; i++) {
		const struct pack_machine *machine = &pack->machine[i];
		struct image image = { 0 };
		if (image_find(core, machine->image, &image, err) < 0)
			return -1;
		image_free(&image);
		if (core->host.can_clone && !template_key(core, pack, machine))
			return err_set(err, ERR_NOT_FOUND,
				       "the machine %s of %s has no template that fits this host now; bake it "
				       "on the course's page or with `terakoya template bake %s%s%s`",
				       machine->name, pack->id, pack->id, active ? "" : " --version ",
				       active ? "" : pack->version);
	}
	return 0;
}

static bool class_is_untested(struct class *class)
{
	return !class->row.hidden && !proof_passed_at(class->core, class->pack);
}

/* Last of all: whoever says yes to an untested course should not be refused for something else then. */
int class_check_tested(struct class *class, bool untested, struct err *err)
{
	const struct pack *pack = class->pack;
	bool active = course_find(class->core, pack->id) == pack;

	if (untested || !class_is_untested(class))
		return 0;
	if (course_version(class->core, pack->id, pack->version) != pack)
		return err_set(err, ERR_CONFLICT,
			       "class %lld was made with a course %s %s that never passed its test and is not "
			       "installed any more: make the class anew, or launch it untested all the same "
			       "(--untested, or the tick in the page)", (long long)class->row.id, pack->id,
			       pack->version);
	return err_set(err, ERR_CONFLICT,
		       "the course %s %s has not passed its test on real machines as it is now, so nobody knows "
		       "whether its labs can be solved: run `terakoya lab test %s%s%s` first, or launch it untested "
		       "all the same (--untested, or the tick in the page)", pack->id, pack->version, pack->id,
		       active ? "" : " --version ", active ? "" : pack->version);
}

static int check_launch(struct class *class, bool untested, struct err *err)
{
	struct core *core = class->core;

	if (class->state != CLASS_DRAFT)
		return err_set(err, ERR_CONFLICT, "class %lld is %s; only a draft can be launched",
			       (long long)class->row.id, class_state_names[class->state]);
	if (!core_virt_is_up(core))
		return err_set(err, ERR_UNAVAILABLE,
			       "libvirtd does not answer, so no machine can be made; start it, or run "
			       "`terakoya doctor --fix`");
	if (check_bases(core, class->pack, err) < 0 || capacity_check(class, err) < 0)
		return -1;
	return class_check_tested(class, untested, err);
}

/* From the class's new state on a restart at any moment goes on with the launch (reconcile.c). */
static int make_machines(struct core *core, const struct actor *actor, struct class *class, bool untested, bool open,
			 struct err *err)
{
	int64_t now = clock_real_ms();

	if (check_launch(class, untested, err) < 0)
		return -1;
	class->row.launched_at = now;
	class->row.opened_at = open ? now : 0;
	class->launch_mono = clock_mono_ms();
	if (class_set_state(class, CLASS_PREPARING, err) < 0) {
		class->row.launched_at = class->row.opened_at = 0;
		class->launch_mono = 0;
		return -1;
	}
	class_step_machines(class, EVENT_WANT);
	note_class(core, actor, class, open ? "class.launch" : "class.prepare",
		   class_is_untested(class) ? "{\"untested\": true}" : "");
	return 0;
}

int class_launch(struct core *core, const struct actor *actor, struct class *class, bool untested,
		 struct err *err)
{
	return make_machines(core, actor, class, untested, true, err);
}

int class_prepare(struct core *core, const struct actor *actor, struct class *class, bool untested,
		  struct err *err)
{
	return make_machines(core, actor, class, untested, false, err);
}

/* Nothing is made and nothing is asked: the machines are there, and whoever comes is let in. */
int class_open(struct core *core, const struct actor *actor, struct class *class, struct err *err)
{
	int64_t was = class->row.opened_at;

	if ((class->state != CLASS_PREPARED && class->state != CLASS_PREPARING) || was)
		return err_set(err, ERR_CONFLICT, "class %lld is %s; only a class that is prepared can be opened",
			       (long long)class->row.id, class_state_names[class->state]);
	class->row.opened_at = clock_real_ms();
	if (class_set_state(class, class->state == CLASS_PREPARED ? CLASS_OPEN : class->state, err) < 0) {
		class->row.opened_at = was;
		return -1;
	}
	note_class(core, actor, class, "class.open", "");
	return 0;
}

static bool all_settled(const struct class *class, bool *all_ready)
{
	*all_ready = true;
	for (size_t i = 0; i < class->seats; i++)
		for (size_t k = 0; k < class->seat[i].machines; k++) {
			enum machine_state state = class->seat[i].machine[k].state;
			if (state != MACHINE_READY && state != MACHINE_FAILED)
				return false;
			*all_ready &= state == MACHINE_READY;
		}
	return true;
}

enum class_state class_ready_state(const struct class *class)
{
	return class->row.opened_at ? CLASS_OPEN : CLASS_PREPARED;
}

void class_settled(struct class *class)
{
	struct err err = ERR_INIT;
	bool all_ready;

	if (class->state != CLASS_PREPARING || !all_settled(class, &all_ready))
		return;
	class->row.ready_at = clock_real_ms();
	class->ready_ms = class->launch_mono ?
				  (uint32_t)(clock_mono_ms() - class->launch_mono) :
				  (uint32_t)(class->row.ready_at - class->row.launched_at);
	log_info("class %lld: %zu seats %s in %u ms", (long long)class->row.id, class->seats,
		 all_ready ? "ready" : "settled, not all of them ready,", class->ready_ms);
	if (all_ready && class->launch_mono)
		figures_launched(class);
	if (class_set_state(class, class_ready_state(class), &err) < 0)
		log_error("class %lld could not be opened: %s", (long long)class->row.id, err.message);
}
