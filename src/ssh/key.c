#include "ssh/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/str.h"

#define NAME "ssh_host_ed25519_key"

static int write_private(const char *path, const char *text, struct err *err)
{
	AUTO_FREE char *temporary = str_fmt("%s.new", path);
	size_t length = strlen(text);

	unlink(temporary);
	AUTO_CLOSE int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, length) != (ssize_t)length || fsync(fd) < 0 ||
	    rename(temporary, path) < 0)
		return err_errno(err, "cannot keep the ssh host key in %s", path);
	return 0;
}

static int key_make(const char *path, struct err *err)
{
	char *text = NULL;
	ssh_key key = NULL;
	int result = -1;

	if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) == SSH_OK &&
	    ssh_pki_export_privkey_base64(key, NULL, NULL, NULL, &text) == SSH_OK)
		result = write_private(path, text, err);
	else
		err_set(err, ERR_INTERNAL, "no ssh host key could be made");
	if (text)
		explicit_bzero(text, strlen(text));
	ssh_string_free_char(text);
	ssh_key_free(key);
	return result;
}

char *key_fingerprint(ssh_key key)
{
	unsigned char *hash = NULL;
	size_t length;

	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &length) < 0)
		return str_copy("");
	char *text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length);
	char *copy = str_copy(text ? text : "");
	ssh_clean_pubkey_hash(&hash);
	ssh_string_free_char(text);
	return copy;
}

int key_open(const char *state_dir, ssh_key *key, char **fingerprint, struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s/" NAME, state_dir);
	ssh_key read = NULL;

	if (access(path, F_OK) < 0 && errno == ENOENT && key_make(path, err) < 0)
		return -1;
	if (ssh_pki_import_privkey_file(path, NULL, NULL, NULL, &read) != SSH_OK)
		return err_set(err, ERR_INTERNAL,
			       "%s is no ssh key that can be read: remove it, and a new one is made "
			       "(students' clients will warn that it changed)",
			       path);
	*key = read;
	*fingerprint = key_fingerprint(read);
	return 0;
}
