/* Public keys as students paste them: one line of an OpenSSH public key file, "ssh-ed25519 AAAA... comment". */
#ifndef SSH_PUBLIC_KEY_H
#define SSH_PUBLIC_KEY_H

#include "base/err.h"

#define PUBLIC_KEY_LINE	    8192 /* bytes at most: an RSA key of 16384 bits has 2.8 KB */
#define PUBLIC_KEY_COMMENT  100	 /* characters that are kept */
#define PUBLIC_KEY_RSA_BITS 2048 /* at least */

struct public_key {
	char *type, *blob, *comment; /* blob: base64 */
	char *fingerprint;	     /* "SHA256:..." */
};

/* ERR_INVALID says what is wrong with it: a private key, options before it, a type that is not taken
 * (ed25519, ecdsa and rsa are, and their sk- forms), an RSA key under PUBLIC_KEY_RSA_BITS. */
int public_key_read(const char *line, struct public_key *key, struct err *err);
void public_key_free(struct public_key *key);

static inline void public_key_cleanup(struct public_key *key)
{
	public_key_free(key);
}

#endif
