/* Who of the staff looks at a seat's terminals, for its student to see: a name, and whether the hands are on
 * the keyboard, too. core is told, and tells everybody who sees the seat; the audit log has when it began.
 *
 * A person who turns from one terminal to another, or whose network blinks, has not gone: their name stays for
 * WATCH_LINGER_MS after the last of their screens.
 */
#ifndef TERM_WATCH_H
#define TERM_WATCH_H

#include "term/hub.h"

#define WATCH_LINGER_MS 3000

struct watch;
struct terminal;

/* Somebody opened a screen on the terminal. NULL: nobody has to know. */
struct watch *watch_begin(struct terminal *terminal, const struct actor *actor, bool assists);
void watch_end(struct watch *watch, bool assists); /* NULL-safe */
void watch_free_all(struct hub *hub);

#endif
