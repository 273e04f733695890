#include "pack/pack.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

/* The first eight bytes of the HMAC, big-endian. The bias of the remainder below is under 2^-34 for
 * the largest range that a number may have (a thousand million), which no student can see. */
static uint64_t draw(const struct pack_lab *lab, const uint8_t secret[PACK_SECRET_BYTES],
		     unsigned seat, const char *name)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	AUTO_FREE char *message = str_fmt("%u/%s/%s", seat, lab->id, name);
	uint64_t number = 0;

	_Static_assert(PACK_SECRET_BYTES == crypto_auth_hmacsha256_KEYBYTES, "the key fits");
	crypto_auth_hmacsha256(mac, (const uint8_t *)message, strlen(message), secret);
	for (int i = 0; i < 8; i++)
		number = number << 8 | mac[i];
	return number;
}

static char *value_of(const struct pack_parameter *parameter, uint64_t number)
{
	if (parameter->kind == PACK_CHOOSE)
		return str_copy(parameter->choice[number % parameter->choices]);
	uint64_t span = (uint64_t)(parameter->high - parameter->low) + 1;
	return str_fmt("%ld", parameter->low + (long)(number % span));
}

void pack_values(const struct pack_lab *lab, const uint8_t secret[PACK_SECRET_BYTES], unsigned seat,
		 struct pack_values *values)
{
	values->count = lab->parameters + 1;
	values->item = mem_alloc(values->count * sizeof(*values->item));
	for (size_t i = 0; i < lab->parameters; i++) {
		const struct pack_parameter *parameter = &lab->parameter[i];
		uint64_t number = draw(lab, secret, seat, parameter->name);
		values->item[i].name = parameter->name;
		values->item[i].value = value_of(parameter, number);
	}
	values->item[lab->parameters].name = "seed";
	values->item[lab->parameters].value =
		str_fmt("%08x", (unsigned)(draw(lab, secret, seat, "seed") >> 32));
}

/* Fisher and Yates; a name of its own for each draw. No parameter's name has a colon in it. */
void pack_shuffle(const struct pack_lab *lab, const struct pack_task *task,
		  const uint8_t secret[PACK_SECRET_BYTES], unsigned seat, size_t *order)
{
	for (size_t i = 0; i < task->options; i++)
		order[i] = i;
	for (size_t i = task->options; i > 1; i--) {
		AUTO_FREE char *name = str_fmt("%s:%zu", task->id, i);
		size_t other = draw(lab, secret, seat, name) % i, last = order[i - 1];
		order[i - 1] = order[other];
		order[other] = last;
	}
}

void pack_values_free(struct pack_values *values)
{
	for (size_t i = 0; i < values->count; i++)
		free(values->item[i].value);
	free(values->item);
	*values = (struct pack_values){ 0 };
}

char **pack_env(const struct pack_values *values)
{
	char **env = mem_alloc((values->count + 1) * sizeof(*env));

	for (size_t i = 0; i < values->count; i++) {
		env[i] = str_fmt("P_%s=%s", values->item[i].name, values->item[i].value);
		for (char *p = env[i]; *p != '='; p++)
			*p = (char)toupper((unsigned char)*p);
	}
	return env;
}

void pack_env_free(char **env)
{
	for (char **entry = env; entry && *entry; entry++)
		free(*entry);
	free(env);
}
