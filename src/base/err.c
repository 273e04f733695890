#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

static const char *const kind_names[] = {
	[ERR_NONE] = "none",
	[ERR_INVALID] = "invalid",
	[ERR_UNAUTHENTICATED] = "unauthenticated",
	[ERR_DENIED] = "denied",
	[ERR_NOT_FOUND] = "not-found",
	[ERR_CONFLICT] = "conflict",
	[ERR_TOO_LARGE] = "too-large",
	[ERR_THROTTLED] = "throttled",
	[ERR_CAPACITY] = "capacity",
	[ERR_UNAVAILABLE] = "unavailable",
	[ERR_TIMEOUT] = "timeout",
	[ERR_GUEST] = "guest",
	[ERR_INTERNAL] = "internal",
};
static_assert(ARRAY_SIZE(kind_names) == ERR_KINDS, "every error kind has a name");

const char *err_kind_name(enum err_kind kind)
{
	return kind < ERR_KINDS ? kind_names[kind] : "unknown";
}

/* text is longer than a message may be, or ends by itself: the cut never goes through a character. */
static void message_put(char message[ERR_MESSAGE_MAX], char *text)
{
	str_scrub(text);
	str_cut(message, ERR_MESSAGE_MAX, text);
}

#define FORMAT(text, format)                                                                       \
	do {                                                                                       \
		va_list args;                                                                      \
		va_start(args, format);                                                            \
		vsnprintf(text, sizeof(text), format, args);                                       \
		va_end(args);                                                                      \
	} while (0)

int err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	char text[ERR_MESSAGE_MAX + 4]; /* longer, so that the cut is seen */

	if (!err)
		return -1;
	FORMAT(text, format);
	err->kind = kind;
	err->code = 0;
	message_put(err->message, text);
	return -1;
}

int err_errno(struct err *err, const char *format, ...)
{
	int code = errno;
	char text[ERR_MESSAGE_MAX / 2];

	if (!err)
		return -1;
	FORMAT(text, format);
	err_set(err, ERR_INTERNAL, "%s: %s", text, strerror(code));
	err->code = code;
	return -1;
}

int err_wrap(struct err *err, const char *format, ...)
{
	char context[ERR_MESSAGE_MAX / 2], whole[2 * ERR_MESSAGE_MAX];

	if (!err)
		return -1;
	FORMAT(context, format);
	snprintf(whole, sizeof(whole), "%s: %s", context, err->message);
	message_put(err->message, whole);
	return -1;
}
