#!/bin/sh
# A day in the log of the cash machines, a file of payments, a list from Windows, a file of limits.
set -eu
home=/home/$TK_USER
seed=$((0x$P_SEED % 2147483646 + 1))
mkdir -p /srv/atm /srv/payments

# How often each machine appears is dealt first, so that the three busiest are never in doubt.
awk -v seed="$seed" -v mine="$P_ATM" -v busy="ATM-$P_BUSY" '
function random(n) { seed = seed * 16807 % 2147483647; return int(seed / 2147483647 * n) }
function shuffle(a, n,    i, j, t) {
	for (i = n; i > 1; i--) { j = 1 + random(i); t = a[i]; a[i] = a[j]; a[j] = t }
}
function message(level) {
	if (level == "ERROR")
		return bad[1 + random(4)]
	if (level == "WARN")
		return random(3) ? odd[1 + random(3)] : "card retained, slip " 1000 + random(9000)
	return random(12) ? good[1 + random(5)] : "retained card given back, slip " 1000 + random(9000)
}
BEGIN {
	split("cash dispensed|session closed|statement printed|balance shown|self test passed, no ERROR found", good, "|")
	split("cash low in cassette 2|paper low|slow answer from host", odd, "|")
	split("dispenser jam|card reader timeout|host connection lost|door sensor open", bad, "|")
	for (i = 1; i <= 12; i++)
		name[i] = sprintf("ATM-%02d", i)
	shuffle(name, 12)
	for (i = 2; i <= 12; i++)
		if (name[i] == busy) { name[i] = name[1]; name[1] = busy }
	for (i = 1; i <= 12; i++)
		for (j = i == 1 ? 81 : i == 2 ? 70 : i == 3 ? 61 : 22 + random(20); j > 0; j--)
			line[++lines] = name[i]
	shuffle(line, lines)
	now = 300
	for (i = 1; i <= lines; i++) {
		now += 10 + random(200 * 450 / lines)
		chance = random(100)
		level = chance < 14 ? "ERROR" : chance < 34 ? "WARN" : "INFO"
		text = message(level)
		if (line[i] == "ATM-" mine && ++turn % 6 == 2) {
			level = "ERROR"; text = bad[1 + random(4)]
		} else if (line[i] == "ATM-" mine && turn % 6 == 4) {
			level = "INFO"; text = good[5]
		}
		printf "2026-04-06T%02d:%02d:%02d %s %s %s\n", now / 3600, now / 60 % 60, now % 60,
			line[i], level, text
	}
}' >/srv/atm/atm.log

awk -v seed="$seed" -v mine="$P_BRANCH" '
function random(n) { seed = seed * 16807 % 2147483647; return int(seed / 2147483647 * n) }
BEGIN {
	n = split("aoba hinode kaede midori minato nagisa sakae sumire tsubaki wakaba", all, " ")
	branch[1] = mine; branch[2] = mine "dai"; count = 2
	for (i = 1; i <= n; i++)
		if (all[i] != mine && (n - i < 7 - count || (count < 7 && random(3))))
			branch[++count] = all[i]
	split("settled settled settled pending returned", status, " ")
	print "id,date,branch,account,amount,status"
	for (i = 1; i <= 280; i++)
		printf "%d,2026-04-%02d,%s,%07d,%d,%s\n", 50000 + i, 1 + i / 10, branch[1 + random(count)],
			1000000 + random(9000000), 1000 * (1 + random(400)), status[1 + random(5)]
}' >/srv/payments/payments.csv

awk -v seed="$seed" -v list="$P_SEED" '
function random(n) { seed = seed * 16807 % 2147483647; return int(seed / 2147483647 * n) }
BEGIN {
	n = split("Aoba Kaede Minato Sakae Wakaba Nagisa Sumire Tsubaki Hinode Midori", name, " ")
	print "Branches and their telephones, list " list "\r"
	for (i = 1; i <= n; i++)
		printf "%s\t03-5550-%04d\r\n", name[i], random(10000)
}' >/srv/payments/branches-windows.txt

cat >"$home/limits.conf" <<END
# Limits of the cash machines, in yen. Read by the machines every hour.
# Old value, until March:
# daily_limit = 300000

[withdrawal]
single_limit = 200000
daily_limit = 500000

[transfer]
single_limit = 1000000
daily_limit_transfer = 3000000
register = $P_SEED
END
chown "$TK_USER:" "$home/limits.conf"
