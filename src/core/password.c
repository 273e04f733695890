#include "core/password.h"

#include <string.h>

#include "base/str.h"

int password_acceptable(const char *password, struct err *err)
{
	size_t length = strlen(password);

	if (length > PASSWORD_MAX)
		return err_set(err, ERR_INVALID, "the password is too long: at most %d bytes",
			       PASSWORD_MAX);
	if (str_characters(password) < PASSWORD_MIN)
		return err_set(err, ERR_INVALID,
			       "the password is too short: at least %d characters", PASSWORD_MIN);
	return 0;
}

int password_hash(const char *password, char hash[PASSWORD_HASH], struct err *err)
{
	if (crypto_pwhash_str(hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
			      crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0)
		return 0;
	return err_set(err, ERR_INTERNAL,
		       "the host has not the %u MB that hashing a password takes",
		       (unsigned)(crypto_pwhash_MEMLIMIT_INTERACTIVE >> 20));
}

bool password_fits(const char *hash, const char *password)
{
	return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

static void make(char *made, int count, int group)
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";

	for (int i = 0; i < count; i++) {
		if (i && i % group == 0)
			*made++ = '-';
		*made++ = letters[randombytes_uniform(sizeof(letters) - 1)];
	}
	*made = 0;
}

void password_make(char made[PASSWORD_MADE])
{
	make(made, 20, 5);
}

void password_make_short(char made[PASSWORD_MADE])
{
	make(made, 12, 4);
}
