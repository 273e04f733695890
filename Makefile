# make            build everything into build/
# make help       say what else there is

PREFIX  ?= /usr
DESTDIR ?=
STATE   ?= $(CURDIR)/var
LISTEN  ?= 127.0.0.1:8080
DATA    := $(DESTDIR)$(PREFIX)/share/terakoya
V       ?= 0
SAN     ?=

BUILD   ?= build$(if $(SAN),-san)
VERSION := 0.1.0
Q       := $(if $(filter 1,$(V)),,@)

PACKAGES := libvirt libvirt-qemu libxml-2.0 sqlite3 libmicrohttpd jansson libsodium md4c \
	    md4c-html libarchive libssh libsystemd libcurl gnutls icu-uc libqrencode
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
CC       ?= gcc
OPT      ?= -O2 -g
CPPFLAGS += -D_GNU_SOURCE -Isrc -DTERAKOYA_VERSION='"$(VERSION)"' -DTERAKOYA_PREFIX='"$(PREFIX)"'
CFLAGS   += -std=gnu11 $(OPT) $(WARNINGS) -fstack-protector-strong -fPIE $(PACKAGE_CFLAGS)
LDFLAGS  += -pie -Wl,-z,relro,-z,now
ifdef SAN
CFLAGS   += -fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS  += -fsanitize=$(SAN)
else
CPPFLAGS += -D_FORTIFY_SOURCE=2
endif
# Asked for once, and only when something is compiled.
PACKAGE_CFLAGS = $(eval PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES)))$(PACKAGE_CFLAGS)
PACKAGE_LIBS   = $(eval PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES)) -lwslay)$(PACKAGE_LIBS)

LIBRARY  := $(wildcard $(addprefix src/,$(addsuffix /*.c,base loop doctor guest pack store virt core term ssh http)))
DAEMON   := $(wildcard src/daemon/*.c)
CLI      := $(wildcard src/cli/*.c)
AGENT    := $(wildcard src/agent/*.c) src/guest/frame.c
UNIT     := $(wildcard tests/unit/test_*.c)

objects   = $(patsubst %.c,$(BUILD)/%.o,$(1))
PROGRAMS := $(BUILD)/terakoyad $(BUILD)/terakoya $(BUILD)/terakoya-agent $(BUILD)/terakoya-loader
TESTS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT))

FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

all: programs web

programs: $(PROGRAMS)

$(BUILD)/terakoyad: $(call objects,$(DAEMON)) $(BUILD)/libterakoya.a
$(BUILD)/terakoya: $(call objects,$(CLI)) $(BUILD)/libterakoya.a
$(BUILD)/terakoyad $(BUILD)/terakoya:
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lpthread

$(BUILD)/libterakoya.a: $(call objects,$(LIBRARY))
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $^

# Runs in the guest: static, libc only, never instrumented.
$(BUILD)/terakoya-agent: $(AGENT) $(wildcard src/agent/*.h src/guest/*.h)
	@echo "  CC    $@"
	@mkdir -p $(@D)
	$(Q)$(CC) -static -std=gnu11 -O2 $(WARNINGS) -fstack-protector-strong $(CPPFLAGS) -o $@ $(AGENT)

# What a machine's firmware starts: 3 KiB of it, no operating system below.
$(BUILD)/terakoya-loader: src/boot/loader.S
	@echo "  CC    $@"
	@mkdir -p $(@D)
	$(Q)$(CC) -m32 -nostdlib -static -Wl,-melf_i386,--oformat=binary,-Ttext=0,--build-id=none -o $@ $<
	$(Q)chmod -x $@

$(BUILD)/%.o: %.c
	@echo "  CC    $<"
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Their text is taken in with .incbin, which -MMD does not see.
$(BUILD)/src/pack/schemas.o: src/pack/course.rng src/pack/lab.rng
$(BUILD)/src/cli/skeleton.o: $(wildcard src/cli/skeleton/*.* src/cli/skeleton/*/*)

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libterakoya.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lcmocka -lpthread

# Machines without the daemon: bakes, clones and measures through src/virt alone.
$(BUILD)/tests/virt_try: $(addprefix $(BUILD)/tests/e2e/,virt_try.o virt_guest.o) $(BUILD)/libterakoya.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lpthread

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libterakoya.a
	@echo "  LD    $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PACKAGE_LIBS) -lpthread

tests/node_modules: tests/package.json tests/package-lock.json
	$(Q)cd tests && npm ci --silent && touch node_modules

unit-tests: $(TESTS)
fuzzers: $(FUZZERS)

$(BUILD)/terakoya.1: $(BUILD)/terakoya
$(BUILD)/terakoyad.8: $(BUILD)/terakoyad
$(BUILD)/terakoya.1 $(BUILD)/terakoyad.8:
	$(Q)$< --man >$@

.PRECIOUS: $(BUILD)/%.o
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

demo: ## from nothing to an open class of three seats, in the foreground; Ctrl-C ends it
	$(Q)src/cli/demo.sh $(STATE) $(LISTEN)

prerequisites: ## install the Debian packages that building, running and testing need
	$(Q)src/cli/prerequisites.sh build run test

check: prerequisites tests/node_modules ## run all tests: unit, functional, end-to-end on real machines, fuzzing
	$(Q)tests/run static unit sanitized web functional fuzz e2e

check-quick: prerequisites ## run the tests that need no machines (two minutes)
	$(Q)tests/run static unit web functional

bench: prerequisites all tests/node_modules ## print the figures, and write them as JSON to BENCH_JSON=FILE
	$(Q)BENCH_JSON=$(BENCH_JSON) node tests/bench/bench.mjs; status=$$?; tests/e2e/end; exit $$status

install: programs web $(BUILD)/terakoya.1 $(BUILD)/terakoyad.8 ## install below DESTDIR
	install -d $(DATA) $(DESTDIR)$(PREFIX)/lib/terakoya $(DESTDIR)/var/lib/terakoya
	install -Dm755 -t $(DESTDIR)$(PREFIX)/bin $(BUILD)/terakoya
	install -Dm755 -t $(DESTDIR)$(PREFIX)/sbin $(BUILD)/terakoyad
	install -Dm755 -t $(DESTDIR)$(PREFIX)/lib/terakoya $(BUILD)/terakoya-agent
	install -Dm644 -t $(DESTDIR)$(PREFIX)/lib/terakoya $(BUILD)/terakoya-loader
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(BUILD)/terakoya.1
	install -Dm644 -t $(DESTDIR)$(PREFIX)/share/man/man8 $(BUILD)/terakoyad.8
	install -Dm644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system src/daemon/terakoyad.service
	cp -R labs images $(DATA)/
	rm -rf $(DATA)/web && cp -R build/web $(DATA)/web

screenshots: all tests/node_modules ## take the pictures of the guides in docs/ anew
	node tests/e2e/screenshots.mjs

clean: ## remove what was built (not the state in var/)
	rm -rf build build-san build-fuzz

layers: ## prove that includes point only downward
	$(Q)tests/layers

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The page: no bundler. Sources and vendored libraries laid out under build/web/, see web/README.md.
WEB := $(shell find web -type f ! -path 'web/test/*')
NPM := web/package.json web/package-lock.json web/.npmrc

web: build/web/index.html
build/web/index.html: build/npm/.done $(WEB)
	@echo "  WEB   build/web"
	$(Q)web/assemble build/npm/node_modules build/web

build/npm/.done build/npm-check/.done: $(NPM)
	@echo "  NPM   $(@D)"
	@mkdir -p $(@D)
	$(Q)cp $(NPM) $(@D)/
	$(Q)cd $(@D) && npm ci --silent $(if $(filter build/npm/.done,$@),--omit=dev)
	@touch $@

web-check: build/npm-check/.done ## check the page's types
	$(Q)build/npm-check/node_modules/.bin/tsc -p web

.PHONY: screenshots all programs unit-tests fuzzers demo prerequisites check check-quick bench install clean layers help web web-check
