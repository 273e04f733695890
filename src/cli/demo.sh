#!/bin/sh
# `make demo`: from a fresh clone to a class of three seats, in the foreground, until Ctrl-C.
#
#	demo.sh STATE-DIRECTORY LISTEN
#
# Every step that takes longer than a second says what it does and how long it still takes. What is there
# already is not made again, so that a second run starts in seconds. Ctrl-C closes the class and stops the
# daemon; images and templates stay in the state directory.
set -eu

state=$1
listen=$2
seats=${SEATS:-3}
course=linux-intro
here=$(cd "$(dirname "$0")/../.." && pwd)
cd "$here"
PATH=$here/build:$PATH
export TERAKOYA_STATE_DIR="$state"

if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "make demo needs root (or sudo), because it starts virtual machines" >&2
		exit 1
	}
	exec sudo --preserve-env=SEATS "$0" "$@"
fi

say() { printf '\033[1m%s\033[0m\n' "== $*"; }

# How far the compiler is, and how long it still takes at the pace so far.
compile() {
	files=$(make -n --no-print-directory programs | grep -c 'echo "  CC') || return 1
	begun=$(date +%s)
	compiled=0
	echo "compiling $files files:"
	make -j"$(nproc)" --no-print-directory programs 2>&1 | while IFS= read -r line; do
		case $line in
		"  CC "*)
			compiled=$((compiled + 1))
			left=$((($(date +%s) - begun) * (files - compiled) / compiled))
			if [ -t 1 ]; then printf '\r\033[K%d of %d, about %d s left' "$compiled" "$files" "$left"; fi
			;;
		"  "*) ;;
		*) printf '%s\n' "$line" ;;
		esac
	done
	if [ -t 1 ]; then printf '\r\033[K'; fi
	make -q --no-print-directory programs
}

say "1/6 packages"
src/cli/prerequisites.sh build run
say "2/6 programs"
compile || make --no-print-directory programs # what is left to link, or once more what is wrong
make --no-print-directory web >build/web.log 2>&1 &
web=$!
say "3/6 host"
mkdir -p "$state"
terakoya doctor --fix || {
	echo "This host cannot hold classes yet; the lines above say why and what to do." >&2
	exit 1
}

daemon=
class=
# shellcheck disable=SC2317 # called by the traps
stop() {
	trap '' INT TERM HUP
	trap - EXIT
	printf '\n'
	say "stopping"
	if [ -n "$class" ]; then terakoya class close "$class" --yes || true; fi
	if [ -n "$class" ]; then terakoya class remove "$class" --yes || true; fi
	if [ -n "$daemon" ]; then
		kill "$daemon" 2>/dev/null || true
		wait "$daemon" 2>/dev/null || true
	fi
	exit "${1:-0}"
}
trap 'stop 0' INT TERM HUP
trap 'stop 1' EXIT

wait "$web" || {
	echo "the web page could not be put together:" >&2
	tail -n 20 build/web.log >&2
	exit 1
}
# In a session of its own: Ctrl-C is for this script, which still needs the daemon to close the class.
setsid terakoyad --state-dir "$state" --listen "$listen" --packs "$here/labs" --images "$here/images" \
	--agent "$here/build/terakoya-agent" --web "$here/build/web" >"$state/terakoyad.log" 2>&1 &
daemon=$!
tries=0
# Nothing can be baked before the daemon has reached libvirtd and heard what this host can do.
until terakoya course list >/dev/null 2>&1 && grep -q "core: QEMU " "$state/terakoyad.log"; do
	kill -0 "$daemon" 2>/dev/null || {
		daemon=
		echo "terakoyad did not start:" >&2
		tail -n 5 "$state/terakoyad.log" >&2
		exit 1
	}
	tries=$((tries + 1))
	[ "$tries" -lt 300 ] || {
		echo "terakoyad did not reach libvirtd in half a minute:" >&2
		tail -n 5 "$state/terakoyad.log" >&2
		exit 1
	}
	sleep 0.1
done

say "4/6 image and template (once; two to three minutes)"
# On a busy host the daemon may still be looking at what is baked already: once more after that.
terakoya template bake "$course" || {
	sleep 5
	terakoya template bake "$course"
}
say "5/6 class"
# Left by a demo that was killed.
for old in $(terakoya class list | awk '$NF == "Demo" { print $1 }'); do
	terakoya class close "$old" --yes
	terakoya class remove "$old" --yes
done
password=$(terakoya --json account set instructor --name Instructor --new-password | sed -n 's/.*"password": "\(.*\)".*/\1/p')
class=$(terakoya --json class create "$course" --seats "$seats" --name "Demo" |
	sed -n 's/^  "id": \([0-9]*\),*$/\1/p' | head -n 1)
# A fresh clone has not run `lab test`, which takes longer than one wants to wait for a demo.
terakoya class launch "$class" --untested
link=$(terakoya seat link "$class/1")
code=$(terakoya --json class show "$class" | sed -n 's/^  "code": "\(.*\)",*$/\1/p' | head -n 1)

say "6/6 ready"
cat <<EOF

  Instructor   http://$listen/
               sign in as  instructor  with  $password
  Student      http://$listen/      class code  $code  and any name
               or, as seat 1:  $link
  Terminal     build/terakoya --state-dir $state shell $class/1
  Log          $state/terakoyad.log

  Ctrl-C closes the class and stops. A second "make demo" starts in seconds.
EOF
wait "$daemon" || true
daemon=
echo "terakoyad ended by itself; the last lines of its log:" >&2
tail -n 5 "$state/terakoyad.log" >&2
exit 1
