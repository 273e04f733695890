#include "virt/internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* What of ours is there, seen and not remembered. */

/* The name behind our prefix, or NULL for somebody else's object. */
static const char *own(const struct virt *virt, const char *name)
{
	return name && str_starts(name, virt->prefix) ? name + strlen(virt->prefix) : NULL;
}

static int list_machines(struct virt *virt, virConnectPtr connection,
			 struct virt_inventory *inventory, struct err *err)
{
	virDomainPtr *domains = NULL;
	int count = virConnectListAllDomains(connection, &domains, 0);

	if (count < 0)
		return err_from_virt(err, "cannot list machines");
	inventory->machine = mem_alloc(((size_t)count + 1) * sizeof(*inventory->machine));
	for (int i = 0; i < count; i++) {
		const char *name = own(virt, virDomainGetName(domains[i]));
		if (name) {
			struct virt_seen *seen = &inventory->machine[inventory->machines++];
			snprintf(seen->name, sizeof(seen->name), "%s", name);
			seen->running = machine_is_whole(virt, domains[i], name);
		}
		virDomainFree(domains[i]);
	}
	free(domains);
	return 0;
}

static int list_networks(struct virt *virt, virConnectPtr connection,
			 struct virt_inventory *inventory, struct err *err)
{
	virNetworkPtr *networks = NULL;
	int count = virConnectListAllNetworks(connection, &networks, 0);

	if (count < 0)
		return err_from_virt(err, "cannot list networks");
	inventory->network = mem_alloc(((size_t)count + 1) * sizeof(*inventory->network));
	for (int i = 0; i < count; i++) {
		const char *name = own(virt, virNetworkGetName(networks[i]));
		if (name)
			snprintf(inventory->network[inventory->networks++],
				 sizeof(*inventory->network), "%s", name);
		virNetworkFree(networks[i]);
	}
	free(networks);
	return 0;
}

static void keep_name(const char *file, const char *end, char (**names)[64], size_t *count)
{
	size_t length = strlen(file);

	if (!str_ends(file, end) || length - strlen(end) > VIRT_NAME_MAX)
		return;
	*names = mem_grow(*names, *count + 1, sizeof(**names));
	snprintf((*names)[(*count)++], sizeof(**names), "%.*s", (int)(length - strlen(end)), file);
}

/* Disks, and the machines that are frozen. */
static int list_pool(struct virt *virt, struct virt_inventory *inventory, struct err *err)
{
	AUTO_FREE char *path = str_fmt("%s/pool", virt->state_dir);
	AUTO_DIR DIR *directory = opendir(path);

	if (!directory)
		return err_errno(err, "cannot list %s", path);
	for (struct dirent *entry; (entry = readdir(directory));) {
		keep_name(entry->d_name, ".qcow2", &inventory->volume, &inventory->volumes);
		keep_name(entry->d_name, SAVED_SUFFIX, &inventory->saved, &inventory->saveds);
	}
	return 0;
}

int virt_list(struct virt *virt, struct virt_inventory *inventory, struct err *err)
{
	struct virt_inventory seen = { 0 };
	AUTO(connection) virConnectPtr connection = virt_connection(virt, err);

	if (!connection)
		return -1;
	machine_settle(virt, connection);
	if (list_machines(virt, connection, &seen, err) < 0 ||
	    list_networks(virt, connection, &seen, err) < 0 ||
	    list_pool(virt, &seen, err) < 0) {
		virt_inventory_free(&seen);
		return -1;
	}
	network_sweep(virt, connection);
	/* For whoever looks with virsh; ours is the directory. */
	volume_ensure_pool(virt, connection, NULL);
	*inventory = seen;
	return 0;
}

void virt_inventory_free(struct virt_inventory *inventory)
{
	free(inventory->machine);
	free(inventory->network);
	free(inventory->volume);
	free(inventory->saved);
	*inventory = (struct virt_inventory){ 0 };
}
