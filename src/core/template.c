/* Templates: which machine of which course is cloned from what.
 *
 * A template's key is a digest of everything that it was made from: the image, the machine as the course
 * describes it, its neighbours, its setup scripts, and (added by virt/) the versions of QEMU and libvirt, the
 * machine type and the CPU. If any of it changes, the key changes, the old template does not fit any more, and the
 * course has to be baked again; a stale template is never cloned.
 *
 * What is baked anew although nothing changed gets another key, too: a template is never replaced, for disks of machines
 * that run or are frozen stand on it. It is another *edition*, counted in the database when it is there; editions before
 * the present one are removed as soon as no disk stands on them.
 *
 * Keys need the image's digest and libvirt's word, so they are worked out on a lane and kept here until
 * something changes: an image, a template, a course, libvirtd.
 */
#include "core/internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "template"
#include "base/auto.h"
#include "base/log.h"
#include "base/str.h"

struct template_entry {
	const struct pack *pack;
	const struct pack_machine *machine;
	char plain[65];  /* ours, of the first edition; "": its image is not built */
	unsigned edition, in_use; /* in_use: that machines are cloned from while this is looked at */
	char digest[65]; /* ours */
	char key[65];    /* with what virt/ adds */
	bool baked;
	struct virt_template facts;
};

struct template_set {
	struct template_entry *entry;
	size_t count;
	bool known;      /* libvirt has been asked */
	unsigned serial; /* of two looks, the one that began later counts */
};

struct refresh_job {
	struct virt_job base;
	struct template_set set;
	int64_t bake_work; /* ends with this look; 0: none */
};

static void hash_text(crypto_hash_sha256_state *hash, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	crypto_hash_sha256_update(hash, (const unsigned char *)&length, sizeof(length));
	crypto_hash_sha256_update(hash, (const unsigned char *)(text ? text : ""), length);
}

static void hash_machine(crypto_hash_sha256_state *hash, const struct pack_machine *machine)
{
	AUTO_FREE char *numbers = str_fmt("%u %u %u %d", machine->memory_mib, machine->vcpus,
					  machine->disk_mib, machine->user_sudo);

	hash_text(hash, machine->name);
	hash_text(hash, numbers);
	hash_text(hash, machine->user);
	for (size_t i = 0; i < machine->nics; i++) {
		hash_text(hash, machine->nic[i].network);
		hash_text(hash, machine->nic[i].mac);
		hash_text(hash, machine->nic[i].address);
	}
}

/* Each machine knows all of its seat by name (identity.c): who stands on a template with other neighbours would
 * write down anew, in every clone, what its template has settled. */
static void hash_neighbours(crypto_hash_sha256_state *hash, const struct pack *pack)
{
	for (size_t i = 0; i < pack->machines; i++) {
		const struct pack_machine *machine = &pack->machine[i];
		hash_text(hash, machine->name);
		hash_text(hash, machine->nics ? machine->nic[0].address : "");
	}
}

static int hash_scripts(crypto_hash_sha256_state *hash, const struct pack *pack,
			const struct pack_machine *machine, struct err *err)
{
	for (size_t i = 0; i < machine->setups; i++) {
		AUTO(buf) struct buf text = { 0 };
		if (pack_script(pack, machine->setup[i], &text, err) < 0)
			return -1;
		hash_text(hash, (const char *)text.data);
	}
	return 0;
}

static int plain_digest(struct core *core, const struct pack *pack, const struct pack_machine *machine,
			char digest[65], struct err *err)
{
	crypto_hash_sha256_state hash;
	unsigned char sum[crypto_hash_sha256_BYTES];
	struct image image = { 0 };

	if (image_find(core, machine->image, &image, err) < 0)
		return -1;
	crypto_hash_sha256_init(&hash);
	hash_text(&hash, image.digest);
	hash_text(&hash, image.cmdline);
	image_free(&image);
	hash_machine(&hash, machine);
	hash_neighbours(&hash, pack);
	if (hash_scripts(&hash, pack, machine, err) < 0)
		return -1;
	crypto_hash_sha256_final(&hash, sum);
	sodium_bin2hex(digest, 65, sum, sizeof(sum));
	return 0;
}

/* ---- editions --------------------------------------------------------------------------------- */

#define EDITIONS_MAX 1000000
#define EDITIONS_KEPT 16 /* an older one is not looked for any more: it goes with its image */

/* Of the first it is what it was before there were editions. */
static void edition_digest(const char *plain, unsigned edition, char digest[65])
{
	AUTO_FREE char *text = str_fmt("%s %u", plain, edition);
	unsigned char sum[crypto_hash_sha256_BYTES];

	if (!edition) {
		snprintf(digest, 65, "%s", plain);
		return;
	}
	crypto_hash_sha256(sum, (const unsigned char *)text, strlen(text));
	sodium_bin2hex(digest, 65, sum, sizeof(sum));
}

static char *edition_setting(const char *plain)
{
	return str_fmt("template.edition.%s", plain);
}

static unsigned edition_of(struct core *core, const char *plain)
{
	AUTO_FREE char *key = edition_setting(plain);
	AUTO_FREE char *value = store_setting(core->store, key);
	long edition = 0;

	return str_to_number(value, 1, EDITIONS_MAX, &edition) ? (unsigned)edition : 0;
}

int template_new_key(struct core *core, const struct pack *pack, const struct pack_machine *machine, bool anew,
		     char digest[65], struct err *err)
{
	char plain[65];

	if (plain_digest(core, pack, machine, plain, err) < 0)
		return -1;
	edition_digest(plain, edition_of(core, plain) + anew, digest);
	return 0;
}

int template_is_there(struct core *core, const struct pack *pack, const struct pack_machine *machine,
		      const char *digest, struct err *err)
{
	char plain[65], next[65];

	if (plain_digest(core, pack, machine, plain, err) < 0)
		return -1;
	unsigned edition = edition_of(core, plain) + 1;
	edition_digest(plain, edition, next);
	if (strcmp(next, digest) != 0)
		return 0;
	AUTO_FREE char *key = edition_setting(plain);
	AUTO_FREE char *value = str_fmt("%u", edition);
	return store_set_setting(core->store, key, value, err);
}

/* ---- working the keys out --------------------------------------------------------------------- */

static struct template_entry *find_known(struct core *core, const struct pack *pack, const struct pack_machine *machine)
{
	for (size_t i = 0; i < core->templates->count; i++) {
		struct template_entry *entry = &core->templates->entry[i];
		if (entry->pack == pack && entry->machine == machine)
			return entry;
	}
	return NULL;
}

static void set_add(struct core *core, struct template_set *set, const struct pack *pack,
		    const struct pack_machine *machine)
{
	struct template_entry entry = { .pack = pack, .machine = machine };

	/* Without its image there is nothing that it could fit. */
	if (plain_digest(core, pack, machine, entry.plain, NULL) == 0) {
		const struct template_entry *known = find_known(core, pack, machine);
		entry.edition = edition_of(core, entry.plain);
		entry.in_use = known && known->baked && str_equal(known->plain, entry.plain) ? known->edition : 0;
		edition_digest(entry.plain, entry.edition, entry.digest);
	}
	set->entry = mem_grow(set->entry, set->count + 1, sizeof(*set->entry));
	set->entry[set->count++] = entry;
}

static void set_add_pack(struct core *core, struct template_set *set, const struct pack *pack)
{
	for (size_t k = 0; k < pack->machines; k++)
		set_add(core, set, pack, &pack->machine[k]);
}

/* Those of editions before the one that is cloned from already, if nothing stands on them any more. */
static void retire_editions(struct virt *virt, const struct template_entry *entry)
{
	unsigned first = entry->in_use > EDITIONS_KEPT ? entry->in_use - EDITIONS_KEPT : 0;

	for (unsigned edition = first; edition < entry->in_use; edition++) {
		struct err err = ERR_INIT;
		char digest[65], key[65];
		edition_digest(entry->plain, edition, digest);
		if (virt_template_key(virt, digest, key, &err) < 0 || virt_template_retire(virt, key, &err) < 0)
			log_warning("an old template of %s stays: %s", entry->machine->name, err.message);
	}
}

static void refresh_work(struct job *job)
{
	struct refresh_job *refresh = (struct refresh_job *)job;
	struct virt_template *list = NULL;
	size_t count = 0;

	refresh->base.result = virt_template_list(refresh->base.virt, &list, &count, &refresh->base.err);
	for (size_t i = 0; i < refresh->set.count && refresh->base.result == 0; i++) {
		struct template_entry *entry = &refresh->set.entry[i];
		if (!entry->digest[0])
			continue;
		refresh->base.result = virt_template_key(refresh->base.virt, entry->digest, entry->key,
							 &refresh->base.err);
		for (size_t k = 0; k < count; k++)
			if (strcmp(list[k].key, entry->key) == 0) {
				entry->baked = true;
				entry->facts = list[k];
			}
		retire_editions(refresh->base.virt, entry);
	}
	free(list);
}

static void bake_work_end(struct core *core, int64_t id)
{
	struct work *work = id ? core_work(core, id) : NULL;

	if (work)
		work_end(core, work, NULL);
}

static void refresh_done(struct job *job)
{
	struct refresh_job *refresh = (struct refresh_job *)job;
	struct core *core = refresh->base.core;

	if (refresh->base.result < 0)
		log_warning("templates could not be looked at: %s", refresh->base.err.message);
	refresh->set.known = true;
	if (refresh->base.result == 0 && core->templates && refresh->set.serial > core->templates->serial) {
		struct template_set old = *core->templates;
		*core->templates = refresh->set;
		refresh->set = old;
	}
	int64_t bake_work = refresh->bake_work;
	free(refresh->set.entry);
	free(refresh);
	if (core->stopping)
		return;
	bake_work_end(core, bake_work);
	if (bake_work) /* from now on nobody asks for the edition before: it may go */
		templates_refresh(core);
	bus_publish(core, "host", 0, 0, view_host(core));
	launch_next(core);
}

static void refresh_submit(struct core *core, int64_t bake_work)
{
	struct refresh_job *refresh;

	if (!core->templates)
		core->templates = mem_alloc(sizeof(*core->templates));
	if (!core->virt_up || core->stopping) {
		bake_work_end(core, bake_work);
		return;
	}
	refresh = mem_alloc(sizeof(*refresh));
	refresh->set.serial = ++core->template_looks;
	refresh->bake_work = bake_work;
	refresh->base.job.work = refresh_work;
	refresh->base.job.done = refresh_done;
	const struct pack *pack;
	for (size_t i = 0; (pack = course_needed(core, i)); i++)
		set_add_pack(core, &refresh->set, pack);
	for (size_t i = 0; (pack = trial_pack(core, i)); i++)
		set_add_pack(core, &refresh->set, pack);
	core_submit(core, &refresh->base);
}

void templates_refresh(struct core *core)
{
	refresh_submit(core, 0);
}

void templates_baked(struct core *core, int64_t work)
{
	refresh_submit(core, work);
}

void templates_free(struct core *core)
{
	if (!core->templates)
		return;
	free(core->templates->entry);
	free(core->templates);
	core->templates = NULL;
}

/* ---- before a launch --------------------------------------------------------------------------- */

struct hold_job {
	struct virt_job base;
	char key[65];
};

static void hold_work(struct job *job)
{
	struct hold_job *hold = (struct hold_job *)job;

	hold->base.result = virt_template_hold(hold->base.virt, hold->key, &hold->base.err);
}

/* Who clones from it says it again, and louder. */
static void hold_done(struct job *job)
{
	struct hold_job *hold = (struct hold_job *)job;

	if (hold->base.result < 0)
		log_debug("%s", hold->base.err.message);
	free(hold);
}

void template_hold(struct core *core, const struct pack *pack)
{
	for (size_t i = 0; i < pack->machines && core->templates && core_virt_is_up(core); i++) {
		const char *key = template_key(core, pack, &pack->machine[i]);
		if (!key)
			continue;
		struct hold_job *hold = mem_alloc(sizeof(*hold));
		hold->base.job.work = hold_work;
		hold->base.job.done = hold_done;
		snprintf(hold->key, sizeof(hold->key), "%s", key);
		core_submit(core, &hold->base);
	}
}

/* ---- asking ----------------------------------------------------------------------------------- */

/* A pack that was just read again is not in the set yet; what its machine is made from finds it then. */
static struct template_entry *find_entry(struct core *core, const struct pack *pack,
					 const struct pack_machine *machine)
{
	struct template_entry *known = find_known(core, pack, machine);
	char digest[65] = "";

	if (known)
		return known;
	if (template_new_key(core, pack, machine, false, digest, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < core->templates->count; i++)
		if (strcmp(core->templates->entry[i].digest, digest) == 0)
			return &core->templates->entry[i];
	return NULL;
}

unsigned template_epoch(const struct core *core)
{
	return core->bake ? 0 : core->bakes + 1;
}

bool templates_have(struct core *core, const struct pack *pack)
{
	return core->templates && core->templates->known && find_entry(core, pack, &pack->machine[0]);
}

bool templates_known(const struct core *core)
{
	return core->templates && core->templates->known;
}

bool template_name(const struct core *core, const char *key, char name[128])
{
	for (size_t i = 0; core->templates && i < core->templates->count; i++) {
		const struct template_entry *entry = &core->templates->entry[i];
		if (!str_equal(entry->key, key))
			continue;
		snprintf(name, 128, "%.60s/%.60s", entry->pack->id, entry->machine->name);
		return true;
	}
	return false;
}

const char *template_key(struct core *core, const struct pack *pack, const struct pack_machine *machine)
{
	struct template_entry *entry = find_entry(core, pack, machine);

	return entry && entry->baked && core->host.can_clone ? entry->key : NULL;
}

bool template_base(struct core *core, const struct pack *pack, const struct pack_machine *machine, char base[80])
{
	struct template_entry *entry = templates_known(core) ? find_entry(core, pack, machine) : NULL;

	if (!entry || !entry->key[0])
		return false;
	snprintf(base, 80, "%s%s", core->host.can_clone ? "" : "boot:", entry->key);
	return true;
}

uint64_t template_memory(struct core *core, const struct pack *pack)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < pack->machines && templates_known(core) && core->host.can_clone; i++) {
		const struct template_entry *entry = find_entry(core, pack, &pack->machine[i]);
		bytes += entry && entry->baked ? entry->facts.ram_bytes : 0;
	}
	return bytes;
}

bool template_all_baked(struct core *core, const struct pack *pack)
{
	for (size_t i = 0; i < pack->machines; i++)
		if (!template_key(core, pack, &pack->machine[i]))
			return false;
	return true;
}

json_t *template_list(struct core *core)
{
	json_t *list = json_array();

	for (size_t i = 0; i < core->templates->count; i++) {
		struct template_entry *entry = &core->templates->entry[i];
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:I}", "course",
					entry->pack->id, "version", entry->pack->version, "machine", entry->machine->name, "image",
					entry->machine->image, "key", entry->key, "baked", entry->baked,
					"ram_bytes", (json_int_t)entry->facts.ram_bytes, "state_bytes",
					(json_int_t)entry->facts.state_bytes, "disk_bytes",
					(json_int_t)entry->facts.disk_bytes));
	}
	return list;
}
