/* A class before its day and after it: prepared, frozen, brought back. */
#include "cli/cli.h"

int cmd_class_prepare(struct invocation *invocation, struct err *err)
{
	return class_make(invocation, "/prepare", err);
}

int cmd_class_freeze(struct invocation *invocation, struct err *err)
{
	if (!confirm(invocation, "Freeze the class? Students are sent out until it is resumed; nothing is lost."))
		return err_set(err, ERR_CONFLICT, "nothing was frozen");
	return class_follow(invocation, "/freeze", json_object(), err);
}

int cmd_class_resume(struct invocation *invocation, struct err *err)
{
	return class_follow(invocation, "/resume", json_object(), err);
}
