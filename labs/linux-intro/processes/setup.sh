#!/bin/sh
# Reports of three branches, one of which hangs; services that are off, on and broken; a noisy one.
# The services themselves are part of the environment.
set -eu

echo "$P_BRANCH" >/etc/hoshizora/hanging
echo "$P_PROJECT" >/etc/hoshizora/settlement.project
printf '# Limit of one settlement, in yen\nlimit = %s,000\n' "$P_LIMIT" >/etc/hoshizora/settlement.conf

# <3> is an error, <4> a warning, <6> an information: systemd reads it and takes it off.
awk -v seed="$((0x$P_SEED % 2147483646 + 1))" '
function random(n) { seed = seed * 16807 % 2147483647; return int(seed / 2147483647 * n) }
BEGIN {
	print "#!/bin/sh\ncat <<END"
	for (i = 1; i <= 45; i++) {
		slip = 10000 + random(90000)
		if (i % 9 == 4 || random(8) == 0)
			print "<3>slip " slip " was lost on the way"
		else if (random(3) == 0)
			print "<4>slip " slip " was sent a second time after an error"
		else
			print "<6>slip " slip " arrived"
	}
	print "END"
}' >/usr/local/lib/hoshizora/counter-sync

cat >/usr/local/bin/archive-books <<END
#!/bin/sh
echo "archived with niceness \$(nice) by \$(id -un), key $P_SEED" >"\$HOME/archive-$P_TICKET.log"
echo "The books are archived."
END
chmod 755 /usr/local/lib/hoshizora/counter-sync /usr/local/bin/archive-books

# The links are what systemctl enable would make, and one start for all is much faster than one for each.
wants=/etc/systemd/system/multi-user.target.wants
ln -sf "/etc/systemd/system/old-transfer-$P_LINE.service" /etc/systemd/system/counter-sync.service $wants
for branch in aoba kaede minato; do
	[ $branch = "$P_BRANCH" ] || ln -sf /etc/systemd/system/report@.service $wants/report@$branch.service
done
systemctl start report@aoba report@kaede report@minato "old-transfer-$P_LINE" counter-sync settlement 2>/dev/null || true
