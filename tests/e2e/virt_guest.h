/* What virt_try asks the agent of a machine: who it is since when, and what its clock says. */
#ifndef TESTS_E2E_VIRT_GUEST_H
#define TESTS_E2E_VIRT_GUEST_H

#include "loop/loop.h"
#include "virt/virt.h"

/* The loop that carries the link; not this thread's. */
void guest_begin(struct loop *loop);

/* Waits until a machine answers that has booted since `not` ("": any); its boot id, "" in vain. */
const char *guest_boot_id(const struct virt_running *running, const char *not, unsigned seconds);

/* Seconds that the machine's clock goes in one of the host's, measured over `seconds`; 0 when the
 * agent does not tell. Right to a few parts in a thousand. */
double guest_clock_rate(const struct virt_running *running, unsigned seconds);

#endif
