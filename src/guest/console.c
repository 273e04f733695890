#include "guest/console.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/str.h"

#define PTS_MAJOR      136 /* to 143, 256 minors each, as Linux counts them: devices.txt */
#define PTS_MAJORS     8
#define PTS_PER_MAJOR  256
#define LAST_WORDS_MAX (64 * 1024) /* read at once when QEMU has closed its end */

struct console {
	struct loop *loop;
	const struct console_events *events;
	void *context;
	int fd;
	sd_event_source *io, *pause;
	bool resting;	    /* it has just been read */
	bool short_of_room; /* somebody waits to write */
};

/* ---- whose terminal it is ------------------------------------------------------------------- */

static int terminal_index(int fd, const char *path, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return err_errno(err, "cannot look at %s", path);
	unsigned at = major(status.st_rdev) - PTS_MAJOR;
	if (!S_ISCHR(status.st_mode) || at >= PTS_MAJORS)
		return err_set(err, ERR_INVALID, "%s is no pseudo terminal", path);
	return (int)(at * PTS_PER_MAJOR + minor(status.st_rdev));
}

/* Of the pseudo terminal whose other end this descriptor of the process is; -1: of none. proc(5)
 * has it in fdinfo, "tty-index:". */
static long master_index(int pid, const char *number)
{
	AUTO_FREE char *path = str_fmt("/proc/%d/fdinfo/%s", pid, number);
	AUTO(buf) struct buf text = { 0 };
	long index;

	if (buf_read_file(&text, path, 4096, NULL) < 0 || !text.length)
		return -1;
	const char *line = strstr((const char *)text.data, "tty-index:");
	return line && sscanf(line, "tty-index: %ld", &index) == 1 ? index : -1;
}

/* While we have our end open its number cannot become another's, so this stays true once it is. */
static bool process_has_master(int pid, int index)
{
	AUTO_FREE char *path = str_fmt("/proc/%d/fdinfo", pid);
	AUTO_DIR DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && master_index(pid, entry->d_name) == index)
			return true;
	return false;
}

/* Raw, whatever it was: an echo of what the machine says would be input to it, for ever. */
static int open_line(const char *path, int pid, struct err *err)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios settings;

	if (fd < 0)
		return err_errno(err, "cannot open the console %s", path);
	int index = terminal_index(fd, path, err);
	if (index < 0)
		return -1;
	if (pid <= 0 || !process_has_master(pid, index))
		return err_set(err, ERR_NOT_FOUND, "%s is no console of process %d any more", path,
			       pid);
	if (tcgetattr(fd, &settings) < 0)
		return err_errno(err, "cannot set up the console %s", path);
	cfmakeraw(&settings);
	if (tcsetattr(fd, TCSANOW, &settings) < 0)
		return err_errno(err, "cannot set up the console %s", path);
	return STEAL_FD(fd);
}

/* ---- what comes ----------------------------------------------------------------------------- */

static void console_listen(struct console *console)
{
	sd_event_source_set_io_events(console->io, (console->resting ? 0 : EPOLLIN) |
							   (console->short_of_room ? EPOLLOUT : 0));
}

static int on_rested(sd_event_source *source, uint64_t now, void *context)
{
	struct console *console = context;

	(void)source, (void)now;
	console->resting = false;
	console_listen(console);
	return 0;
}

static void console_rest(struct console *console)
{
	console->resting = true;
	loop_timer(console->loop, &console->pause, CONSOLE_PAUSE_MS, on_rested, console);
	console_listen(console);
}

static ssize_t console_read(struct console *console)
{
	uint8_t piece[CONSOLE_PIECE];
	ssize_t length = read(console->fd, piece, sizeof(piece));

	if (length > 0)
		console->events->data(console->context, piece, (size_t)length);
	return length;
}

static void console_end(struct console *console)
{
	size_t rest = 0;

	sd_event_source_set_enabled(console->io, SD_EVENT_OFF);
	for (ssize_t length; rest < LAST_WORDS_MAX && (length = console_read(console)) > 0;)
		rest += (size_t)length;
	console->events->gone(console->context);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct console *console = context;

	(void)source, (void)fd;
	if (events & (EPOLLHUP | EPOLLERR)) {
		console_end(console);
		return 0;
	}
	if (events & EPOLLIN && console_read(console) > 0)
		console_rest(console);
	if (events & EPOLLOUT && console->short_of_room) {
		console->short_of_room = false;
		console_listen(console);
		console->events->room(console->context);
	}
	return 0;
}

/* ---- its life, and what goes ---------------------------------------------------------------- */

struct console *console_open(struct loop *loop, const char *path, int pid,
			     const struct console_events *events, void *context, struct err *err)
{
	int fd = open_line(path, pid, err);

	if (fd < 0)
		return NULL;
	struct console *console = mem_alloc(sizeof(*console));
	console->loop = loop;
	console->events = events;
	console->context = context;
	console->fd = fd;
	sd_event_add_io(loop_event(loop), &console->io, fd, EPOLLIN, on_io, console);
	return console;
}

void console_free(struct console *console)
{
	if (!console)
		return;
	sd_event_source_disable_unref(console->io);
	sd_event_source_disable_unref(console->pause);
	close(console->fd);
	free(console);
}

size_t console_write(struct console *console, const uint8_t *data, size_t length)
{
	ssize_t wrote = write(console->fd, data, length);
	size_t taken = wrote > 0 ? (size_t)wrote : 0;

	if (taken < length && !console->short_of_room) {
		console->short_of_room = true;
		console_listen(console);
	}
	return taken;
}
