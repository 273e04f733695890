#!/bin/sh
# The file server of the office: what it offers is set up here and started by the lab that needs it.
set -eu
if [ -e /usr/share/zoneinfo/Asia/Tokyo ]; then
	ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime
	echo Asia/Tokyo >/etc/timezone
fi

# How somebody signed in is kept for the check: sshd hands it to this script in a file.
mkdir -p /var/lib/hoshizora
: >/var/lib/hoshizora/logins
chmod 666 /var/lib/hoshizora/logins
echo 'ExposeAuthInfo yes' >/etc/ssh/sshd_config.d/hoshizora.conf
cat >/etc/ssh/sshrc <<'END'
read -r method _ <"$SSH_USER_AUTH" && echo "$method ${SSH_CONNECTION%% *}" >>/var/lib/hoshizora/logins
END

mkdir -p /srv/www/circulars /srv/outbox /srv/inbox
chown "$TK_USER:" /srv/inbox
cat >/etc/dnsmasq.d/office.conf <<'END'
no-resolv
no-hosts
bind-dynamic
listen-address=10.10.0.20
local=/hoshizora.example/
END
systemctl enable --quiet ssh.service nginx.service dnsmasq.service
