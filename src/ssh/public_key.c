#include "ssh/public_key.h"

#include <endian.h>
#include <libssh/libssh.h>
#include <sodium.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "ssh/inside.h"

static const char *const types[] = {
	"ssh-ed25519",
	"ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521",
	"ssh-rsa",
	"sk-ssh-ed25519@openssh.com",
	"sk-ecdsa-sha2-nistp256@openssh.com",
};

static bool is_taken(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

void public_key_free(struct public_key *key)
{
	free(key->type);
	free(key->blob);
	free(key->comment);
	free(key->fingerprint);
	*key = (struct public_key){ 0 };
}

/* The next field of a blob (RFC 4253, section 6.6): four bytes of length, then as many. NULL: it is cut off. */
static const uint8_t *next_field(const uint8_t **at, const uint8_t *end, size_t *length)
{
	uint32_t size;

	if ((size_t)(end - *at) < sizeof(size))
		return NULL;
	memcpy(&size, *at, sizeof(size));
	*length = be32toh(size);
	const uint8_t *field = *at + sizeof(size);
	if ((size_t)(end - field) < *length)
		return NULL;
	*at = field + *length;
	return field;
}

/* Of the modulus, the third field; 0 where there is none. */
static size_t rsa_bits(const char *base64)
{
	uint8_t blob[PUBLIC_KEY_LINE];
	const uint8_t *at = blob, *field = NULL;
	size_t length, size = 0;

	if (sodium_base642bin(blob, sizeof(blob), base64, strlen(base64), NULL, &length, NULL,
			      sodium_base64_VARIANT_ORIGINAL) < 0)
		return 0;
	for (int i = 0; i < 3; i++)
		if (!(field = next_field(&at, blob + length, &size)))
			return 0;
	for (; size && !*field; size--)
		field++;
	return size ? 8 * size - (size_t)(__builtin_clz(*field) - 24) : 0;
}

/* Libssh reads it whole, and so knows that it is a key of that type. */
static int check_blob(struct public_key *key, struct err *err)
{
	ssh_key read = NULL;

	if (ssh_pki_import_pubkey_base64(key->blob, ssh_key_type_from_name(key->type), &read) != SSH_OK)
		return err_set(err, ERR_INVALID, "this is no whole %s key: copy the line again", key->type);
	key->fingerprint = key_fingerprint(read);
	ssh_key_free(read);
	if (strcmp(key->type, "ssh-rsa") == 0 && rsa_bits(key->blob) < PUBLIC_KEY_RSA_BITS)
		return err_set(err, ERR_INVALID,
			       "an RSA key needs %d bits or more: make another with ssh-keygen -t ed25519",
			       PUBLIC_KEY_RSA_BITS);
	return 0;
}

int public_key_read(const char *line, struct public_key *key, struct err *err)
{
	AUTO(public_key) struct public_key read = { 0 };
	AUTO_FREE char *copy = str_copy(line);
	char *rest = copy + strspn(copy, " \t\r\n");

	if (strlen(line) > PUBLIC_KEY_LINE)
		return err_set(err, ERR_TOO_LARGE, "a key has at most %d bytes", PUBLIC_KEY_LINE);
	if (strstr(line, "PRIVATE KEY"))
		return err_set(err, ERR_INVALID,
			       "this is a private key: keep it to yourself, and paste the file that ends in .pub");
	rest[strcspn(rest, "\r\n")] = 0;
	char *type = strsep(&rest, " \t"), *blob = rest ? strsep(&rest, " \t") : NULL;
	if (!is_taken(type) || !blob)
		return err_set(err, ERR_INVALID,
			       "a public key is one line that begins with ssh-ed25519, ecdsa-sha2-..., sk-... or ssh-rsa");
	read.type = str_copy(type);
	read.blob = str_copy(blob);
	read.comment = mem_alloc(PUBLIC_KEY_COMMENT + 1);
	AUTO_FREE char *comment = str_copy(rest ? rest : "");
	str_scrub(comment);
	str_cut(read.comment, PUBLIC_KEY_COMMENT + 1, comment);
	if (check_blob(&read, err) < 0)
		return -1;
	*key = read;
	read = (struct public_key){ 0 };
	return 0;
}
