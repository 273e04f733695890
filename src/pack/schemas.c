/* The schemas' text, held in the binary: no file is looked up at run time. make runs at the root of
 * the repository, which is what the paths are relative to. */
#include "pack/schemas.h"

#define EMBED(symbol, path)                                   \
	__asm__(".section .rodata\n"                          \
		".global " #symbol "\n" #symbol ":\n"         \
		".incbin \"" path "\"\n"                      \
		".byte 0\n"                                   \
		".global " #symbol "_end\n" #symbol "_end:\n" \
		".previous\n")

EMBED(schema_course, "src/pack/course.rng");
EMBED(schema_lab, "src/pack/lab.rng");
