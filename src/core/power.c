/* The power switch of a machine, on a lane. */
#include "core/internal.h"

#include <stdlib.h>

#define LOG_MODULE "power"
#include "base/log.h"
#include "base/str.h"

struct power_job {
	struct virt_job base;
	char domain[64];
	enum virt_power power;
};

static void power_work(struct job *job)
{
	struct power_job *power = (struct power_job *)job;

	power->base.result = virt_machine_power(power->base.virt, power->domain, power->power,
						&power->base.err);
}

static void power_done(struct job *job)
{
	struct power_job *power = (struct power_job *)job;

	if (power->base.result < 0)
		log_warning("power of %s: %s", power->domain, power->base.err.message);
	free(power);
}

int machine_power(struct machine *machine, enum virt_power power, struct err *err)
{
	if (!machine->core->virt_up)
		return err_set(err, ERR_UNAVAILABLE,
			       "libvirtd is away, so machines cannot be switched now; try again shortly");
	struct power_job *job = mem_alloc(sizeof(*job));
	job->base.job.work = power_work;
	job->base.job.done = power_done;
	job->power = power;
	machine_domain(machine, job->domain);
	core_submit(machine->core, &job->base);
	return 0;
}
