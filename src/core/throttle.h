/* Slows down guessing. A key (a sign-in name, an address) has some free tries; after those each
 * try is followed by a wait that doubles from one second to five minutes. A key that is left alone
 * for a quarter of an hour is forgotten.
 *
 * A try is charged before it is made and given back when it succeeds, so that tries in flight
 * count too. The table is bounded: when it is full the key that was used longest ago makes room.
 * Keys are kept as 64-bit keyed hashes, so that nobody can aim at another's place. Times are the
 * caller's clock in milliseconds, and never go back. */
#ifndef CORE_THROTTLE_H
#define CORE_THROTTLE_H

#include <stdint.h>

#define THROTTLE_FORGET_MS (15 * 60 * 1000)
#define THROTTLE_LONGEST_S 300

struct throttle;

/* entries: 1 or more; free_tries: how many before the first wait. */
struct throttle *throttle_new(unsigned entries, unsigned free_tries);
void throttle_free(struct throttle *throttle); /* NULL-safe */

/* Seconds to wait before the next try, rounded up; 0: now. */
unsigned throttle_wait(struct throttle *throttle, const char *key, uint64_t now_ms);

void throttle_charge(struct throttle *throttle, const char *key, uint64_t now_ms);
/* The try that was charged was a good one: as if it had not been made. */
void throttle_refund(struct throttle *throttle, const char *key);
/* Whoever this is has shown it: nothing is held against the key any more. */
void throttle_clear(struct throttle *throttle, const char *key);

#endif
