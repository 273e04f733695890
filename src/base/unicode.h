/* What needs the Unicode tables, through ICU: the form in which names are compared, and texts that came in
 * another encoding. */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stddef.h>

/* NFKC_Casefold (Unicode Standard Annex 44) of clean UTF-8: full-width and half-width forms, ligatures and
 * case are one; "㈱アオイ", "(株)ｱｵｲ" and "(株)アオイ" are equal. Never shown. The caller frees. */
char *unicode_fold(const char *text);

/* UTF-8 of `length` bytes in an encoding that ICU knows by this name ("UTF-16LE", "windows-31j"). NULL when
 * any byte does not belong to it. NUL characters stay. The caller frees; *made: bytes. */
char *unicode_from(const char *encoding, const char *bytes, size_t length, size_t *made);

#endif
