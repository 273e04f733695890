/* Runs a proof: one hidden class after the other, a seed each.
 *
 *   class made and launched -> its seats walk (proof_walk.c) -> closed -> removed -> the next seed, or the end
 *
 * Level-triggered: whatever changes calls proof_wake(), and look() finds out what can go on. A daemon that
 * ends in the middle leaves a hidden class that nobody works with; the next start removes it like any other
 * that is left over, and the run has no row. A run that is stopped is left in the same way.
 */
#include "core/proof_internal.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "proof"
#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#define TICK_MS 2000 /* deadlines are looked at this often */

static const struct actor prover = { .role = ROLE_ADMIN, .name = "lab test" };

struct proof *proof_find(struct core *core, int64_t serial)
{
	struct proof *proof = core->stopping ? NULL : core->proof;

	return proof && proof->serial == serial ? proof : NULL;
}

static void tell_progress(struct proof *proof)
{
	AUTO_FREE char *step = str_fmt("seed %u of %u: %s", proof->seed, proof->seeds,
				       proof->walker[0].promise ? proof->walker[0].promise :
								  "machines and other seats");
	struct work *work = core_work(proof->core, proof->work_id);

	if (work)
		work_progress(proof->core, work, (double)proof->steps_done / (double)proof->steps, step);
}

static void free_walkers(struct proof *proof)
{
	for (unsigned i = 0; i < proof->walkers; i++)
		walker_free(&proof->walker[i]);
	proof->walkers = 0;
}

void proof_free(struct core *core)
{
	struct proof *proof = STEAL(core->proof);

	if (!proof)
		return;
	sd_event_source_disable_unref(proof->tick);
	free_walkers(proof);
	for (size_t i = 0; i < proof->answers; i++)
		free(proof->answer[i].text);
	free(proof->answer);
	free(proof->time);
	json_decref(proof->results);
	free(proof);
}

/* ---- what is left over ------------------------------------------------------------------------ */

static struct class *left_over(struct core *core)
{
	struct class *class;

	LIST_FOREACH(class, &core->classes, entry)
		if (class->row.hidden && !trial_has_class(core, class->row.id) &&
		    (!core->proof || core->proof->class_id != class->row.id))
			return class;
	return NULL;
}

void proof_tidy(struct core *core)
{
	struct err err = ERR_INIT;

	for (struct class *class; (class = left_over(core));) {
		int failed = 0;
		if (class->state == CLASS_DRAFT || class->state == CLASS_CLOSED)
			failed = class_remove(core, &prover, class, &err);
		else if (class->state != CLASS_CLOSING)
			failed = class_close(core, &prover, class, &err);
		else
			return;
		if (failed) {
			log_warning("a class of a proof is left over: %s", err.message);
			return;
		}
	}
}

/* ---- one seed --------------------------------------------------------------------------------- */

static void walker_begin(struct proof_walker *walker, struct proof *proof, struct seat *seat)
{
	*walker = (struct proof_walker){ .proof = proof,
					 .number = seat->row.number,
					 .seat_id = seat->row.id,
					 .state = WALK_MACHINES,
					 .since = clock_mono_ms() };
	memset(walker->life, 0xff, sizeof(walker->life));
	if (seat->row.number == 1) {
		proof_plan_in_order(&walker->plan, proof->lab, proof->labs);
		return;
	}
	for (size_t i = seat->row.number - 2; i < proof->labs; i += proof->seats - 1)
		proof_plan_alone(&walker->plan, proof->pack, proof->lab[i], walker->plan.count == 0,
				 proof->secret, seat->row.number);
}

static void count_steps(struct proof *proof)
{
	size_t steps = 0;

	for (unsigned i = 0; i < proof->walkers; i++)
		steps += proof->walker[i].plan.count;
	proof->steps = steps * proof->seeds;
}

static int seed_begin(struct proof *proof, struct err *err)
{
	struct core *core = proof->core;
	uint8_t secret[PACK_SECRET_BYTES];
	const struct class_new wanted = { .course = proof->pack->id,
					  .version = proof->pack->version,
					  .name = "lab test",
					  .seats = proof->seats,
					  .hidden = true,
					  .secret = secret };
	struct class *class;

	proof_secret(proof->lab, proof->labs, proof->seed ? proof->secret : NULL, secret);
	memcpy(proof->secret, secret, sizeof(secret));
	if (class_create(core, &prover, &wanted, &class, err) < 0)
		return -1;
	proof->class_id = class->row.id;
	proof->seed++;
	if (class->pack != proof->pack)
		return err_set(err, ERR_CONFLICT, "the course %s was changed meanwhile; test it again",
			       proof->pack->id);
	for (size_t i = 0; i < class->seats; i++)
		walker_begin(&proof->walker[proof->walkers++], proof, &class->seat[i]);
	count_steps(proof);
	return class_launch(core, &prover, class, false, err);
}

static void seed_end(struct proof *proof)
{
	proof->class_id = 0;
	free_walkers(proof);
	proof_wake(proof->core);
}

static void proof_end(struct core *core, const struct err *why)
{
	struct proof *proof = core->proof;
	struct work *work = core_work(proof->core, proof->work_id);
	struct err err = ERR_INIT;

	if (why)
		report_result(proof, 0, "the seats of this seed get their machines", why->message);
	else
		report_answers(proof);
	if (report_save(proof, &err) < 0)
		log_error("%s", err.message);
	AUTO_FREE char *message = str_fmt("%u of %zu promises do not hold", proof->failures,
					  json_array_size(proof->results));
	if (work)
		work_end(core, work, proof->failures ? message : NULL);
	proof_free(core);
}

static void go_on(struct core *core)
{
	struct proof *proof = core->proof;
	struct err err = ERR_INIT;

	if (proof->seed == proof->seeds)
		proof_end(core, NULL);
	else if (seed_begin(proof, &err) < 0)
		proof_end(core, &err);
}

static bool all_over(const struct proof *proof)
{
	for (unsigned i = 0; i < proof->walkers; i++)
		if (proof->walker[i].state != WALK_OVER)
			return false;
	return true;
}

static void look(void *context)
{
	struct core *core = context;
	struct proof *proof = core->proof;

	core->proof_woken = false;
	if (proof && proof->class_id) {
		for (unsigned i = 0; i < proof->walkers; i++)
			walker_go(&proof->walker[i]);
		tell_progress(proof);
		if (all_over(proof))
			seed_end(proof);
	}
	proof_tidy(core);
	if (core->proof && !core->proof->class_id && !left_over(core))
		go_on(core);
	proof_tidy(core);
}

void proof_wake(struct core *core)
{
	if (core->stopping || core->proof_woken)
		return;
	core->proof_woken = true;
	loop_post(core->loop, look, core);
}

static int tick(sd_event_source *source, uint64_t now, void *context)
{
	struct proof *proof = context;

	(void)source, (void)now;
	proof_wake(proof->core);
	return loop_timer(proof->core->loop, &proof->tick, TICK_MS, tick, proof);
}

/* ---- beginning -------------------------------------------------------------------------------- */

static int choose_labs(struct proof *proof, const struct proof_new *request, struct err *err)
{
	const struct pack *pack = proof->pack;

	for (size_t i = 0; i < request->lab_count; i++)
		if (!pack_lab(pack, request->labs[i]))
			return err_set(err, ERR_NOT_FOUND, "the course %s has no lab \"%s\"", pack->id,
				       request->labs[i]);
	for (size_t i = 0; i < pack->labs && proof->labs < PROOF_LABS_MAX; i++) {
		bool chosen = request->lab_count == 0;
		for (size_t k = 0; k < request->lab_count; k++)
			chosen |= strcmp(pack->lab[i].id, request->labs[k]) == 0;
		if (chosen)
			proof->lab[proof->labs++] = &pack->lab[i];
	}
	return 0;
}

static int check_request(struct core *core, const struct proof_new *request, struct err *err)
{
	if (core->proof)
		return err_set(err, ERR_CONFLICT, "the course %s is being tested; wait until that has ended",
			       core->proof->pack->id);
	if (request->seeds < 1 || request->seeds > PROOF_SEEDS_MAX)
		return err_set(err, ERR_INVALID, "a test takes 1 to %d seeds", PROOF_SEEDS_MAX);
	if (request->seats < 2 || request->seats > PROOF_SEATS_MAX)
		return err_set(err, ERR_INVALID, "a test takes 2 to %d seats", PROOF_SEATS_MAX);
	return 0;
}

static int proof_begin(struct core *core, const struct actor *actor, const struct proof_new *request,
		       struct work **work, struct err *err)
{
	const struct pack *pack = course_version(core, request->course, request->version);

	if (!pack)
		return err_set(err, ERR_NOT_FOUND, "there is no course \"%s\" here, or it cannot be read; "
			       "`terakoya lab lint` says why", request->course);
	struct proof *proof = core->proof = mem_alloc(sizeof(*proof));
	*proof = (struct proof){ .core = core,
				 .serial = ++core->next_proof,
				 .pack = pack,
				 .seeds = request->seeds,
				 .seats = request->seats,
				 .started = clock_mono_ms(),
				 .results = json_array() };
	if (choose_labs(proof, request, err) < 0 || seed_begin(proof, err) < 0) {
		proof_free(core);
		proof_tidy(core);
		return -1;
	}
	*work = work_start(core, "proof", pack->id);
	proof->work_id = (*work)->id;
	loop_timer(core->loop, &proof->tick, TICK_MS, tick, proof);
	note(core, actor, "course.test", 0, 0, pack->id, "");
	return 0;
}

/* Waits for the courses to be read. */
struct starting {
	struct core *core;
	struct actor actor;
	struct proof_new request; /* with copies of what it points at */
	proof_started_fn *done;
	void *context;
};

static void starting_free(struct starting *starting)
{
	struct proof_new *request = &starting->request;

	for (size_t i = 0; i < request->lab_count; i++)
		free((char *)request->labs[i]);
	free((void *)request->labs);
	free((char *)request->course);
	free((char *)request->version);
	free(starting);
}

static void read_anew(void *context)
{
	struct starting *starting = context;
	struct core *core = starting->core;
	struct work *work = NULL;
	struct err err = ERR_INIT;

	if (core->stopping)
		err_set(&err, ERR_UNAVAILABLE, "the daemon ends; try again when it is back");
	else if (check_request(core, &starting->request, &err) == 0)
		proof_begin(core, &starting->actor, &starting->request, &work, &err);
	starting->done(starting->context, work, work ? NULL : &err);
	starting_free(starting);
}

int proof_start(struct core *core, const struct actor *actor, const struct proof_new *request,
		proof_started_fn *done, void *context, struct err *err)
{
	if (check_request(core, request, err) < 0)
		return -1;
	struct starting *starting = mem_alloc(sizeof(*starting));
	const char **labs = mem_alloc((request->lab_count + 1) * sizeof(*labs));
	*starting = (struct starting){ .core = core, .actor = *actor, .request = *request, .done = done,
				       .context = context };
	for (size_t i = 0; i < request->lab_count; i++)
		labs[i] = str_copy(request->labs[i]);
	starting->request.labs = labs;
	starting->request.course = str_copy(request->course);
	starting->request.version = str_copy(request->version);
	courses_read(core, read_anew, starting);
	return 0;
}

int proof_stop(struct core *core, const struct actor *actor, const char *course, struct err *err)
{
	struct proof *proof = core->proof;

	if (!proof || strcmp(proof->pack->id, course))
		return err_set(err, ERR_NOT_FOUND, "the course %s is not being tested", course);
	struct work *work = core_work(core, proof->work_id);
	note(core, actor, "course.test-stopped", 0, 0, proof->pack->id, "");
	proof_free(core);
	if (work)
		work_end(core, work, "the test was stopped");
	proof_tidy(core);
	return 0;
}

int64_t proof_passed_at(struct core *core, const struct pack *pack)
{
	int64_t at;
	struct err err = ERR_INIT;

	if (proofs_passed(core->store, pack->digest, &at, &err) < 0)
		log_warning("%s", err.message);
	return at;
}
