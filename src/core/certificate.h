/* Certificates of attendance. Issued by a class's instructors for those who were there, each with a code by which
 * anybody who holds the paper can ask the daemon whether it is real: name, course and date, no more.
 *
 * A code is 12 random characters, 59 bits, none of them easily taken for another; who tries many waits. What is
 * on a certificate is kept as it was issued, also after the results of the class are removed, until it is
 * revoked or the class is removed. */
#ifndef CORE_CERTIFICATE_H
#define CORE_CERTIFICATE_H

#include "core/core.h"

struct certificate_wanted {
	const json_t *seats;	   /* [{"seat": id}, ...] */
	const char *begins, *ends; /* "2026-11-23" */
	long minutes;
};
/* For those of the seats that have none yet. ERR_INVALID: dates; ERR_CONFLICT: somebody never joined; all or none. */
int certificates_issue(struct class *class, const struct actor *actor, const struct certificate_wanted *wanted,
		       struct err *err);
/* Its code is not confirmed any more. ERR_NOT_FOUND. */
int certificate_revoke(struct class *class, const struct actor *actor, const char *code, struct err *err);

/* {"minutes": planned, "site", "seats": [who was there], "certificates": [...]}; url: before the code. */
json_t *certificates_view(struct class *class, const char *url, struct err *err);

/* What a code confirms. ERR_NOT_FOUND, ERR_THROTTLED. address: whose tries are counted; "": nobody's. */
json_t *certificate_confirm(struct core *core, const char *code, const char *address, struct err *err);

#endif
