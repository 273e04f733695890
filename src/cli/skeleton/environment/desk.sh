# Runs once as root, when the template is baked; it has no seeded parameters, for it runs for everybody.
install -d -m 755 /srv/office
echo 'Leave nothing to chance.' >/srv/office/motto
