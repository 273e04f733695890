/* The pack that `lab new` begins with. */
#ifndef CLI_SKELETON_H
#define CLI_SKELETON_H

struct skeleton_file {
	const char *path; /* in the pack */
	const char *text;
};

/* What stands in its course.xml until `lab new` puts the author's words there. */
#define SKELETON_ID	  "my-course"
#define SKELETON_TITLE_EN "My course"
#define SKELETON_TITLE_JA "わたしのコース"

extern const struct skeleton_file skeleton[]; /* up to one without a path */

#endif
