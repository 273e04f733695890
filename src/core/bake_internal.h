/* What the files of a bake share. One bake runs at a time. */
#ifndef CORE_BAKE_INTERNAL_H
#define CORE_BAKE_INTERNAL_H

#include "core/internal.h"

enum bake_stage { BAKE_IMAGE, BAKE_BOOT, BAKE_IDENTIFY, BAKE_SETUP, BAKE_WARM, BAKE_REHEARSE,
		  BAKE_SETTLE, BAKE_FREEZE };

struct bake {
	struct core *core;
	int64_t work_id;
	const struct pack *pack;
	bool force;
	size_t index, setup, probe; /* the machine that is being baked, its script and probe that run */
	enum bake_stage stage;
	uint64_t started, stage_at;
	uint64_t image_ms; /* of it went into building images */
	char digest[65], key[65], domain[64];
	struct link *link;
	struct link_identity *identity;
	struct virt_running running;
	sd_event_source *tick;
	int64_t image_work;
	bool ending;
};

/* The machine that is being baked. */
static inline const struct pack_machine *bake_spec(const struct bake *bake)
{
	return &bake->pack->machine[bake->index];
}

/* Goes on with the next stage. */
void bake_stage(struct bake *bake, enum bake_stage stage);

/* The end of it all; why it failed, or NULL. The bake is freed. */
void bake_finish(struct bake *bake, const char *message);

/* What is done in the machine, each by callbacks: in the end they go on with the next stage, or finish the
 * bake with a message. bake_connect() waits for the machine's agent, in BAKE_BOOT, and gives it an
 * identity; bake_set_up() runs the next of the setup scripts. */
void bake_connect(struct bake *bake);
void bake_set_up(struct bake *bake);
void bake_warm(struct bake *bake);
void bake_rehearse(struct bake *bake);
void bake_settle(struct bake *bake);

#endif
