#include "core/report.h"

#include <sodium.h>

json_t *report_findings(const struct pack_findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++)
		json_array_append_new(list, json_pack("{s:s, s:i, s:s}", "file", findings->item[i].file,
						      "line", findings->item[i].line, "message",
						      findings->item[i].message));
	return list;
}

json_t *report_chain(const struct audit_chain *chain)
{
	char hash[2 * sizeof(chain->hash) + 1];

	sodium_bin2hex(hash, sizeof(hash), chain->hash, sizeof(chain->hash));
	return json_pack("{s:I, s:I, s:I, s:s, s:I, s:s}", "rows", (json_int_t)chain->rows, "first",
			 (json_int_t)chain->first, "last", (json_int_t)chain->last, "hash",
			 chain->last ? hash : "", "broken", (json_int_t)chain->broken, "finding",
			 chain->finding);
}
