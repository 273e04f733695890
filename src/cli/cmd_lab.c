/* What a pack's author needs. Works on a directory, without the daemon. */
#include "cli/cli.h"

#include <stdio.h>

#include "pack/pack.h"

static json_t *findings_json(const struct pack_findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++)
		json_array_append_new(list, json_pack("{s:s, s:i, s:s}", "file", findings->item[i].file,
						      "line", findings->item[i].line, "message",
						      findings->item[i].message));
	return list;
}

static int lint_json(struct invocation *invocation, struct err *err)
{
	struct pack_findings findings = { 0 };
	struct pack *pack = pack_open(invocation->argument[0], &findings, err);
	json_t *list = findings_json(&findings);

	show_json(invocation, list);
	json_decref(list);
	pack_findings_free(&findings);
	pack_free(pack);
	return pack ? 0 : -1;
}

int cmd_lab_lint(struct invocation *invocation, struct err *err)
{
	if (invocation->json)
		return lint_json(invocation, err);
	int count = pack_lint(invocation->argument[0], stdout);
	if (count)
		return err_set(err, ERR_INVALID, "%s cannot be taught yet: %d finding%s",
			       invocation->argument[0], count, count == 1 ? "" : "s");
	printf("%s: nothing to find fault with\n", invocation->argument[0]);
	return 0;
}
