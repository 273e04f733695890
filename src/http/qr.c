#include "http/qr.h"

#include <qrencode.h>

#include "base/auto.h"
#include "base/buf.h"

/* Runs of dark modules, a rectangle each: half as long as one for every module. */
static void draw_row(struct buf *path, const unsigned char *row, int width, int y)
{
	for (int x = 0; x < width; x++) {
		int from = x;
		while (x < width && row[x] & 1)
			x++;
		if (x > from)
			buf_fmt(path, "M%d %dh%dv1h-%dz", from, y, x - from, x - from);
	}
}

json_t *view_qr(const char *text)
{
	AUTO(buf) struct buf path = { 0 };
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

	if (!code)
		return json_null();
	for (int y = 0; y < code->width; y++)
		draw_row(&path, code->data + y * code->width, code->width, y);
	json_t *view = json_pack("{s:i, s:s}", "size", code->width, "path", (char *)path.data);
	QRcode_free(code);
	return view;
}
