# Runs as root, on the standard input of sh, again after every reset: so it can run twice. The seed gives every
# seat a desk of its own, 100 to 999.
number=$((0x$P_SEED % 900 + 100))
printf '%s %s\n' "$P_COLLEAGUE" "$((number - 1))" student "$number" >/srv/office/desks
