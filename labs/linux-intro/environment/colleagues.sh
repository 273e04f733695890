#!/bin/sh
# The people of the bank and their groups. They are made when the template is baked, because useradd is
# slow in an emulated machine and thirty seats open a lab at the same moment.
set -eu

for group in counter savings audit treasury lending cards; do
	groupadd "$group"
done
for name in mori kato ono sato ito; do
	useradd --no-create-home --no-user-group --gid users --groups counter,savings \
		--shell /usr/sbin/nologin "$name"
done
