/* What the API says and the command line's commands without a daemon say alike, in JSON. */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include <jansson.h>

#include "pack/pack.h"
#include "store/audit.h"

json_t *report_findings(const struct pack_findings *findings);
json_t *report_chain(const struct audit_chain *chain);

#endif
