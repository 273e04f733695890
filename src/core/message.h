/* Messages from staff to one seat or to a whole class. A message is plain text, never markup. It stands on
 * the student's page until the student has read it, also after a reload; staff see which seats have. */
#ifndef CORE_MESSAGE_H
#define CORE_MESSAGE_H

#include "core/core.h"

#define MESSAGE_TEXT_MAX 1000 /* characters */
#define MESSAGES_KEPT	 100  /* of a class: older ones go, read or not */
#define MESSAGES_UNREAD	 20   /* that a page is given at once */

/* seat NULL: to everybody in the class. Line ends in the text become "\n". *sent is the view for staff.
 * ERR_INVALID for a text that is empty, too long, or holds control characters; ERR_CONFLICT when the
 * class is closed. */
int message_send(struct core *core, const struct actor *actor, struct class *class, struct seat *seat,
		 const char *text, json_t **sent, struct err *err);
/* It vanishes from every page. ERR_NOT_FOUND. */
int message_take_back(struct core *core, const struct actor *actor, struct class *class, int64_t id,
		      struct err *err);
/* The seat's student has read it. ERR_NOT_FOUND, also for a message to another seat. */
int message_mark_read(struct seat *seat, int64_t id, struct err *err);

/* Of a class, newest first: {"id","class","seat","from","text","at","read":[seats]}. */
json_t *view_messages(const struct class *class);
/* What a seat has not read yet, oldest first, without "read". */
json_t *view_unread(const struct seat *seat);

#endif
