#!/bin/sh
# A script with mistakes, a program with a status, counters' logs, and two logs of sign-ins.
set -eu
home=/home/$TK_USER
seed=$((0x$P_SEED % 2147483646 + 1))

mkdir -p "$home/bin"
if [ ! -e "$home/bin/archive-name" ]; then
	cat >"$home/bin/archive-name" <<END
#!/bin/sh
# Prints the name under which a report is archived: archive-name YEAR TITLE
# Example: archive-name 2026 "Annual report" prints 2026-Annual-report.$P_KIND
if [ \$# -ne 2 ]
	echo "usage: archive-name YEAR TITLE" >&2
	exit 2
fi
title=\$(echo "\$2" | tr ' ' '-')
echo '\$1-\$titel.$P_KIND'
END
	chmod 755 "$home/bin/archive-name"
fi
chown -R "$TK_USER:" "$home/bin"

printf '#!/bin/sh\necho "The vault has been looked at."\nexit %d\n' "$P_STATUS" >/usr/local/bin/vault-check
chmod 755 /usr/local/bin/vault-check

# Three directories: of logs, of logs among which a name has a space, and without any; and files that are no logs.
mkdir -p /srv/counters/morning /srv/counters/evening /srv/counters/night
rm -f /srv/counters/*/*
awk -v seed="$seed" -v ending="$P_ENDING" '
function random(n) { seed = seed * 16807 % 2147483647; return int(seed / 2147483647 * n) }
function fill(file, lines) {
	for (; lines > 0; lines--)
		print "slip " 10000 + random(90000) >file
	close(file)
}
BEGIN {
	n = split("aoba kaede minato sakae wakaba", name, " ")
	for (i = 1; i <= n; i++) {
		fill("/srv/counters/morning/" name[i] "." ending, 3 + random(60))
		fill("/srv/counters/evening/" name[i] "." ending, 3 + random(60))
	}
	fill("/srv/counters/evening/head office." ending, 3 + random(60))
	fill("/srv/counters/morning/readme.txt", 2)
	fill("/srv/counters/evening/aoba." ending ".old", 90)
	fill("/srv/counters/night/readme.txt", 2)
}'

# Sources are dealt different numbers of failures, so that there is one right order.
mkdir -p /srv/auth
for log in auth.log auth.log.1; do
	awk -v seed="$seed" -v part="$log" -v scanner="10.10.0.$P_SCANNER" '
function random(n) { seed = seed * 16807 % 2147483647; return int(seed / 2147483647 * n) }
BEGIN {
	if (part == "auth.log.1")
		seed = (seed * 48271 + 11) % 2147483646 + 1
	split("203.0.113. 198.51.100. 192.0.2.", net, " ")
	split("root admin test oracle guest", bad, " ")
	split("mori kato sato ito ono", good, " ")
	fails = 3 + random(4)
	for (s = 1; s <= 7; s++) {
		source[s] = net[1 + s % 3] (10 + s * 30 + random(25))
		for (i = 0; i < fails; i++)
			from[++lines] = s
		fails += 2 + random(7)
	}
	source[8] = scanner
	for (i = 0; i < 70; i++)
		from[++lines] = 8
	for (i = 1; i <= 40; i++)
		from[++lines] = 0
	for (i = lines; i > 1; i--) {
		j = 1 + random(i); t = from[i]; from[i] = from[j]; from[j] = t
	}
	for (i = 1; i <= lines; i++) {
		time = sprintf("2026-04-06T%02d:%02d:%02d", i / 12, i * 5 % 60, random(60))
		port = 40000 + random(20000)
		head = time " desk sshd[" 2000 + i "]: "
		if (!from[i])
			print head "Accepted publickey for " good[1 + random(5)] " from " \
				source[1 + random(7)] " port " port " ssh2"
		else if (random(2))
			print head "Failed password for invalid user " bad[1 + random(5)] " from " \
				source[from[i]] " port " port " ssh2"
		else
			print head "Failed password for " good[1 + random(5)] " from " \
				source[from[i]] " port " port " ssh2"
	}
}' >"/srv/auth/$log"
done
chmod -R a+rX /srv/counters /srv/auth
