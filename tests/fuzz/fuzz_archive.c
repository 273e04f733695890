/* libFuzzer on archives that come in. Input is text or bytes:
 *
 *	#...	a line per entry: kind, mode, path, content with \n and \\ in it; kinds as in archive_fixture.h
 *	!...	the same, behind a manifest that is honest about the files: what comes after it is reached
 *	else	the bytes of a tar file, which are compressed here: mutations inside gzip lead nowhere
 *
 * Crashes, leaks and hangs are what it looks for, and the promises of archive.h: what is taken is a sound
 * pack in its private folder; what is refused says why, and leaves nothing, neither there nor beside.
 */
#include <stddef.h>
#include <stdint.h>

#include "../unit/archive_fixture.h"

#define TOP "hello-1.0.0/"

static char base[] = "/tmp/fuzz-archive-XXXXXX";
static char *packs;

static void promise(bool kept)
{
	if (!kept)
		abort();
}

static void base_remove(void)
{
	folder_remove(base);
	free(packs);
}

static void base_make(void)
{
	promise(mkdtemp(base));
	packs = str_fmt("%s/packs", base);
	promise(mkdir(packs, 0755) == 0);
	atexit(base_remove);
}

/* ---- text to entries ------------------------------------------------------------------------- */

struct line {
	char kind;
	unsigned mode;
	char *path, *content;
};

static void unescape(char *text)
{
	char *to = text;

	for (char *p = text; *p; p++) {
		bool escaped = *p == '\\' && p[1];
		p += escaped;
		*to++ = escaped && *p == 'n' ? '\n' : *p;
	}
	*to = 0;
}

static bool line_read(char *text, struct line *line)
{
	char *rest = text;
	const char *kind = strsep(&rest, " "), *mode = strsep(&rest, " ");

	line->path = strsep(&rest, " ");
	if (!line->path || !*line->path)
		return false;
	line->kind = *kind;
	line->mode = (unsigned)strtoul(mode, NULL, 8);
	line->content = rest ? rest : text + strlen(text);
	if (rest)
		unescape(rest);
	return true;
}

static void add_manifest(struct parcel *parcel, const struct pack *pack)
{
	AUTO(buf) struct buf manifest = { 0 };

	manifest_write(pack, "hello", "1.0.0", &manifest);
	parcel_text(parcel, "MANIFEST", (const char *)manifest.data);
}

static int parcel_of_text(char *text, bool honest)
{
	struct parcel parcel = parcel_begin(1);
	struct pack *pack = mem_alloc(sizeof(*pack));
	struct line lines[64];
	size_t count = 0;

	for (char *rest = text + 1, *one; count < 64 && (one = strsep(&rest, "\n"));)
		count += line_read(one, &lines[count]);
	for (size_t i = 0; i < count; i++)
		if (lines[i].kind == 'f' && str_starts(lines[i].path, TOP))
			tree_add(pack, lines[i].path + strlen(TOP), lines[i].mode & 0100,
				 lines[i].content, strlen(lines[i].content));
	tree_sort(pack);
	digest_pack(pack);
	if (honest)
		add_manifest(&parcel, pack);
	for (size_t i = 0; i < count; i++)
		parcel_add(&parcel, lines[i].kind, lines[i].mode, lines[i].path, lines[i].content,
			   strlen(lines[i].content));
	pack_free(pack);
	return parcel_end(&parcel);
}

/* Bytes that are a tar file or not, through gzip. */
static int parcel_of_bytes(const uint8_t *data, size_t size)
{
	struct parcel parcel = { archive_write_new(), memfd_create("archive", MFD_CLOEXEC) };
	AUTO(archive_entry) struct archive_entry *entry = archive_entry_new();

	archive_write_set_format_raw(parcel.archive);
	archive_write_add_filter_gzip(parcel.archive);
	archive_write_open_fd(parcel.archive, parcel.fd);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_pathname(entry, "x");
	if (archive_write_header(parcel.archive, entry) == ARCHIVE_OK && size)
		archive_write_data(parcel.archive, data, size);
	return parcel_end(&parcel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = str_copy_n((const char *)data, size);
	bool is_text = *text == '#' || *text == '!';
	AUTO_CLOSE int fd = is_text ? parcel_of_text(text, *text == '!') : parcel_of_bytes(data, size);
	struct pack_findings findings = { 0 };
	struct err err = ERR_INIT;

	if (!packs)
		base_make();
	struct pack *pack = pack_import(fd, packs, &findings, &err);
	promise(pack ? !findings.count && str_starts(pack->directory, packs)
		     : err.kind != ERR_NONE && *err.message);
	promise(pack || err.kind == ERR_INVALID || err.kind == ERR_TOO_LARGE);
	pack_discard(pack);
	promise(things_below(base) == 1);
	pack_findings_free(&findings);
	return 0;
}
