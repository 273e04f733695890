/* ssh for students: `ssh hoshi-742-07@HOST -p 2222` lands in a seat's first machine, +MACHINE behind the
 * name in another. A shell is a terminal of the hub, which the page and the instructor see too; commands,
 * sftp, scp, rsync and forwarded connections are streams of the machine's agent. The machine itself has
 * no network path to us, as ever.
 *
 * Whoever connects is hostile until signed in, and bounded after that: connections in all, per address and
 * per seat, the time to sign in, tries, channels, and what is kept for a client that does not read.
 */
#ifndef SSH_GATEWAY_H
#define SSH_GATEWAY_H

#include "core/auth.h"
#include "core/core.h"
#include "term/hub.h"

struct gateway_config {
	const char *listen;    /* the web's "ADDRESS:PORT"; only the address counts */
	unsigned port;
	const char *state_dir; /* where the host key is kept, made once */
};

struct gateway;

/* ERR_CONFLICT names a busy port and what to do. */
struct gateway *gateway_new(struct core *core, struct auth *auth, struct hub *hub,
			    const struct gateway_config *config, struct err *err);
void gateway_free(struct gateway *gateway); /* NULL-safe; ends every connection */

unsigned gateway_port(const struct gateway *gateway);
/* Of the host key, as ssh shows it: "SHA256:..." */
const char *gateway_fingerprint(const struct gateway *gateway);

#endif
