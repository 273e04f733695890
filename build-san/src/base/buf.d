build-san/src/base/buf.o: src/base/buf.c src/base/buf.h src/base/auto.h \
  src/base/err.h src/base/str.h

src/base/buf.h:

src/base/auto.h:

src/base/err.h:

src/base/str.h:
