#!/bin/sh
# The services that the lab on processes is about, and a job for the lab on storage. Nothing is started or
# enabled here, and what differs from seat to seat is written by the labs' setups: this is only the part
# that takes systemd long to read in an emulated machine.
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

# Services that only have to be there.
cat >$lib/wait-for-work <<'END'
#!/bin/sh
echo "$1 is ready"
exec sleep infinity
END
for name in rates-usd rates-eur rates-gbp rates-chf rates-aud rates-sgd \
	old-transfer-north old-transfer-south old-transfer-east old-transfer-west old-transfer-harbour; do
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
project=$(cat /etc/hoshizora/settlement.project)
folder=/srv/settlement/$project
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
echo "Settlement of $project has begun, limit $limit."
exec sleep infinity
END
cat >/etc/systemd/system/settlement.service <<END
[Unit]
Description=Settlement between banks
[Service]
ExecStart=$lib/settlement
[Install]
WantedBy=multi-user.target
END

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

cat >/etc/systemd/system/balance-check.service <<END
[Unit]
Description=The balances are checked
[Service]
Type=oneshot
ExecStart=/usr/local/bin/balance-check
END
for name in collect-receipts balance-check; do
	printf '#!/bin/sh\necho "%s: done"\n' $name >/usr/local/bin/$name
done
printf '#!/bin/sh\necho "Watching the queue."\nexec sleep infinity\n' >/usr/local/bin/queue-watch
chmod 755 $lib/* /usr/local/bin/*

# The driver that lets a file be a disk; the machine has nothing that would load it on demand.
echo loop >/etc/modules-load.d/hoshizora.conf
modprobe -q loop || true
systemctl daemon-reload 2>/dev/null || true
