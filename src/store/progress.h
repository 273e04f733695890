/* What a seat has achieved: one row per seat and task, one row per attempt, hints, labs opened. */
#ifndef STORE_PROGRESS_H
#define STORE_PROGRESS_H

#include "store/store.h"

enum verdict { VERDICT_PASS, VERDICT_NOT_YET, VERDICT_ERROR, VERDICTS };
extern const char *const verdict_names[VERDICTS]; /* "pass", "not-yet", "error" */

enum attempt_trigger {
	TRIGGER_STUDENT,
	TRIGGER_AUTO,
	TRIGGER_INSTRUCTOR,
	TRIGGER_CATCH_UP,
	TRIGGERS
};
extern const char *const trigger_names[TRIGGERS]; /* "student", "auto", "instructor", "catch-up" */

struct attempt_row {
	int64_t id, seat_id, at;
	char *lab, *task;
	enum verdict verdict;
	enum attempt_trigger trigger;
	int code;             /* the check's exit code */
	uint32_t duration_ms; /* click to verdict, on the host */
	char *answer;         /* what was typed; NULL for state tasks */
};

struct progress_row {
	int64_t seat_id;
	char *lab, *task;
	bool done;
	bool caught_up;       /* solved for the student: no points */
	unsigned points;      /* earned, hints deducted */
	unsigned attempts;    /* by hand */
	unsigned hints;       /* shown */
	int last_code;        /* of the last attempt */
	int64_t first_at, done_at; /* first attempt, and done; 0: not yet */
	int64_t took_ms;      /* from when it could be worked on until it was done; 0: not done, or caught up */
};

void attempt_row_free(struct attempt_row *row);
void progress_row_free(struct progress_row *row);

/* One transaction: the attempt's row and the progress that follows from it. An auto attempt that
 * is not a pass and repeats the last code writes nothing. On return both are on disk. */
int progress_record(struct store *store, const struct attempt_row *attempt,
		    const struct progress_row *progress, struct err *err);
int progress_list(struct store *store, int64_t seat_id, struct progress_row **rows, size_t *count,
		  struct err *err);
int attempts_list(struct store *store, int64_t seat_id, unsigned most, struct attempt_row **rows,
		  size_t *count, struct err *err); /* newest first */
/* When anything was first and last tried or opened in a seat; 0: nothing was. */
int progress_span(struct store *store, int64_t seat_id, int64_t *first, int64_t *last, struct err *err);
/* A hint is shown at a time; shown again, it changes nothing. A task of which nothing was on record begins then. */
int hints_add(struct store *store, int64_t seat_id, const char *lab, const char *task,
	      unsigned hint, unsigned cost, int64_t at, struct err *err);
int labs_opened(struct store *store, int64_t seat_id, const char *lab, int64_t *at, bool *set_up,
		struct err *err); /* *at 0: never */
/* Whether any lab is set up in the machines that the seat has now. */
int labs_set_up(struct store *store, int64_t seat_id, bool *any, struct err *err);
int labs_open(struct store *store, int64_t seat_id, const char *lab, bool set_up, struct err *err);
/* A reset gives the start again: labs of the seat must be set up anew; progress stays. */
int labs_reset(struct store *store, int64_t seat_id, struct err *err);

#endif
