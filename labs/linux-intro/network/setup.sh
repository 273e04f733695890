#!/bin/sh
# On desk: two programs that listen, a name server that is no longer there, an answer to be sent.
set -eu
home=/home/$TK_USER
lib=/usr/local/lib/hoshizora
mkdir -p $lib

# Copies of netcat under names of their own, so that ss tells which is which.
for name in branch-feed branch-test; do
	[ -e $lib/$name ] || cp /usr/bin/nc.openbsd $lib/$name
done
cat >/etc/systemd/system/branch-feed.service <<END
[Unit]
Description=Figures of the branches come in
[Service]
ExecStart=$lib/branch-feed -l -k $P_PORT
User=daemon
[Install]
WantedBy=multi-user.target
END
cat >/etc/systemd/system/branch-test.service <<END
[Unit]
Description=For trying out only
[Service]
ExecStart=$lib/branch-test -l -k $((P_PORT + 3))
User=daemon
[Install]
WantedBy=multi-user.target
END
ln -sf /etc/systemd/system/branch-feed.service /etc/systemd/system/branch-test.service \
	/etc/systemd/system/multi-user.target.wants
systemctl daemon-reload
systemctl start branch-feed branch-test

printf '# The name server of the office\nnameserver 10.10.0.%d\nsearch hoshizora.example\n' "$P_GONE" \
	>/etc/resolv.conf

mkdir -p "$home/outgoing"
echo "answer $P_TICKET, key $P_SEED" >"$home/outgoing/answer-$P_TICKET.txt"
chown -R "$TK_USER:" "$home/outgoing"
