# make            build everything into build/
# make help       say what else there is

PREFIX  ?= /usr
DESTDIR ?=
STATE   ?= $(CURDIR)/var
V       ?= 0
SAN     ?=

BUILD   := build$(if $(SAN),-san)
VERSION := 0.1.0
Q       := $(if $(filter 1,$(V)),,@)

PACKAGES := libvirt libvirt-qemu libxml-2.0 sqlite3 libmicrohttpd jansson libsodium md4c \
	    md4c-html libarchive libssh libsystemd libcurl gnutls
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

LIBRARY  := $(wildcard $(addprefix src/,$(addsuffix /*.c,base loop guest pack store virt core term http)))
DAEMON   := $(wildcard src/daemon/*.c)
CLI      := $(wildcard src/cli/*.c)
AGENT    := $(wildcard src/agent/*.c) src/guest/frame.c
UNIT     := $(wildcard tests/unit/test_*.c)

objects   = $(patsubst %.c,$(BUILD)/%.o,$(1))
PROGRAMS := $(BUILD)/terakoyad $(BUILD)/terakoya $(BUILD)/terakoya-agent
TESTS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT))

all: $(PROGRAMS) web

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

$(BUILD)/%.o: %.c
	@echo "  CC    $<"
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Their text is taken in with .incbin, which -MMD does not see.
$(BUILD)/src/pack/schemas.o: src/pack/course.rng src/pack/lab.rng

$(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libterakoya.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(PACKAGE_LIBS) -lcmocka -lpthread

.PRECIOUS: $(BUILD)/%.o
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

unit: $(TESTS) ## run the unit tests
	$(Q)tests/run unit $(TESTS)

clean: ## remove what was built (not the state in var/)
	rm -rf build build-san

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: all unit clean help web
web:
