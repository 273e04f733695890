/* Users and groups of this host, asked for by name from any thread: getpwnam(3) and getgrnam(3) answer in memory that
 * all threads share. */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* false: there is none of that name, or the host's own tables cannot be read; then nothing is written. */
bool user_find(const char *name, uid_t *uid, gid_t *gid);
bool group_find(const char *name, gid_t *gid);

#endif
