#include "virt/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* A machine from a template: the whole point of it all.
 *
 *	1  an overlay on the template's disk (volume.c)
 *	2  the template's hardware, its RAM mapped privately from the sealed memfd (holder.c), a
 *	   fresh genid, and QEMU waiting for its device state; the domain starts paused
 *	3  the device state through a file descriptor (monitor.c), without RAM: that is there
 *	   already
 *	4  x-ignore-shared off again, and resume
 *
 * Until 4 is done the domain is marked as waking, and virt_machine_find() and virt_list() say of it
 * that it is no machine: a daemon that was killed in between destroys it.
 *
 * A clone wakes with everything of its template, the state of the random numbers and its network
 * cards' addresses included. Making it somebody of its own is the agent's work (guest/link.h). */

static int check_fit(const struct template_facts *template, const struct host_facts *host,
		     const struct virt_machine *machine, const char *key, struct err *err)
{
	struct template_facts now;

	template_fill(&now, host, machine);
	if (!str_equal(now.qemu, template->qemu) || !str_equal(now.libvirt, template->libvirt))
		return err_set(err, ERR_CONFLICT,
			       "template %.12s is of QEMU %s and libvirt %s, here are %s and "
			       "%s: bake it again",
			       key, template->qemu, template->libvirt, now.qemu, now.libvirt);
	if (!str_equal(now.machine_type, template->machine_type) ||
	    !str_equal(now.cpu, template->cpu))
		return err_set(err, ERR_CONFLICT,
			       "template %.12s is of a %s with %s, here are %s and %s: bake it "
			       "again",
			       key, template->machine_type, template->cpu, now.machine_type,
			       now.cpu);
	if (now.memory != template->memory || now.vcpus != template->vcpus ||
	    now.nics != template->nics)
		return err_set(err, ERR_CONFLICT,
			       "template %.12s has %llu MiB, %u processors and %u cards, "
			       "machine %s is to have %llu, %u and %u: bake it again",
			       key, (unsigned long long)template->memory >> 20, template->vcpus,
			       template->nics, machine->name, (unsigned long long)now.memory >> 20,
			       now.vcpus, now.nics);
	return 0;
}

static int wake(virDomainPtr domain, const char *state, struct virt_running *running,
		struct err *err)
{
	uint64_t begin = clock_mono_us();
	AUTO_CLOSE int fd = open(state, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, "cannot read %s", state);
	if (monitor_ignore_shared(domain, true, err) < 0 ||
	    monitor_load_state(domain, fd, err) < 0 ||
	    monitor_ignore_shared(domain, false, err) < 0)
		return -1;
	uint64_t loaded = clock_mono_us();
	running->state_us = (uint32_t)(loaded - begin);
	if (virDomainResume(domain) < 0)
		return err_from_virt(err, "cannot resume %s", virDomainGetName(domain));
	running->resume_us = (uint32_t)(clock_mono_us() - loaded);
	return 0;
}

static int start_clone(struct virt *virt, const struct xml_domain *spec, const char *state,
		       struct virt_running *running, struct err *err)
{
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);

	if (!connection || machine_mark_waking(virt, spec->machine->name, err) < 0)
		return -1;
	AUTO_FREE char *text = xml_domain(spec);
	uint64_t begin = clock_mono_us();
	AUTO(domain) virDomainPtr domain =
		virDomainCreateXML(connection, text, VIR_DOMAIN_START_PAUSED);
	if (!domain)
		return err_from_virt(err, "machine %s does not start", spec->machine->name);
	running->create_us = (uint32_t)(clock_mono_us() - begin);
	if (wake(domain, state, running, err) < 0)
		return -1;
	machine_clear_waking(virt, spec->machine->name);
	return machine_read_running(virt, domain, running, err);
}

static int clone_on(struct virt *virt, const struct virt_machine *machine, const char *key,
		    const struct host_facts *facts, const char *disk, struct virt_running *running,
		    struct err *err)
{
	AUTO_FREE char *state = template_file(virt, key, "state");
	struct volume_chain chain;
	char ram[64];

	if (holder_path(virt, key, facts, ram, err) < 0 ||
	    volume_chain_read(&chain, disk, err) < 0)
		return -1;
	struct xml_domain spec = { .virt = virt, .facts = facts, .machine = machine,
				   .chain = &chain, .memory = XML_MEMORY_CLONE, .ram = ram };
	return start_clone(virt, &spec, state, running, err);
}

/* The machine as the template has it: its disk, and that disk's size. */
static int clone_machine(struct virt *virt, const struct virt_machine *asked, const char *key,
			 const struct host_facts *facts, const struct template_facts *template,
			 struct virt_running *running, struct err *err)
{
	AUTO_FREE char *base = template_file(virt, key, "disk.qcow2");
	AUTO_FREE char *disk = volume_path(virt, asked->name);
	struct virt_machine machine = *asked;
	uint64_t begin = clock_mono_us();
	bool runs;

	machine.base_disk = base;
	machine.disk = template->disk;
	if (machine_make_disk(virt, &machine, disk, running, &runs, err) < 0)
		return -1;
	if (runs)
		return 0;
	running->volume_us = (uint32_t)(clock_mono_us() - begin);
	if (clone_on(virt, &machine, key, facts, disk, running, err) < 0) {
		virt_machine_destroy(virt, asked->name, NULL);
		return -1;
	}
	return 0;
}

int virt_machine_clone(struct virt *virt, const struct virt_machine *machine, const char *key,
		       struct virt_running *running, struct err *err)
{
	struct host_facts facts;
	struct template_facts template;
	struct virt_running made = { 0 };

	if (machine_check(machine, err) < 0 || host_facts(virt, &facts, err) < 0 ||
	    template_read(virt, key, &template, err) < 0)
		return -1;
	if (!facts.can_clone)
		return err_set(err, ERR_CONFLICT, "machine %s cannot be cloned here: %s",
			       machine->name, facts.clone_reason);
	if (check_fit(&template, &facts, machine, key, err) < 0 ||
	    clone_machine(virt, machine, key, &facts, &template, &made, err) < 0)
		return -1;
	*running = made;
	return 0;
}
