/* Errors as values: what went wrong, with which object, and what to do about it.
 *
 * A function that can fail takes `struct err *err` last and returns 0, or -1 after err_set(). The
 * caller owns the struct. Each layer may put its own context in front with err_wrap(). It is logged
 * once, where it is consumed. err may be NULL where the caller does not care.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_kind {
	ERR_NONE,
	ERR_INVALID,         /* the input is wrong: say what and how to mend it (HTTP 400) */
	ERR_UNAUTHENTICATED, /* nobody is signed in (401) */
	ERR_DENIED,          /* signed in, but not allowed (403) */
	ERR_NOT_FOUND,       /* no such thing (404) */
	ERR_CONFLICT,        /* it exists already, or its state forbids this now (409) */
	ERR_TOO_LARGE,       /* over a stated bound (413) */
	ERR_THROTTLED,       /* too many tries; code holds the seconds to wait (429) */
	ERR_CAPACITY,        /* the host has no room; nothing was started (507) */
	ERR_UNAVAILABLE,     /* something that we depend on is away for now (503) */
	ERR_TIMEOUT,         /* it did not answer in time (504) */
	ERR_GUEST,           /* a machine's agent misbehaved or refused (502) */
	ERR_INTERNAL,        /* our fault, or the system's: errno, libvirt, SQLite (500) */
	ERR_KINDS
};

#define ERR_MESSAGE_MAX 1024

struct err {
	enum err_kind kind;
	int code; /* errno, virErrorNumber, SQLite code or seconds: whatever the kind says; else 0 */
	char message[ERR_MESSAGE_MAX]; /* one sentence, no trailing dot; always clean UTF-8, one line */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		.kind = ERR_NONE                                                                   \
	}

/* Fills err (when not NULL) and returns -1, so that `return err_set(...)` reads well. The arguments may
 * point into err. A message that is too long is cut between two characters; what is not clean UTF-8 in
 * it (a guest's or a library's words) is scrubbed, so that every message fits JSON and one line of log. */
int err_set(struct err *err, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set with ERR_INTERNAL, code = errno, and ": <strerror>" behind the message. */
int err_errno(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "<format>: " in front of the message; keeps kind and code. Returns -1. */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The kind's word in the API, for example "not-found". Never NULL. */
const char *err_kind_name(enum err_kind kind);

#endif
