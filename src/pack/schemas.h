/* The text of course.rng and lab.rng, each with a NUL behind it, which ..._end points past. */
#ifndef PACK_SCHEMAS_H
#define PACK_SCHEMAS_H

extern const char schema_course[], schema_course_end[];
extern const char schema_lab[], schema_lab_end[];

#endif
