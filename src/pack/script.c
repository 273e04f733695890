/* Scripts: that they exist, are small enough, are sh, and which exit statuses they name.
 *
 * The syntax check hands the text to `sh -n` on standard input, just as the agent will hand it to
 * `sh -s` in a machine. -n reads commands without running any; the shell gets an empty environment
 * (no ENV, no functions) and no arguments from the pack.
 */
#include "pack/reader.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/str.h"

/* ---- sh -n ----------------------------------------------------------------------------------- */

static int memory_file(const void *data, size_t length)
{
	AUTO_CLOSE int fd = memfd_create("script", MFD_CLOEXEC);
	const uint8_t *bytes = data;

	while (fd >= 0 && length) {
		ssize_t written = write(fd, bytes, length);
		if (written < 0)
			return -1;
		bytes += written;
		length -= (size_t)written;
	}
	if (fd >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return STEAL_FD(fd);
}

/* The shell's exit status, or -1. What it complains about goes to errors. */
static int shell_check(const struct buf *text, int errors)
{
	AUTO_CLOSE int input = memory_file(text->data, text->length);
	char *argv[] = { "sh", "-n", NULL }, *env[] = { "LC_ALL=C", NULL };
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	if (input < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	int failed = posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	if (failed)
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* dash says `sh: 3: Syntax error: end of file unexpected (expecting "then")`; bash, "line 3: ...". */
static void tell_complaint(struct reader *reader, const char *path, char *complaint)
{
	char *text = complaint + strcspn(complaint, "0123456789\n"), *rest = text;
	long line = strtol(text, &rest, 10);

	complaint[strcspn(complaint, "\n")] = 0;
	rest += strspn(rest, ": ");
	finding_add(reader, path, (int)line, "%s; expected a script that `sh -n` accepts",
		    line && *rest ? rest : "the shell cannot read it");
}

static void check_syntax(struct reader *reader, const struct pack_file *script)
{
	AUTO_CLOSE int errors = memory_file("", 0);
	char complaint[512] = "";

	if (errors >= 0 && shell_check(&script->content, errors) == 0)
		return;
	ssize_t length = errors < 0 ? -1 : pread(errors, complaint, sizeof(complaint) - 1, 0);
	if (length > 0)
		complaint[length] = 0;
	tell_complaint(reader, script->path, complaint);
}

/* ---- exit statuses --------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static const char *comment_skip(const char *text, const char *p)
{
	bool comment = *p == '#' && (p == text || isspace((unsigned char)p[-1]) || p[-1] == ';');

	return comment ? p + strcspn(p, "\n") : p;
}

/* Whether the word `exit` and blanks stand before p. */
static bool follows_exit(const char *text, const char *p)
{
	const char *end = p;

	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return end < p && end - text >= 4 && strncmp(end - 4, "exit", 4) == 0 &&
	       (end - text == 4 || !is_word(end[-5]));
}

static void codes_find(const char *text, uint8_t codes[100])
{
	const char *p = text;

	while (*(p = comment_skip(text, p))) {
		size_t digits = p == text || !is_word(p[-1]) ? strspn(p, "0123456789") : 0;
		if ((digits == 1 || digits == 2) && !is_word(p[digits]))
			codes[atoi(p)] |= CODE_NAMED | (follows_exit(text, p) ? CODE_EXIT : 0);
		p += digits ? digits : 1;
	}
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool path_is_inside(const char *path)
{
	AUTO_FREE char *slashed = str_fmt("/%s/", path);

	return *path != '/' && !strstr(slashed, "//") && !strstr(slashed, "/./") &&
	       !strstr(slashed, "/../");
}

static bool shebang_is_sh(const char *text)
{
	if (!str_starts(text, "#!"))
		return true;
	size_t length = strcspn(text, "\r\n");
	return (length == 9 && str_starts(text, "#!/bin/sh")) || str_starts(text, "#!/bin/sh ");
}

bool check_script(struct reader *reader, const void *thing, const char *path, uint8_t codes[100])
{
	const struct pack_file *script = tree_file(reader->pack, path);
	const char *text = script && script->content.length ? (char *)script->content.data : "";

	if (!path_is_inside(path))
		finding_at(
			reader, thing,
			"the path %s leaves its folder; expected one without '/' in front, '.' and "
			"'..'",
			path);
	else if (!script)
		finding_at(reader, thing, "there is no script %s; expected that file", path);
	else if (!*text)
		finding_add(reader, path, 0, "it is empty; expected a script");
	else if (strlen(text) != script->content.length || strchr(text, '\r'))
		finding_add(reader, path, 0,
			    "it has NUL bytes or lines that end in CR; expected text with plain "
			    "newlines");
	else if (script->content.length > PACK_SCRIPT_MAX)
		finding_add(reader, path, 0,
			    "it is larger than 256 KiB; expected a smaller script");
	else if (!shebang_is_sh(text))
		finding_add(reader, path, 1, "%.*s; expected #!/bin/sh: that shell runs it",
			    (int)strcspn(text, "\r\n"), text);
	else if (!reader->skip_shell)
		check_syntax(reader, script);
	if (script && codes)
		codes_find(text, codes);
	return script;
}
