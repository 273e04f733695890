/* Join codes: "HOSHI-742", a short Japanese word that is hard to mishear and three digits without
 * 0 and 1. Easy to say across a room and to type with any keyboard or input method.
 *
 * 64 words and 8^3 numbers make 32,768 codes. A code is no secret of a person: it lets anybody in
 * the room into the class. What keeps strangers from guessing is the throttle of core/auth. */
#ifndef CORE_CODE_H
#define CORE_CODE_H

#include <stdbool.h>

#define CODE_MAX 16 /* with the NUL */

/* A random code. The caller makes sure that no open class has it. */
void code_make(char code[CODE_MAX]);

/* What somebody typed, as code_make() would write it: any case, full-width letters and digits,
 * kana (HOSHI typed with a Japanese input method gives ほし), with or without blanks and dashes of
 * any kind. false, and code untouched, when it cannot be a code. */
bool code_normalise(const char *typed, char code[CODE_MAX]);

#endif
