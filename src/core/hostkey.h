/* SSH host keys for machines, made on the host: a clone has no entropy of its own yet, and under
 * emulation a key costs the guest a second that it costs the host a millisecond. */
#ifndef CORE_HOSTKEY_H
#define CORE_HOSTKEY_H

#include "guest/link.h"

struct host_key {
	char *private_key, *public_key;
};

/* A fresh ed25519 key, put into the identity, which borrows it until host_key_free(). Without one (no
 * entropy, no memory) the identity goes without and the machine keeps what it has. */
void host_key_make(struct host_key *key, struct link_identity *identity);
void host_key_free(struct host_key *key);

#endif
