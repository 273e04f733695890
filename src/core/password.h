/* Passwords: argon2id as libsodium makes and reads it. A hash takes about 0.1 s and 64 MB, on
 * purpose: not on T0, but for the command line. */
#ifndef CORE_PASSWORD_H
#define CORE_PASSWORD_H

#include <sodium.h>
#include <stdbool.h>

#include "base/err.h"

#define PASSWORD_MIN   10   /* characters */
#define PASSWORD_MAX   1024 /* bytes */
#define PASSWORD_HASH  crypto_pwhash_STRBYTES
#define PASSWORD_MADE  25   /* with the NUL */

/* ERR_INVALID when it is too short or too long to be a new password. */
int password_acceptable(const char *password, struct err *err);
int password_hash(const char *password, char hash[PASSWORD_HASH], struct err *err);
bool password_fits(const char *hash, const char *password);

/* 20 random characters in four groups, none of them easily taken for another: 99 bits. */
void password_make(char made[PASSWORD_MADE]);
/* 12 of them in three groups, 59 bits: typed from a card, and guessed only through the throttle. */
void password_make_short(char made[PASSWORD_MADE]);

#endif
