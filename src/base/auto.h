/* Ownership made visible: variables that free what they hold when they leave scope.
 *
 *	AUTO_FREE char *name = str_fmt("seat-%u", n);
 *	AUTO(buf) struct buf b = { 0 };
 *	return STEAL(name);          the only way that ownership leaves a scope
 *
 * A module that wants AUTO(x) defines `static inline void x_cleanup(T *variable)`.
 */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define AUTO(name) __attribute__((cleanup(name##_cleanup)))
#define AUTO_FREE  AUTO(free_pointer)
#define AUTO_CLOSE AUTO(close_fd)
#define AUTO_FILE  AUTO(close_file)
#define AUTO_DIR   AUTO(close_dir)

/* Takes the value out of an owning variable, and leaves NULL there. */
#define STEAL(variable)                                                                            \
	({                                                                                         \
		__typeof__(variable) stolen_ = (variable);                                         \
		(variable) = NULL;                                                                 \
		stolen_;                                                                           \
	})

/* The same for a file descriptor; leaves -1. */
#define STEAL_FD(variable)                                                                         \
	({                                                                                         \
		int stolen_fd_ = (variable);                                                       \
		(variable) = -1;                                                                   \
		stolen_fd_;                                                                        \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void free_pointer_cleanup(void *variable)
{
	free(*(void **)variable);
}

static inline void close_fd_cleanup(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void close_file_cleanup(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void close_dir_cleanup(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#endif
