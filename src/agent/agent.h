/* terakoya-agent: root inside a machine, the only way between it and the daemon. One thread, one
 * poll(), no allocation but one buffer per job and terminal; depends on libc only.
 *
 * Everything the agent says is derived from its state at the moment when there is room to say it
 * (job_pump, pty_pump): it keeps no queue of messages, so nothing can make it grow.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "guest/frame.h"

#define AGENT_JOBS         64          /* twice what the daemon uses: killed ones may be dying */
#define AGENT_PTYS         16          /* LINK_PTYS_MAX */
#define AGENT_OUTPUT_MAX   (256 * 1024) /* LINK_EXEC_OUTPUT_MAX */
#define AGENT_PTY_HISTORY  (64 * 1024) /* LINK_PTY_HISTORY and LINK_PTY_WINDOW */
#define AGENT_ARGUMENTS    256         /* in one argv or env */
#define AGENT_POLL_MAX     (4 + AGENT_JOBS * 3 + AGENT_PTYS)

struct agent;

uint64_t now_ms(void); /* monotonic */

/* ---- port.c: the wire -------------------------------------------------------------------- */

struct port {
	const char *path;   /* the virtio port, or with `listening` a unix socket for tests */
	bool listening;
	int fd;             /* -1 while there is none */
	int listener;
	int watch;          /* an epoll of one: tells of edges on fd, never of levels */
	bool readable;      /* nobody has yet seen the end of what came in */
	bool away;          /* the host end is closed, or fd is -1 */
	bool announced;     /* BOOTED was said */
	bool hello;         /* a session: the host has said hello on this connection */
	struct frame_parser in;
	size_t out_start, out_end;
	uint8_t out[FRAME_MAX];
};

#define PORT_REPLY_ROOM 2048 /* an answer of any kind but data fits */

int port_init(struct port *port, const char *path, bool listening);
void port_open(struct port *port);    /* tries to; port->away says whether it worked */
void port_receive(struct agent *agent); /* after an edge: reads, and handles every whole frame */
void port_flush(struct port *port);
size_t port_room(const struct port *port);
int port_timeout(const struct port *port); /* ms for poll(), -1 none */

/* A frame without or with a small payload; there is room for it (PORT_REPLY_ROOM). */
void port_send(struct port *port, enum frame_type type, uint16_t channel, const void *payload,
	       size_t length);
void port_send_u32(struct port *port, enum frame_type type, uint16_t channel, uint32_t value);
/* JOB_FAIL or PTY_FAIL. error: an errno. */
void port_send_fail(struct port *port, enum frame_type type, uint16_t channel, int error,
		    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Reads up to FRAME_INPUT_MAX bytes from fd straight into a frame. What read() returned. */
ssize_t port_send_from(struct port *port, enum frame_type type, uint16_t channel, int fd,
		       size_t most);
/* Room for the next frame's bytes, and that they are there now. */
uint8_t *port_tail(struct port *port, size_t *room);
void port_commit(struct port *port, size_t length);

/* A student's fork bomb stops here; checks run as root and are not counted with it. */
#define AGENT_USER_PROCESSES 512

/* ---- spawn.c: children ------------------------------------------------------------------- */

struct account {
	char name[64], home[256], shell[256];
	uid_t uid;
	gid_t gid;
};

/* From /etc/passwd. "" or NULL is root. 0, or an errno (ENOENT: no such user). */
int account_find(const char *name, struct account *account);

struct spawn {
	struct account account;
	const char *const *argv; /* found in the agent's own PATH */
	const char *argv0;       /* what the program sees as its name; NULL: argv[0] */
	const char *const *env;  /* on top of the clean set */
	const char *directory;
	bool terminal;           /* input is a terminal: make it the controlling one */
	bool at_home;            /* somebody's own work: PATH as at a terminal, / if there is no home */
	int input, output, errors;
};

/* Starts a child in its own session and group, everything of the agent's own left behind. Its pid,
 * or -1 with *why filled: the step that failed, and errno. */
pid_t spawn_start(const struct spawn *spawn, char why[FRAME_MESSAGE_MAX]);

/* Runs a program to its end, without input or output. Exit status, or -1. Blocks for `most_ms`. */
int spawn_wait(const char *const *argv, uint64_t most_ms);

/* ---- job.c: commands, files, connections ----------------------------------------------------------- */

enum job_kind { JOB_FREE, JOB_EXEC, JOB_PUT, JOB_GET, JOB_STREAM, JOB_DIAL };

struct job {
	enum job_kind kind;
	uint16_t channel;
	bool silent;             /* its session is over: end it and say nothing */
	bool ended, timed_out, truncated;
	pid_t pid;               /* 0 when there is no child (any more) */
	int status;              /* of waitpid() */
	int input, output, errors;
	uint8_t *held;           /* input that the child has not read */
	size_t held_start, held_end, held_room;
	bool eof;                /* no input will come behind what is held */
	uint32_t credit_due;
	size_t output_count, error_count, output_most;
	uint32_t granted;        /* bytes of output that the host of a stream still welcomes */
	bool connecting, end_said;
	uint64_t started_ms, deadline_ms, run_ms;
	char *path, *temporary;  /* of a put */
};

void job_frame(struct agent *agent, const struct frame *frame);
/* Says at most one thing; false: there was nothing to say. */
bool job_pump(struct agent *agent, struct job *job);
void job_write(struct job *job);                     /* held input to the child */
void job_reaped(struct job *job, int status);
void job_kill(struct job *job);
void job_silence(struct job *job);                   /* a new session has begun */
void job_expire(struct job *job, uint64_t now);      /* kills what is over its deadline */
/* Fills at most three entries. hear: there is room to pass its output on. */
unsigned job_poll(const struct job *job, struct pollfd *set, bool hear);

/* Fills in the child's three streams, and starts it. False: it was said why, and the job is gone. */
struct spawn;
bool job_spawn(struct port *port, struct job *job, struct spawn *spawn, const char *user);
void job_fail(struct port *port, struct job *job, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void job_release(struct job *job);

/* stream.c */
bool job_is_stream(const struct job *job);
void stream_start(struct agent *agent, struct job *job, struct frame_reader *reader);
void stream_dial(struct agent *agent, struct job *job, struct frame_reader *reader);
bool stream_pump(struct port *port, struct job *job);
/* What only streams know, also after their end: grant, signal, kill. */
void stream_frame(struct job *job, const struct frame *frame);
/* SIGHUP to its processes, which are on their own from here on. The job is over. */
void stream_hangup(struct job *job);

/* file.c */
void file_put(struct agent *agent, struct job *job, struct frame_reader *reader);
void file_get(struct agent *agent, struct job *job, struct frame_reader *reader);
bool file_input(struct job *job, const uint8_t *data, size_t length); /* false: errno says why */
bool file_finish(struct job *job);
void file_discard(struct job *job);
/* A whole small file, atomically. 0, or an errno. */
int file_write(const char *path, mode_t mode, const void *data, size_t length);

/* ---- tool.c: the programs that checks use ------------------------------------------------ */

/* The first of these stamps that does not hold any more ("grep 1:2 3 4"), or NULL: all do. */
const char *tool_changed(const char *const *stamps);
/* TOOLS: the stamps of the names asked for. */
void tool_list(struct agent *agent, struct job *job, struct frame_reader *reader);

/* ---- pty.c: terminals -------------------------------------------------------------------- */

struct pty {
	uint16_t channel;     /* 0: free */
	pid_t pid;            /* 0 when the shell has ended */
	int status;
	uint64_t ended_ms;    /* when it ended, or last moved since: the rest of its output is awaited
				 for a moment only */
	int master;           /* -1 when there is no more output */
	bool closing, attached;
	bool exit_said;       /* PTY_EXIT went out; PTY_CLOSE will confirm it */
	uint16_t rows, columns;
	uint8_t *ring;        /* output: byte number n is at n % AGENT_PTY_HISTORY */
	uint64_t first, next; /* kept: [first, next) */
	uint64_t sent, acked;
	uint8_t *held;        /* FRAME_PTY_WINDOW bytes of input */
	size_t held_start, held_end;
	uint32_t credit_due;
};

void pty_frame(struct agent *agent, const struct frame *frame);
bool pty_pump(struct agent *agent, struct pty *pty);
void pty_ready(struct pty *pty, short events); /* after poll() */
void pty_reaped(struct pty *pty, int status);
void pty_detach(struct pty *pty);
void pty_hangup(struct pty *pty);
bool pty_wants(const struct pty *pty, struct pollfd *entry); /* false: nothing to wait for */
uint64_t pty_deadline(const struct pty *pty);                /* 0: none */
void pty_expire(struct pty *pty, uint64_t now);

/* ---- health.c ---------------------------------------------------------------------------- */

/* Answers a ping, with what this machine has left. */
void health_answer(struct port *port, const struct frame *ping);

/* ---- identify.c, card.c ------------------------------------------------------------------ */

/* Makes the machine itself and answers. */
void identify(struct agent *agent, const struct frame *frame);
void identity_recall(struct agent *agent);

/* Brings up the card with this hardware address, with "10.10.0.10/24" or "". 0, or an errno. */
int card_set(const char *mac, const char *address);

/* ---- main.c ------------------------------------------------------------------------------ */

struct agent {
	struct port port;
	int signals;
	bool stopping, keeps_identity; /* false with --listen: tests leave this machine alone */
	unsigned turn;                 /* who speaks first in the next round */
	char boot_id[37];
	uint64_t instance;
	struct job job[AGENT_JOBS];
	struct pty pty[AGENT_PTYS];
};

/* One frame of the host's, whole and allowed by its type's rule. */
void agent_frame(struct agent *agent, const struct frame *frame);

#endif
