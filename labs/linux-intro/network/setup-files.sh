#!/bin/sh
# On files: a password, names, a page that has moved, a file to fetch; and all that serves them.
set -eu
echo "$TK_USER:$P_WORD-$P_CODE" | chpasswd

cat >/etc/dnsmasq.d/seat.conf <<END
host-record=hoshizora.example,10.10.0.20
host-record=www.hoshizora.example,10.10.0.20
host-record=www.$P_UNIT.hoshizora.example,10.10.0.20
host-record=$P_MAIL.hoshizora.example,10.10.3.$P_HOST
host-record=old-mail.hoshizora.example,10.10.4.$P_HOST
mx-host=hoshizora.example,$P_MAIL.hoshizora.example,10
txt-record=hoshizora.example,"Names of Hoshizora Bank"
END

cat >/etc/nginx/sites-enabled/default <<END
server {
	listen 80 default_server;
	root /srv/www;
	location = /circular {
		return 301 /circulars/circular-$P_TICKET.txt;
	}
}
END
cat >"/srv/www/circulars/circular-$P_TICKET.txt" <<END
Circular $P_TICKET to all branches
From next month the counters open at nine.
Reference: $P_SEED
END
echo "balance of $P_TICKET, key $P_SEED" >"/srv/outbox/balance-$P_TICKET.csv"
chmod -R a+rX /srv/www /srv/outbox
systemctl restart dnsmasq nginx ssh
