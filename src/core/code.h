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

/* Codes of seats, "KXP7-M3QD": eight of 23 characters of which none is easily taken for another, 36 bits. Each
 * lets one person in, once, and guessing is throttled. None can be read as a class's code. */
#define SEAT_CODE_MAX 10 /* with the NUL */
void seat_code_make(char code[SEAT_CODE_MAX]);
/* As code_normalise(). */
bool seat_code_read(const char *typed, char code[SEAT_CODE_MAX]);

/* Codes of certificates, "4KXP-7M3Q-D9TH": twelve of 30 characters, 59 bits: they are confirmed to anybody who has
 * one, years later. */
#define CERTIFICATE_CODE 15 /* with the NUL */
void certificate_code_make(char code[CERTIFICATE_CODE]);
/* As code_normalise(). */
bool certificate_code_read(const char *typed, char code[CERTIFICATE_CODE]);

#endif
