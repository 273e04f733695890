/* The pack that `lab new` writes, held in the binary: it works from wherever the program lies. The files are
 * in src/cli/skeleton, a sound pack as they are; make runs at the root of the repository, which is what the
 * paths are relative to. */
#include "cli/skeleton.h"

#include <stddef.h>

#define EMBED(symbol, path)                                                \
	extern const char symbol[];                                        \
	__asm__(".section .rodata\n" #symbol ":\n"                         \
		".incbin \"src/cli/skeleton/" path "\"\n"                  \
		".byte 0\n"                                                \
		".previous\n")

EMBED(skeleton_course, "course.xml");
EMBED(skeleton_desk, "environment/desk.sh");
EMBED(skeleton_lab, "first-lab/lab.xml");
EMBED(skeleton_guide_en, "first-lab/guide.en.md");
EMBED(skeleton_guide_ja, "first-lab/guide.ja.md");
EMBED(skeleton_setup, "first-lab/setup.sh");
EMBED(skeleton_note_check, "first-lab/leave-a-note.check");
EMBED(skeleton_note_solve, "first-lab/leave-a-note.solve");
EMBED(skeleton_desk_answer, "first-lab/desk-number.answer");
EMBED(skeleton_desk_solve, "first-lab/desk-number.solve");

const struct skeleton_file skeleton[] = {
	{ "course.xml", skeleton_course },
	{ "environment/desk.sh", skeleton_desk },
	{ "first-lab/lab.xml", skeleton_lab },
	{ "first-lab/guide.en.md", skeleton_guide_en },
	{ "first-lab/guide.ja.md", skeleton_guide_ja },
	{ "first-lab/setup.sh", skeleton_setup },
	{ "first-lab/leave-a-note.check", skeleton_note_check },
	{ "first-lab/leave-a-note.solve", skeleton_note_solve },
	{ "first-lab/desk-number.answer", skeleton_desk_answer },
	{ "first-lab/desk-number.solve", skeleton_desk_solve },
	{ NULL, NULL },
};
