/* What a student typed, as an answer script gets to see it. */
#ifndef CORE_ANSWER_H
#define CORE_ANSWER_H

/* Full-width letters, digits and signs as ASCII, ASCII letters small, every kind of blank a plain one and none
 * at the ends: an input method that was left on is no wrong answer. Everything else stays. typed is clean
 * UTF-8; the caller frees. */
char *answer_normalise(const char *typed);

#endif
