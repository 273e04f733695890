#!/bin/sh
# What the branches delivered, a share nobody tidied, a backup, and a file with an odd name.
set -eu
home=/home/$TK_USER
seed=$((0x$P_SEED % 9973 + 1))
amount() { # $amount: a number that looks like money, the same for the same seat
	seed=$((seed * 7141 + 54773))
	seed=$((seed % 259200))
	amount=$((10000 + seed))
}

delivery=$home/delivery
mkdir -p "$delivery/scans"
for branch in aoba kaede minato sakae wakaba nagisa "${P_BRANCH}dai"; do
	for month in 01 02 03 04 05 06; do
		amount
		echo "$branch,2026-$month,$amount" >"$delivery/$branch-2026-$month.csv"
		echo "Monthly report of $branch for 2026-$month" >"$delivery/$branch-2026-$month.pdf"
	done
done
echo "$P_BRANCH,2026-04,0" >"$delivery/$P_BRANCH-2026-04.csv.old"
echo "kept: how uploads are made" >"$delivery/$P_ENDING-readme.txt"
echo "kept: register of uploads" >"$delivery/register.$P_ENDING.csv"
for number in 1 2 3 4 5 6 7 8; do
	echo "half an upload" >"$delivery/upload-$((P_TICKET + number)).$P_ENDING"
	echo "Scan $number" >"$delivery/scans/scan-0$number.pdf"
done
for number in 1 2 3 4 5; do
	echo "half a scan" >"$delivery/scans/scan-0$number.$P_ENDING"
done
echo "half an upload" >"$delivery/.upload-$P_TICKET.$P_ENDING"

# Where the approval lies depends on the seat; its likenesses lie around it.
share=/srv/share
room=$share/shelf-$((seed % 5 + 1))/box-$((seed % 7 + 1))
set --
for shelf in 1 2 3 4 5; do
	for box in 1 2 3 4 5 6 7; do
		set -- "$@" "$share/shelf-$shelf/box-$box/old"
	done
done
for month in 03 04 05 06 07 08; do
	set -- "$@" "$share/rates/2026-$month"
done
mkdir -p "$@"
for shelf in 1 2 3 4 5; do
	for box in 1 2 3 4 5 6 7; do
		echo "shelf $shelf, box $box" >"$share/shelf-$shelf/box-$box/contents.txt"
		echo "another" >"$share/shelf-$shelf/box-$box/approval-$((P_TICKET + shelf * 10 + box)).pdf"
	done
done
echo "Approval $P_TICKET, key $P_SEED" >"$room/old/approval-$P_TICKET.pdf"
echo "Draft of approval $P_TICKET" >"$share/shelf-3/box-4/approval-$P_TICKET.pdf.draft"

for month in 03 04 05 06 07 08; do
	amount
	echo "USD,$amount" >"$share/rates/2026-$month/usd.csv"
	amount
	echo "EUR,$amount" >"$share/rates/2026-$month/eur.csv"
done

project=$share/$P_PROJECT
mkdir -p "$project/notes"
for number in 1 2 3 4 5 6 7 8; do
	amount
	echo "$P_PROJECT,$number,$amount" >"$project/report-0$number.csv"
done
echo "Minutes of the last meeting" >"$project/notes/minutes.txt"
echo "Plan until closing" >"$project/notes/plan.txt"
echo "$P_SEED" >"$project/.register-$P_TICKET"

# Three nights of backups in one archive: the same names, other figures every night.
nights=$(mktemp -d)
mkdir "$nights/monday" "$nights/tuesday" "$nights/wednesday"
for night in monday tuesday wednesday; do
	for number in 1 2 3 4 5 6 7 8 9; do
		amount
		echo "account,$number,$night,$amount" >"$nights/$night/accounts-0$number.csv"
	done
done
mkdir -p /srv/backup
tar -C "$nights" -czf /srv/backup/accounts.tar.gz monday tuesday wednesday
rm -rf "$nights"

mkdir -p "$home/odd"
amount
echo "statement $P_TICKET,$amount" >"$home/odd/-$P_TICKET.csv"
chown -R "$TK_USER:" "$delivery" "$home/odd" "$share"
