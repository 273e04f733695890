/* What terakoyad can be told: flags, and for each its environment variable TERAKOYA_<FLAG>, which
 * the flag overrides.
 */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"

struct options {
	char *state_dir, *packs, *images, *agent, *web; /* absolute paths */
	char *socket, *lock;
	const char *listen, *base_url, *uri, *tls_cert, *tls_key, *time_zone;
	unsigned ssh_port;   /* 0: no ssh */
	bool ssh_port_given; /* somebody wants this very one */
	bool routes;   /* print the table of routes and leave */
	bool no_clone; /* boot every machine */
	unsigned clones; /* at once; 0: the default */
};

/* Reads the command line; --help and --version end the program, as does a wrong flag. */
int options_read(struct options *options, int argc, char **argv, struct err *err);
void options_free(struct options *options);

#endif
