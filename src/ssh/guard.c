/* libssh 0.10 has loops that a client can keep alive: one that says it takes packets of ten bytes makes
 * ssh_channel_write() send empty ones for ever (channel_write_common() takes ten off for the header). T0
 * must not hang because of one client. So while libssh works, a timer runs, on T0's own processor time: a
 * busy host is nobody's fault. When it goes off, the client's socket is shut down, every loop finds it
 * broken, and the client is gone. shutdown() may be called from a signal handler (signal-safety(7)).
 */
#include "ssh/inside.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define PATIENCE_S 2

static volatile sig_atomic_t guarded = -1;

static void on_alarm(int number)
{
	int code = errno;

	(void)number;
	if (guarded >= 0)
		shutdown(guarded, SHUT_RDWR);
	errno = code;
}

static timer_t make_timer(void)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 4 };
	timer_t timer;

	sigaction(event.sigev_signo, &action, NULL);
	if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) < 0)
		abort();
	return timer;
}

static void set_timer(time_t seconds)
{
	static timer_t timer;
	static bool made;
	const struct itimerspec when = { .it_value.tv_sec = seconds };

	if (!made)
		timer = make_timer();
	made = true;
	timer_settime(timer, 0, &when, NULL);
}

void guard_begin(int fd)
{
	guarded = fd;
	set_timer(PATIENCE_S);
}

void guard_end(void)
{
	guarded = -1;
	set_timer(0);
}
