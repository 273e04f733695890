/* What a pack's author needs. Works on a directory, without the daemon. */
#include "cli/cli.h"

#include <stdio.h>

#include "core/report.h"
#include "pack/pack.h"

static int lint_json(struct invocation *invocation, struct err *err)
{
	struct pack_findings findings = { 0 };
	struct pack *pack = pack_open(invocation->argument[0], &findings, err);
	json_t *list = report_findings(&findings);

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
