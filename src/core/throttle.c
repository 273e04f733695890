#include "core/throttle.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct slot {
	uint64_t key;
	uint64_t used_at, blocked_until;
	unsigned tries; /* 0: the slot is free */
};

struct throttle {
	unsigned char secret[crypto_shorthash_KEYBYTES];
	unsigned free_tries, slots;
	struct slot slot[];
};

struct throttle *throttle_new(unsigned entries, unsigned free_tries)
{
	struct throttle *throttle = mem_alloc(sizeof(*throttle) + entries * sizeof(struct slot));

	throttle->free_tries = free_tries;
	throttle->slots = entries;
	crypto_shorthash_keygen(throttle->secret);
	return throttle;
}

void throttle_free(struct throttle *throttle)
{
	free(throttle);
}

static uint64_t key_hash(const struct throttle *throttle, const char *key)
{
	uint64_t hash;

	crypto_shorthash((unsigned char *)&hash, (const unsigned char *)key, strlen(key),
			 throttle->secret);
	return hash;
}

static struct slot *slot_find(struct throttle *throttle, const char *key)
{
	uint64_t hash = key_hash(throttle, key);

	for (unsigned i = 0; i < throttle->slots; i++)
		if (throttle->slot[i].tries && throttle->slot[i].key == hash)
			return &throttle->slot[i];
	return NULL;
}

/* A free one, else the one used longest ago. */
static struct slot *slot_take(struct throttle *throttle, const char *key)
{
	struct slot *oldest = &throttle->slot[0];

	for (unsigned i = 0; i < throttle->slots && oldest->tries; i++)
		if (!throttle->slot[i].tries || throttle->slot[i].used_at < oldest->used_at)
			oldest = &throttle->slot[i];
	*oldest = (struct slot){ .key = key_hash(throttle, key) };
	return oldest;
}

unsigned throttle_wait(struct throttle *throttle, const char *key, uint64_t now_ms)
{
	struct slot *slot = slot_find(throttle, key);

	if (!slot || slot->blocked_until <= now_ms)
		return 0;
	return (unsigned)((slot->blocked_until - now_ms + 999) / 1000);
}

static uint64_t wait_ms(unsigned beyond)
{
	uint64_t seconds = beyond < 16 ? 1u << beyond : THROTTLE_LONGEST_S;

	return 1000 * (seconds < THROTTLE_LONGEST_S ? seconds : THROTTLE_LONGEST_S);
}

void throttle_charge(struct throttle *throttle, const char *key, uint64_t now_ms)
{
	struct slot *slot = slot_find(throttle, key);

	if (slot && now_ms - slot->used_at >= THROTTLE_FORGET_MS)
		slot->tries = 0;
	if (!slot)
		slot = slot_take(throttle, key);
	slot->used_at = now_ms;
	if (++slot->tries >= throttle->free_tries)
		slot->blocked_until = now_ms + wait_ms(slot->tries - throttle->free_tries);
}

void throttle_refund(struct throttle *throttle, const char *key)
{
	struct slot *slot = slot_find(throttle, key);

	if (!slot)
		return;
	slot->tries--;
	slot->blocked_until = 0;
}

void throttle_clear(struct throttle *throttle, const char *key)
{
	struct slot *slot = slot_find(throttle, key);

	if (slot)
		slot->tries = 0;
}
