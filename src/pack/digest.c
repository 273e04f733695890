#include "pack/reader.h"

#include <sodium.h>
#include <string.h>

/* For each file in order of path: the path with its NUL, 'x' or '-', and the content's own SHA-256.
 * The fixed length of the last two keeps two different packs from running together into the same
 * bytes. */
void digest_pack(struct pack *pack)
{
	crypto_hash_sha256_state state;
	uint8_t digest[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < pack->files; i++) {
		const struct pack_file *file = &pack->file[i];
		crypto_hash_sha256(digest, file->content.data, file->content.length);
		crypto_hash_sha256_update(&state, (const uint8_t *)file->path,
					  strlen(file->path) + 1);
		crypto_hash_sha256_update(&state, (const uint8_t *)(file->executable ? "x" : "-"),
					  1);
		crypto_hash_sha256_update(&state, digest, sizeof(digest));
	}
	crypto_hash_sha256_final(&state, digest);
	sodium_bin2hex(pack->digest, sizeof(pack->digest), digest, sizeof(digest));
}
