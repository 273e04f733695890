/* The daemon's end of one machine's agent: connects to the machine's virtio-serial socket, shakes
 * hands, and carries identity, commands, terminals and files over it. docs/agent-protocol.md has the
 * wire format and its reasons; guest/frame.h is the codec that both ends share.
 *
 * Everything here runs on T0 and never blocks. The guest is hostile: a link bounds every buffer that
 * the guest can fill, every frame, every count and every wait. A guest that breaks the protocol gets
 * its connection closed with ERR_GUEST and the link tries again; nobody else notices.
 *
 * A link reconnects by itself (50 ms, doubling to 2 s) until link_free(). Commands in flight fail
 * with ERR_UNAVAILABLE when the connection goes; terminals live on in the guest and are attached
 * again by whoever owns them, from the byte offset that they had.
 */
#ifndef GUEST_LINK_H
#define GUEST_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

struct link;

#define LINK_EXEC_OUTPUT_MAX (256 * 1024)  /* bytes of stdout, and of stderr, that are kept */
#define LINK_FILE_MAX        (64 * 1024 * 1024)
#define LINK_PTYS_MAX        16            /* terminals of one machine */
#define LINK_EXECS_MAX       16            /* commands at once on one machine; more are queued */
#define LINK_STREAMS_MAX     16            /* streams at once on one machine */
#define LINK_STREAM_WINDOW   (128 * 1024)  /* bytes of a stream under way, in either direction */
#define LINK_COMMAND_MAX     (24 * 1024)   /* bytes of a stream's command */
#define LINK_PTY_WINDOW      (64 * 1024)   /* bytes that the guest may send unacknowledged */
#define LINK_PTY_HISTORY     (64 * 1024)   /* bytes of past output the agent keeps per terminal */

/* A terminal that was alive in the guest when the agent answered. */
struct link_pty {
	uint16_t channel;
	uint16_t rows, columns;
	uint64_t first, next; /* output offsets: oldest byte still kept, and one past the newest */
};

struct link_hello {
	unsigned version;     /* of the protocol; streams need 2, tools 3 */
	char agent_version[32];
	char boot_id[37];     /* changes when the machine boots; a clone keeps its template's */
	uint64_t instance;    /* what the last link_identify() set; 0 in a machine that has no identity yet
				 (a fresh boot, a fresh clone) */
	unsigned pty_count;
	struct link_pty pty[LINK_PTYS_MAX];
};

struct link_events {
	/* The agent answered: on every connection, and again after the machine rebooted. */
	void (*up)(void *context, const struct link_hello *hello);
	/* The connection is gone or was refused; called once per loss. */
	void (*down)(void *context, const struct err *why);
	/* Terminal output. offset is the position of data[0] in the terminal's whole output; there are no
	 * gaps unless the agent's history was exceeded. Acknowledge with link_pty_ack(). */
	void (*pty_data)(void *context, uint16_t channel, uint64_t offset, const uint8_t *data,
			 size_t length);
	/* The shell ended; status as from waitpid() (or -1 when unknown). The channel is free again. */
	void (*pty_exit)(void *context, uint16_t channel, int status);
	/* Room for input again after link_pty_write() accepted less than everything. */
	void (*pty_writable)(void *context, uint16_t channel);
};

/* socket_path: the host end of the machine's port "terakoya.0". Connects at once. */
struct link *link_new(struct loop *loop, const char *socket_path, const struct link_events *events,
		      void *context);
void link_free(struct link *link); /* NULL-safe; pending completions are called with ERR_UNAVAILABLE */
bool link_is_up(const struct link *link);
/* The machine stands still, or goes on: what was asked of it, and is asked meanwhile, has its time left then. */
void link_hold(struct link *link, bool still);

/* ---- identity ---------------------------------------------------------------------------- */

struct link_nic {
	char mac[18];     /* which card, by its hardware address, "52:54:00:..." */
	char address[64]; /* "10.10.0.10/24", or "" for none */
};

struct link_host_key {
	char name[32];  /* "ssh_host_ed25519_key" */
	const char *private_key; /* OpenSSH format, at most 8 KiB */
	const char *public_key;
};

struct link_identity {
	uint64_t instance;    /* not 0: the machine's generation as the daemon counts it */
	char host_name[64];
	char machine_id[33];  /* 32 hex digits */
	int64_t real_ms;      /* the host's clock */
	char time_zone[64];   /* "Asia/Tokyo" */
	uint8_t entropy[64];  /* fresh from the host, for RNDADDENTROPY and RNDRESEEDCRNG */
	unsigned nic_count;
	struct link_nic nic[8];
	unsigned host_count;  /* lines for /etc/hosts */
	struct { char address[64]; char name[64]; } host[16];
	unsigned host_key_count;
	struct link_host_key host_key[3];
	/* The account that the student works as; made if it is missing (home, shell bash, sudo). */
	char user[33];
	bool user_sudo;
};

/* err is NULL on success. Called once, on T0, never from inside the call that took it. */
typedef void link_done_fn(void *context, const struct err *err);

/* Makes the machine itself: entropy first, then clock, name, machine-id, host keys, cards, user. */
void link_identify(struct link *link, const struct link_identity *identity, uint64_t timeout_ms,
		   link_done_fn *done, void *context);

/* ---- commands ---------------------------------------------------------------------------- */

struct link_exec {
	const char *user;        /* NULL: root */
	const char *const *argv; /* NULL-terminated; argv[0] is a path or found in the agent's own PATH */
	const char *const *env;  /* NULL-terminated "NAME=value", on top of the agent's own clean set */
	const char *directory;   /* NULL: / */
	const uint8_t *input;    /* stdin; copied */
	size_t input_length;     /* at most LINK_FILE_MAX */
	const char *const *tools; /* stamps that must hold, of link_tools(); NULL: whatever is there. An agent
				     older than version 3 runs it unasked */
	uint64_t timeout_ms;     /* then the whole process group is killed; at most 1 h */
};

struct link_exec_result {
	int status;         /* exit code 0..255, or 256 + signal */
	bool timed_out;
	bool truncated;     /* more output than LINK_EXEC_OUTPUT_MAX */
	uint32_t run_ms;    /* in the guest, as the agent measured it */
	const uint8_t *output, *errors; /* stdout and stderr; NUL behind */
	size_t output_length, error_length;
};

/* Exactly one of result and err is not NULL. */
typedef void link_exec_fn(void *context, const struct link_exec_result *result,
			  const struct err *err);

/* Runs a command in its own session and process group. Returns an id for link_exec_cancel(). */
uint32_t link_exec(struct link *link, const struct link_exec *exec, link_exec_fn *done,
		   void *context);
/* Kills it in the guest; done is not called any more. Unknown ids are ignored. */
void link_exec_cancel(struct link *link, uint32_t id);

/* ---- files ------------------------------------------------------------------------------- */

/* Writes a whole file atomically (temporary name, fsync not needed, rename). mode is octal, owner a
 * user name or NULL for root. */
void link_put_file(struct link *link, const char *path, unsigned mode, const char *owner,
		   const uint8_t *data, size_t length, link_done_fn *done, void *context);
/* Reads a file of at most `most` bytes; the result's output holds it, status is 0. */
void link_get_file(struct link *link, const char *path, size_t most, link_exec_fn *done,
		   void *context);

/* The stamps of tools, a line each, as the result's output; agent/tool.c says what is in a line. names:
 * NULL-terminated, at most FRAME_TOOLS_MAX - 1; a program's name, or a path. ERR_CONFLICT from an agent
 * older than version 3. */
void link_tools(struct link *link, const char *const *names, link_exec_fn *done, void *context);

/* What a machine has left, as its agent says with every answer to a ping. All of it is the guest's
 * word: to be shown, never to be relied upon. */
struct link_health {
	uint32_t disk_total_mib, disk_free_mib; /* of the root file system, for ordinary users */
	uint32_t files_free;                    /* that may still be made on it */
	uint32_t memory_total_mib, memory_free_mib; /* free: what the kernel could give */
	uint32_t processes, processes_max;      /* threads of everybody; what the student may have */
	uint32_t load;                          /* the last minute's, in hundredths */
};

/* Round trip to the agent. */
void link_ping(struct link *link, uint64_t timeout_ms, link_done_fn *done, void *context);
/* Of the last answered ping on this connection; NULL before the first. */
const struct link_health *link_health(const struct link *link);

/* ---- streams ----------------------------------------------------------------------------- */

/* A command of the student's own, with its three streams and without limits on time or output; or a TCP
 * connection made from inside the machine. Bytes are handed on at once and never kept: the guest sends
 * no more than LINK_STREAM_WINDOW beyond what link_stream_grant() has allowed. */
struct link_stream;

struct link_stream_events {
	/* It is connected; only of link_stream_dial(). */
	void (*connected)(void *context);
	/* errors: of standard error. */
	void (*output)(void *context, bool errors, const uint8_t *data, size_t length);
	/* No more standard output will come. */
	void (*output_end)(void *context);
	/* Room for input again after link_stream_write() took less than everything. */
	void (*writable)(void *context);
	/* It is over, and the stream must not be used any more. err NULL: status as in link_exec_result. */
	void (*ended)(void *context, int status, const struct err *err);
};

struct link_stream_spec {
	const char *user;       /* whose shell and home */
	const char *command;    /* for `shell -c`; NULL: a login shell that reads standard input */
	const char *const *env; /* NULL-terminated "NAME=value" */
};

/* NULL with err: ERR_UNAVAILABLE (no agent, or one of an older image), ERR_CONFLICT (too many). No event is
 * called from within. */
struct link_stream *link_stream_run(struct link *link, const struct link_stream_spec *spec,
				    const struct link_stream_events *events, void *context,
				    struct err *err);
/* address: numeric, IPv4 or IPv6. */
struct link_stream *link_stream_dial(struct link *link, const char *address, uint16_t port,
				     const struct link_stream_events *events, void *context,
				     struct err *err);
/* How many bytes were taken (0..length): the rest after `writable`. */
size_t link_stream_write(struct link_stream *stream, const uint8_t *data, size_t length);
void link_stream_eof(struct link_stream *stream);                    /* no more input */
void link_stream_grant(struct link_stream *stream, size_t length);   /* so much output was consumed */
void link_stream_signal(struct link_stream *stream, int number);     /* 1..31, to its process group */
/* Hangs up; no event is called any more, the stream must not be used. */
void link_stream_close(struct link_stream *stream);

/* ---- terminals --------------------------------------------------------------------------- */

struct link_pty_spec {
	uint16_t channel;        /* chosen by the caller, 1..65535, not in use */
	const char *user;        /* login shell of this user */
	const char *const *env;  /* LANG, TERM and such; NULL-terminated */
	const char *const *argv; /* NULL: the login shell */
	uint16_t rows, columns;  /* 1..1000 */
};

/* Opening fails through done (no such user, too many). Output begins at offset 0. */
void link_pty_open(struct link *link, const struct link_pty_spec *spec, link_done_fn *done,
		   void *context);
/* After a new connection: go on with this terminal's output from `offset` (or the oldest byte kept). */
void link_pty_attach(struct link *link, uint16_t channel, uint64_t offset);
/* Queues input; returns how many bytes were taken (0..length): the rest after pty_writable. */
size_t link_pty_write(struct link *link, uint16_t channel, const uint8_t *data, size_t length);
void link_pty_resize(struct link *link, uint16_t channel, uint16_t rows, uint16_t columns);
/* Everything before `offset` was consumed: the guest may send LINK_PTY_WINDOW beyond it. */
void link_pty_ack(struct link *link, uint16_t channel, uint64_t offset);
/* Hangs up: SIGHUP to the shell's session; pty_exit follows. */
void link_pty_close(struct link *link, uint16_t channel);

#endif
