#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/str.h"

static enum log_level threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	threshold = level;
}

/* The whole line goes out in one write, so that lines of several threads do not mix. */
void log_line(enum log_level level, const char *module, const char *format, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	static const char *const priorities[] = { "<3>", "<4>", "<6>", "<7>" };

	if (level > threshold)
		return;
	char text[2048], stamp[32] = "";
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	str_scrub(text); /* nobody writes a second line through a name or a guest's words */
	if (getenv("JOURNAL_STREAM")) {
		fprintf(stderr, "%s%s: %s\n", priorities[level], module, text);
		return;
	}
	struct timespec now;
	struct tm local;
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	strftime(stamp, sizeof(stamp), "%H:%M:%S", &local);
	fprintf(stderr, "%s.%03ld %-7s %s: %s\n", stamp, now.tv_nsec / 1000000, names[level], module,
		text);
}
