#include "core/hostkey.h"

#include <libssh/libssh.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define LOG_MODULE "hostkey"
#include "base/log.h"
#include "base/str.h"

void host_key_make(struct host_key *key, struct link_identity *identity)
{
	ssh_key pair = NULL;
	char *public_base64 = NULL;

	if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &pair) == SSH_OK &&
	    ssh_pki_export_privkey_base64(pair, NULL, NULL, NULL, &key->private_key) == SSH_OK &&
	    ssh_pki_export_pubkey_base64(pair, &public_base64) == SSH_OK) {
		key->public_key = str_fmt("ssh-ed25519 %s root@%s\n", public_base64, identity->host_name);
		struct link_host_key *slot = &identity->host_key[identity->host_key_count++];
		snprintf(slot->name, sizeof(slot->name), "ssh_host_ed25519_key");
		slot->private_key = key->private_key;
		slot->public_key = key->public_key;
	} else {
		log_error("no SSH host key could be made for %s", identity->host_name);
	}
	ssh_string_free_char(public_base64);
	ssh_key_free(pair);
}

void host_key_free(struct host_key *key)
{
	if (key->private_key) {
		sodium_memzero(key->private_key, strlen(key->private_key));
		ssh_string_free_char(key->private_key);
	}
	free(key->public_key);
	*key = (struct host_key){ 0 };
}
