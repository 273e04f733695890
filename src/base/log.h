/* One line per event on stderr, "level module: message", with journald's <N> prefixes when stderr
 * is the journal. Nothing secret is ever logged: no passwords, tokens, cookies or terminal bytes.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above this level are dropped. The start value is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

void log_line(enum log_level level, const char *module, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* LOG_MODULE is defined by each .c before it includes this header. */
#define log_error(...)   log_line(LOG_LEVEL_ERROR, LOG_MODULE, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, LOG_MODULE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, LOG_MODULE, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, LOG_MODULE, __VA_ARGS__)

#endif
