#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"

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

int err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	if (!err)
		return -1;
	va_list args;
	va_start(args, format);
	err->kind = kind;
	err->code = 0;
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return -1;
}

int err_errno(struct err *err, const char *format, ...)
{
	int code = errno;

	if (!err)
		return -1;
	char text[ERR_MESSAGE_MAX / 2];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err_set(err, ERR_INTERNAL, "%s: %s", text, strerror(code));
	err->code = code;
	return -1;
}

int err_wrap(struct err *err, const char *format, ...)
{
	if (!err)
		return -1;
	char context[ERR_MESSAGE_MAX / 2], inner[ERR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(context, sizeof(context), format, args);
	va_end(args);
	memcpy(inner, err->message, sizeof(inner));
	int length = snprintf(err->message, sizeof(err->message), "%s: ", context);
	snprintf(err->message + length, sizeof(err->message) - (size_t)length, "%s", inner);
	return -1;
}
