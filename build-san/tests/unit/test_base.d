build-san/tests/unit/test_base.o: tests/unit/test_base.c src/base/auto.h \
  src/base/buf.h src/base/err.h src/base/str.h src/loop/loop.h

src/base/auto.h:

src/base/buf.h:

src/base/err.h:

src/base/str.h:

src/loop/loop.h:
