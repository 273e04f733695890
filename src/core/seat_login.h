/* The names under which students sign in over ssh: the class's code and the seat's number, "hoshi-742-07",
 * and after a plus sign the machine they want, "hoshi-742-07+files". The code tells classes apart that are
 * not closed; a name is no secret.
 */
#ifndef CORE_SEAT_LOGIN_H
#define CORE_SEAT_LOGIN_H

#include "core/code.h"
#include "core/core.h"

#define SEAT_LOGIN_MAX   32 /* with the NUL */
#define SEAT_MACHINE_MAX 33 /* with the NUL */

/* Without a machine. */
void seat_login_name(const struct seat *seat, char name[SEAT_LOGIN_MAX]);

struct seat_login {
	char code[CODE_MAX];
	unsigned number;
	char machine[SEAT_MACHINE_MAX]; /* "": the first */
};

/* What somebody typed: any case, the number with or without leading zeros. false: it cannot be a name. */
bool seat_login_read(const char *typed, struct seat_login *login);

#endif
