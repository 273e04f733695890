#include "core/image_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool image_line_parse(const char *line, double *fraction, const char **text)
{
	static const char word[] = "progress ";
	const char *number = line + strlen(word);
	double value;
	char *end;

	if (!str_starts(line, word) || strspn(number, "0123456789") == 0)
		return false;
	value = strtod(number, &end);
	if (*end != ' ' || !end[1] || !(value >= 0 && value <= 1))
		return false;
	*fraction = value;
	*text = end + 1;
	return true;
}
