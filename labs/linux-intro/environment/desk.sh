#!/bin/sh
# The desk of a new colleague in the IT section of Hoshizora Bank, as it is when a seat is cloned:
# runs once, as root, when the template is baked. What a lab needs, its own setup makes.
set -eu

# The bank works in Tokyo: logs, ls -l and cron should say what the clock on the wall says.
if [ -e /usr/share/zoneinfo/Asia/Tokyo ]; then
	ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime
	echo Asia/Tokyo >/etc/timezone
fi

# History survives a page reload or a lost connection: each command is written as it is typed.
cat >/etc/profile.d/hoshizora.sh <<'END'
# shellcheck shell=sh
if [ -n "${BASH_VERSION:-}" ]; then
	PROMPT_COMMAND='history -a'
fi
END
if ! grep -q hoshizora /etc/bash.bashrc; then
	echo '. /etc/profile.d/hoshizora.sh' >>/etc/bash.bashrc
fi

# apropos answers from an index that images often leave out to save space.
if command -v mandb >/dev/null && ! apropos -e ls >/dev/null 2>&1; then
	mandb --quiet
fi

cat >/etc/motd <<'END'

  Hoshizora Bank, IT section                                星空銀行 システム部
  This desk is yours. Everything you do here stays here.

END
