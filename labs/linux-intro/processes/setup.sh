#!/bin/sh
# Reports of three branches, one of which hangs; services that are off, on and broken; a noisy one.
set -eu
lib=/usr/local/lib/hoshizora
mkdir -p $lib /etc/hoshizora /srv/settlement

# A report waits for data that never comes. The one that hangs notes that it was asked to end, and stays.
cat >$lib/report <<'END'
#!/bin/sh
if [ "$1" = "$(cat /etc/hoshizora/hanging)" ]; then
	trap 'touch "/run/report/$1"' TERM
fi
while :; do
	sleep 3600 &
	wait $!
done
END
echo "$P_BRANCH" >/etc/hoshizora/hanging
cat >/etc/systemd/system/report@.service <<END
[Unit]
Description=Report of branch %i
[Service]
ExecStart=$lib/report %i
User=$TK_USER
RuntimeDirectory=report
RuntimeDirectoryPreserve=yes
[Install]
WantedBy=multi-user.target
END

# A service that only has to be there.
cat >$lib/wait-for-work <<'END'
#!/bin/sh
echo "$1 is ready"
exec sleep infinity
END
for name in rates-feed old-transfer; do
	cat >/etc/systemd/system/$name.service <<END
[Unit]
Description=Hoshizora $name
[Service]
ExecStart=$lib/wait-for-work $name
User=daemon
[Install]
WantedBy=multi-user.target
END
done

# Two things are wrong with the settlement, and its journal names them one after the other.
cat >$lib/settlement <<'END'
#!/bin/sh
folder=/srv/settlement/$1
conf=/etc/hoshizora/settlement.conf
if [ ! -d "$folder" ]; then
	echo "Cannot begin: the directory $folder is missing." >&2
	exit 1
fi
limit=$(sed -n 's/^limit *= *//p' $conf)
case $limit in
'' | *[!0-9]*)
	echo "Cannot begin: limit in $conf must be digits only, but is '$limit'." >&2
	exit 1
	;;
esac
echo "Settlement of $1 has begun, limit $limit."
exec sleep infinity
END
printf '# Limit of one settlement, in yen\nlimit = %s,000\n' "$P_LIMIT" >/etc/hoshizora/settlement.conf
cat >/etc/systemd/system/settlement.service <<END
[Unit]
Description=Settlement between banks
[Service]
ExecStart=$lib/settlement $P_PROJECT
[Install]
WantedBy=multi-user.target
END

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
}' >$lib/counter-sync
cat >/etc/systemd/system/counter-sync.service <<END
[Unit]
Description=Slips of the counter are sent to the centre
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$lib/counter-sync
[Install]
WantedBy=multi-user.target
END

cat >/usr/local/bin/archive-books <<END
#!/bin/sh
echo "archived with niceness \$(nice) by \$(id -un), key $P_SEED" >"\$HOME/archive-$P_TICKET.log"
echo "The books are archived."
END
cat >/usr/local/bin/queue-watch <<'END'
#!/bin/sh
echo "Watching the queue."
exec sleep infinity
END
chmod 755 $lib/* /usr/local/bin/archive-books /usr/local/bin/queue-watch

# The links are what systemctl enable would make; one start for all is much faster than one for each.
wants=/etc/systemd/system/multi-user.target.wants
mkdir -p $wants
for unit in old-transfer counter-sync; do
	ln -sf /etc/systemd/system/$unit.service $wants/$unit.service
done
for branch in aoba kaede minato; do
	[ $branch = "$P_BRANCH" ] || ln -sf /etc/systemd/system/report@.service $wants/report@$branch.service
done
systemctl daemon-reload
systemctl start report@aoba report@kaede report@minato old-transfer counter-sync settlement 2>/dev/null || true
