#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"

#define ROOM_MAX (1024 * 1024) /* of an entry with all its words; a group lists its members */

bool user_find(const char *name, uid_t *uid, gid_t *gid)
{
	struct passwd entry, *found = NULL;
	int code = ERANGE;

	for (size_t room = 1024; code == ERANGE && room <= ROOM_MAX; room *= 4) {
		AUTO_FREE char *words = mem_alloc(room);
		code = getpwnam_r(name, &entry, words, room, &found);
	}
	if (code || !found)
		return false;
	*uid = entry.pw_uid;
	*gid = entry.pw_gid;
	return true;
}

bool group_find(const char *name, gid_t *gid)
{
	struct group entry, *found = NULL;
	int code = ERANGE;

	for (size_t room = 1024; code == ERANGE && room <= ROOM_MAX; room *= 4) {
		AUTO_FREE char *words = mem_alloc(room);
		code = getgrnam_r(name, &entry, words, room, &found);
	}
	if (code || !found)
		return false;
	*gid = entry.gr_gid;
	return true;
}
