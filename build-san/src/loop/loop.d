build-san/src/loop/loop.o: src/loop/loop.c src/loop/loop.h src/base/err.h \
  src/base/auto.h src/base/str.h

src/loop/loop.h:

src/base/err.h:

src/base/auto.h:

src/base/str.h:
