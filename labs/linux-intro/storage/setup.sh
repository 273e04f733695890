#!/bin/sh
# A cache with one file that fills the disk, projects of several sizes, an old disk, old logs, jobs.
set -eu
home=/home/$TK_USER
seed=$((0x$P_SEED % 2147483646 + 1))
next() { # a number below $1 in $number, the same for the same seat
	seed=$((seed * 16807 % 2147483647))
	number=$((seed / 8 % $1))
}

# fallocate reserves space without writing it: large here costs nothing on the host.
cache=/var/lib/hoshizora
next 6
deep=$cache/cache/node-$((number + 1))/$P_WORD
for node in 1 2 3 4 5 6; do
	mkdir -p "$cache/cache/node-$node/$P_WORD"
	fallocate -l 6M "$cache/cache/node-$node/index.db"
	echo "statement of node $node" >"$cache/cache/node-$node/$P_WORD/statement.txt"
done
mkdir -p $cache/ledger
fallocate -l 90M $cache/ledger/ledger.db
fallocate -l 700M "$deep/trace-$P_TICKET.dump"

# Sizes that sorting as text would put in a wrong order.
mkdir -p /srv/projects
set -- 4 9 13 30 52 110
for name in akebono hibari komorebi minori shirakaba migration-$P_TICKET; do
	next $#
	while [ $number -gt 0 ]; do
		first=$1
		shift
		set -- "$@" "$first"
		number=$((number - 1))
	done
	mkdir -p "/srv/projects/$name/data"
	fallocate -l "$1M" "/srv/projects/$name/data/figures.bin"
	echo "Project $name" >"/srv/projects/$name/README"
	shift
done

# An old disk as a file, made without mounting it.
old=$(mktemp -d)
mkdir "$old/statements"
echo "register of $P_WORD, key $P_SEED" >"$old/register.txt"
echo "Statements of 2019" >"$old/statements/2019.txt"
chmod -R a+rX "$old"
mkdir -p /srv/disks
rm -f "/srv/disks/$P_WORD.img"
mke2fs -q -t ext4 -O ^has_journal -L "$P_WORD" -d "$old" "/srv/disks/$P_WORD.img" 8M
rm -rf "$old"

mkdir -p "$home/logs"
for year in $P_YEAR 2026; do
	for month in 01 02 03 04; do
		log=$home/logs/counter-$year-$month.log
		for line in 1 2 3 4 5 6 7 8; do
			echo "$year-$month-0$line counter: the day was closed, key $P_SEED"
		done >"$log"
	done
done
chown -R "$TK_USER:" "$home/logs"
