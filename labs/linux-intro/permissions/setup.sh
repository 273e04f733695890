#!/bin/sh
# A ledger with all kinds of modes, a key, a tool, a file to hand over.
set -eu
home=/home/$TK_USER

# One file that everybody may change among eleven that only look a little like it.
mkdir -p /srv/ledger
month=1
for mode in 640 664 600 755 440 660 644 750 604 664 620 640; do
	file=$(printf '/srv/ledger/2026-%02d.csv' "$month")
	echo "ledger,$month,$P_SEED" >"$file"
	chown "$(echo mori kato ono sato | cut -d ' ' -f $((month % 4 + 1))):audit" "$file"
	chmod "$mode" "$file"
	month=$((month + 1))
done
chmod 646 "/srv/ledger/2026-$P_MONTH.csv"

mkdir -p "$home/keys" "$home/tools"
echo "key of $P_PROJECT: $P_SEED" >"$home/keys/$P_PROJECT.key"
chmod 644 "$home/keys/$P_PROJECT.key"
cat >"$home/tools/month-end-$P_TICKET.sh" <<END
#!/bin/sh
echo "closed by \$(id -un), key $P_SEED" >"\$HOME/month-end-$P_TICKET.txt"
echo "The month is closed."
END
chmod 644 "$home/tools/month-end-$P_TICKET.sh"
chown -R "$TK_USER:" "$home/keys" "$home/tools"

mkdir -p /srv/handover
echo "customers of $P_TICKET" >"/srv/handover/customers-$P_TICKET.csv"
chown ono:savings "/srv/handover/customers-$P_TICKET.csv"
chmod 640 "/srv/handover/customers-$P_TICKET.csv"

cat >/usr/local/bin/nightly-check <<'END'
#!/bin/sh
echo "All books balance."
END
chmod 755 /usr/local/bin/nightly-check
