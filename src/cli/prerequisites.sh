#!/bin/sh
# Installs what is missing of the Debian packages that Terakoya needs; says what it does and how far it is.
#
#	prerequisites.sh build|run|test...
#
# Does nothing, and takes no time, when everything is there. Needs root only when something is missing.
set -eu

build='gcc make pkg-config libc6-dev libvirt-dev libxml2-dev libsqlite3-dev libmicrohttpd-dev libjansson-dev
	libwslay-dev libsodium-dev libmd4c-dev libmd4c-html0-dev libarchive-dev libssh-dev libsystemd-dev
	libcurl4-gnutls-dev libgnutls28-dev libicu-dev libqrencode-dev nodejs'
run='libvirt-daemon-system libvirt-clients libvirt-daemon-driver-qemu qemu-system-x86 qemu-utils mmdebstrap
	e2fsprogs acl nftables iproute2 procps curl'
test='clang clang-format libclang-rt-14-dev libcmocka-dev shellcheck libxml2-utils chromium fonts-noto-cjk
	openssh-client openssl rsync sqlite3'

wanted=
for group in "$@"; do
	case $group in
	build) wanted="$wanted $build" ;;
	run) wanted="$wanted $run" ;;
	test) wanted="$wanted $test" ;;
	*)
		echo "usage: $0 build|run|test..." >&2
		exit 2
		;;
	esac
done
# A Node.js that did not come from Debian is as good; npm comes with it there.
if command -v npm >/dev/null 2>&1; then
	wanted=$(printf '%s' "$wanted" | sed 's/nodejs//')
else
	case $wanted in *nodejs*) wanted="$wanted npm" ;; esac
fi

missing=
for package in $wanted; do
	dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	sudo=sudo
	command -v sudo >/dev/null || {
		echo "these packages are missing, and only root can install them:$missing" >&2
		exit 1
	}
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # words on purpose
count=$(set -- $missing; echo $#)
echo "installing $count missing packages and what they need (one to two minutes):"
echo "$missing" | tr -s '\n\t ' ' ' | fold -s -w 96 | sed 's/^/   /'

# apt tells its progress on a descriptor: "pmstatus:package:percent:text" and "dlstatus:number:percent:text".
show() {
	while IFS=: read -r kind _ percent text; do
		case $kind in
		dlstatus) percent=$(printf '%.0f' "$percent"); half=$((percent / 2)) ;;
		pmstatus) percent=$(printf '%.0f' "$percent"); half=$((50 + percent / 2)) ;;
		*) continue ;;
		esac
		if [ -t 2 ]; then printf '\r\033[K%3d %%  %.70s' "$half" "$text" >&2; fi
	done
	if [ -t 2 ]; then printf '\r\033[K' >&2; fi
}
apt() {
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o APT::Status-Fd=3 "$@" 3>&1 >"$log" 2>&1 | show
}
apt update
# shellcheck disable=SC2086
apt install -y --no-install-recommends $missing
for package in $missing; do
	dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || {
		echo "the package $package could not be installed; apt-get said:" >&2
		tail -n 5 "$log" >&2
		exit 1
	}
done
echo "installed."
