#!/bin/sh
# The first day: an asset tag, the section's notices, the desk rules, a journal and one deep archive.
set -eu
seed=$((0x$P_SEED % 2147483646 + 1))

mkdir -p /etc/hoshizora /srv/notices /srv/rules /srv/journal
echo "HZ-$P_ASSET" >/etc/hoshizora/asset-tag

# Twelve notices, dated in no order that their names would give away; P_NOTICE is the newest.
hour=0
for name in canteen cards clean-desk fire-drill lifts parking passwords phones printers travel \
	visitors weather; do
	hour=$(((hour * 31 + seed % 499 + 7) % 997))
	file=/srv/notices/$name.txt
	echo "Notice of the general affairs section about: $name" >"$file"
	touch -d "2026-01-05 09:00 UTC + $hour hours" "$file"
done
touch -d "2026-03-02 09:00 UTC" "/srv/notices/$P_NOTICE.txt"

cat >/srv/rules/desk-rules.txt <<END
Rules for everyone who has a desk in the IT section

Lock your screen whenever you stand up.
Never write a password on paper.
Customer data stays on the bank's machines.

When something looks wrong
Stop, and leave everything as it is.
Call the help desk: extension $P_EXTENSION.
Write down the time and what you saw.

When you leave
Clear the desk, lock the drawer.
Take your badge with you.

These rules are number $P_ASSET in the register.
END

# Times without a leading zero, so that sorting is no way to turn the journal round.
awk -v seed="$seed" -v ticket="$P_TICKET" '
function random(n) { seed = seed * 16807 % 2147483647; return seed % n }
BEGIN {
	split("Aoba Kaede Minato Sakae Wakaba Nagisa", branch, " ")
	split("cash machine refilled|printer paper ordered|courier arrived|terminal restarted|" \
		"visitor signed in|safe counted|lamp replaced", event, "|")
	minute = 7 * 60 + 40
	for (i = 1; i <= 36; i++) {
		minute += 3 + random(25)
		printf "%d:%02d %s: %s, slip %d\n", minute / 60, minute % 60,
			branch[1 + random(6)], event[1 + random(7)], 1000 + random(9000)
	}
	printf "%d:%02d Kaede: journal opened for ticket %d\n", minute / 60 + 1, 5, ticket
}' >/srv/journal/today.txt

# Siblings that differ late in their names: completion stops where a choice is left.
for year in 2023 2024 2025; do
	for step in first-approval-by-operations second-approval-by-operations-risk \
		second-approval-by-operations-audit; do
		folder=/srv/archive/interbank-settlement-reconciliation-$year/$step
		mkdir -p "$folder"
		echo "void-$year" >"$folder/approval-code.txt"
	done
done
echo "$P_WORD-$P_CODE" \
	>"/srv/archive/interbank-settlement-reconciliation-$P_YEAR/second-approval-by-operations-risk/approval-code.txt"
chmod -R a+rX /etc/hoshizora /srv/notices /srv/rules /srv/journal /srv/archive
