/* The manifest: which files a pack's archive holds, with the SHA-256 of each, and the digest of the pack,
 * which covers their modes as well. `sha256sum -c MANIFEST` understands it: lines that begin with '#' are
 * comments there.
 *
 * A manifest that comes in is not parsed line by line: it has to be, byte by byte, the one that the files
 * would give. Only its first line is read, for the name of the folder; where the rest differs, the two
 * texts are walked to say which file it is.
 */
#include "pack/bundle.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define FIRST	  "# Terakoya pack: "
#define DIGEST	  "# Digest: "
#define SUM_CHARS 64
#define DAMAGED	  "the archive was damaged or changed: have it exported again"

char *pack_name(const char *id, const char *version)
{
	return str_fmt("%s-%s", id, version);
}

void manifest_free(struct manifest *manifest)
{
	buf_free(&manifest->text);
	free(manifest->id);
	free(manifest->version);
	free(manifest->top);
}

/* ---- writing --------------------------------------------------------------------------------- */

static char *file_line(const struct pack_file *file, const char *top)
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	char sum[SUM_CHARS + 1];

	crypto_hash_sha256(digest, file->content.data, file->content.length);
	sodium_bin2hex(sum, sizeof(sum), digest, sizeof(digest));
	return str_fmt("%s  %s/%s\n", sum, top, file->path);
}

static char *head(const struct pack *pack, const char *id, const char *version)
{
	return str_fmt(FIRST "%s %s\n" DIGEST "%s\n", id, version, pack->digest);
}

void manifest_write(const struct pack *pack, const char *id, const char *version, struct buf *text)
{
	AUTO_FREE char *first = head(pack, id, version);
	AUTO_FREE char *top = pack_name(id, version);

	buf_text(text, first);
	for (size_t i = 0; i < pack->files; i++) {
		AUTO_FREE char *line = file_line(&pack->file[i], top);
		buf_text(text, line);
	}
}

/* ---- reading --------------------------------------------------------------------------------- */

/* As the schema says of course.xml: the two become names of folders before that is read. */
static bool id_is_sound(const char *id)
{
	return *id >= 'a' && *id <= 'z' && strlen(id) <= 32 &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id);
}

static bool version_is_sound(const char *version)
{
	unsigned part[3];
	int length = 0;

	return strspn(version, "0123456789.") == strlen(version) && strlen(version) <= 14 &&
	       sscanf(version, "%4u.%4u.%4u%n", &part[0], &part[1], &part[2], &length) == 3 &&
	       !version[length];
}

int manifest_begin(struct manifest *manifest, struct err *err)
{
	const char *text = (const char *)manifest->text.data;

	if (text && str_starts(text, FIRST)) {
		const char *id = text + strlen(FIRST), *version = id + strcspn(id, " \n");
		manifest->id = str_copy_n(id, (size_t)(version - id));
		version += *version == ' ';
		manifest->version = str_copy_n(version, strcspn(version, "\n"));
	}
	if (!manifest->id || !id_is_sound(manifest->id) || !version_is_sound(manifest->version))
		return err_set(err, ERR_INVALID,
			       MANIFEST_NAME ": its first line is not \"" FIRST
					     "ID VERSION\"; make the archive with "
					     "`terakoya pack export`");
	manifest->top = pack_name(manifest->id, manifest->version);
	return 0;
}

static bool is_line_of(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	return at && (at == text || at[-1] == '\n');
}

/* `at` is where the manifest's next line should have been this file's, and is not. */
static int tell_difference(const char *text, const char *at, const char *line, struct err *err)
{
	const char *path = line + SUM_CHARS + 2;
	AUTO_FREE char *name = str_copy_n(path, strlen(path) - 1);
	AUTO_FREE char *listed = str_fmt("  %s", path);

	if (is_line_of(text, line))
		return err_set(err, ERR_INVALID,
			       "the line \"%.*s\" of " MANIFEST_NAME
			       " has no file in the archive, or stands in the wrong place; " DAMAGED,
			       (int)strcspn(at, "\n"), at);
	if (strstr(text, listed))
		return err_set(err, ERR_INVALID,
			       "%s: its content is not what " MANIFEST_NAME " says; " DAMAGED, name);
	return err_set(err, ERR_INVALID, "%s: it is not listed in " MANIFEST_NAME "; " DAMAGED, name);
}

int manifest_check(const struct manifest *manifest, struct pack *pack, struct err *err)
{
	const char *text = (const char *)manifest->text.data;
	const char *at = text;

	/* Both lines of the head; whether they are right is known when the files are. */
	for (int i = 0; i < 2; i++)
		at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
	for (size_t i = 0; i < pack->files; i++) {
		AUTO_FREE char *line = file_line(&pack->file[i], manifest->top);
		if (!str_starts(at, line))
			return tell_difference(text, at, line, err);
		at += strlen(line);
	}
	if (at != text + manifest->text.length)
		return err_set(err, ERR_INVALID,
			       "the line \"%.*s\" of " MANIFEST_NAME
			       " has no file in the archive; " DAMAGED,
			       (int)strcspn(at, "\n"), at);
	digest_pack(pack);
	AUTO_FREE char *first = head(pack, manifest->id, manifest->version);
	if (!str_starts(text, first))
		return err_set(err, ERR_INVALID,
			       MANIFEST_NAME ": the files fit, the digest of the pack does not "
					     "(one was made executable, or is not any more); " DAMAGED);
	return 0;
}
