#include "virt/internal.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/str.h"

/* The documents that libvirt is given, built as trees so that no name or path can break out of its
 * place, and the few things that are read from libvirt's.
 *
 * A clone must have the very hardware of its template, or QEMU refuses the device state; so one
 * function builds the domain for all three ways of starting, and they differ only in the memory
 * backend and in waiting. Addresses of devices are ours: directly on the root complex, disk, serial
 * port, entropy, then the cards in order. Left to itself libvirt puts a root port in front of each
 * device, which costs every boot and every clone a few milliseconds more apiece. */

#define DOMAIN_NS    "http://libvirt.org/schemas/domain/qemu/1.0"
#define TERAKOYA_NS  "urn:terakoya:machine:1"
#define SLOT_DISK    2
#define SLOT_CHANNEL 3
#define SLOT_RANDOM  4
#define SLOT_NIC     8

/* Translation cache of software emulation, MiB per machine: unbounded it grows to 1 GB as a student
 * works. 64 boots as fast as unbounded, 32 a third slower. */
#define TB_CACHE_MIB 64

/* ---- building ------------------------------------------------------------------------------- */

/* An element with attributes: name, value, ..., NULL. */
static xmlNodePtr add(xmlNodePtr parent, const char *name, ...) __attribute__((sentinel));

static xmlNodePtr add(xmlNodePtr parent, const char *name, ...)
{
	xmlNodePtr node = xmlNewChild(parent, NULL, BAD_CAST name, NULL);
	va_list args;

	va_start(args, name);
	for (const char *key; (key = va_arg(args, const char *));)
		xmlNewProp(node, BAD_CAST key, BAD_CAST va_arg(args, const char *));
	va_end(args);
	return node;
}

static xmlNodePtr add_text(xmlNodePtr parent, const char *name, const char *text)
{
	return xmlNewTextChild(parent, NULL, BAD_CAST name, BAD_CAST text);
}

static xmlNodePtr add_number(xmlNodePtr parent, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return add_text(parent, name, text);
}

static char *finish(xmlDocPtr document)
{
	xmlChar *text = NULL;
	int length = 0;

	xmlDocDumpMemory(document, &text, &length);
	char *copy = str_copy_n((const char *)text, (size_t)length);
	xmlFree(text);
	xmlFreeDoc(document);
	return copy;
}

static xmlNodePtr start(xmlDocPtr *document, const char *name)
{
	*document = xmlNewDoc(BAD_CAST "1.0");
	xmlNodePtr root = xmlNewNode(NULL, BAD_CAST name);

	xmlDocSetRootElement(*document, root);
	return root;
}

/* ---- the domain ----------------------------------------------------------------------------- */

static void add_uuid(xmlNodePtr root, const char *name)
{
	uint8_t b[16];
	char text[37];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		abort();
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	snprintf(text, sizeof(text),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
	add_text(root, name, text);
}

static void add_metadata(xmlNodePtr root, const struct virt *virt, const char *name)
{
	xmlNodePtr machine = add(add(root, "metadata", NULL), "machine", NULL);

	xmlSetNs(machine, xmlNewNs(machine, BAD_CAST TERAKOYA_NS, BAD_CAST "terakoya"));
	xmlNewProp(machine, BAD_CAST "instance", BAD_CAST virt->instance);
	xmlNewProp(machine, BAD_CAST "name", BAD_CAST name);
}

static void add_identity(xmlNodePtr root, const struct xml_domain *domain)
{
	const struct virt_machine *machine = domain->machine;
	AUTO_FREE char *name = str_fmt("%s%s", domain->virt->prefix, machine->name);

	add_text(root, "name", name);
	if (machine->uuid[0])
		add_text(root, "uuid", machine->uuid);
	/* Fresh every time: a guest kernel that knows it reseeds its random numbers at once. */
	if (!domain->virt->is_test)
		add_uuid(root, "genid");
	add_metadata(root, domain->virt, machine->name);
	xmlNodePtr memory = add_number(root, "memory", machine->memory / 1024);
	xmlNewProp(memory, BAD_CAST "unit", BAD_CAST "KiB");
	add_number(root, "vcpu", machine->vcpus);
}

static void add_boot(xmlNodePtr root, const struct xml_domain *domain)
{
	const struct virt_machine *machine = domain->machine;
	xmlNodePtr os = add(root, "os", NULL);
	xmlNodePtr type = add_text(os, "type", "hvm");

	xmlNewProp(type, BAD_CAST "arch", BAD_CAST "x86_64");
	xmlNewProp(type, BAD_CAST "machine", BAD_CAST domain->facts->machine_type);
	add_text(os, "kernel", machine->kernel);
	if (!str_is_empty(machine->initrd))
		add_text(os, "initrd", machine->initrd);
	if (str_is_empty(machine->cmdline))
		return;
	AUTO_FREE char *told = str_fmt("%s tsc_early_khz=%u", machine->cmdline, domain->facts->tsc_khz);
	add_text(os, "cmdline", domain->facts->tsc_khz ? told : machine->cmdline); /* tsc.c says why */
}

static void add_cpu(xmlNodePtr root, const struct host_facts *facts)
{
	xmlNodePtr features = add(root, "features", NULL);

	add(features, "acpi", NULL);
	add(features, "apic", NULL);
	if (facts->accel == VIRT_ACCEL_TCG) {
		xmlNodePtr cache = add_number(add(features, "tcg", NULL), "tb-cache", TB_CACHE_MIB);
		xmlNewProp(cache, BAD_CAST "unit", BAD_CAST "MiB");
		add(root, "cpu", "mode", "maximum", NULL);
	} else {
		add(root, "cpu", "mode", "host-passthrough", "migratable", "on", NULL);
	}
}

static void add_lifecycle(xmlNodePtr root)
{
	add(root, "clock", "offset", "utc", NULL);
	add_text(root, "on_poweroff", "destroy");
	add_text(root, "on_reboot", "restart");
	add_text(root, "on_crash", "destroy");
	xmlNodePtr pm = add(root, "pm", NULL);
	add(pm, "suspend-to-mem", "enabled", "no", NULL);
	add(pm, "suspend-to-disk", "enabled", "no", NULL);
}

static void add_address(xmlNodePtr device, unsigned slot)
{
	char text[8];

	snprintf(text, sizeof(text), "0x%02x", slot);
	add(device, "address", "type", "pci", "domain", "0x0000", "bus", "0x00", "slot", text,
	    "function", "0x0", NULL);
}

/* The whole chain is spelled out, down to an empty backingStore: libvirt then opens no image
 * itself. Writes are not forced to the disk (cache unsafe): a machine does not outlive its host's
 * power, the student's progress does, since it is not kept there. */
static void add_disk(xmlNodePtr devices, const struct volume_chain *chain)
{
	xmlNodePtr disk = add(devices, "disk", "type", "file", "device", "disk", NULL);
	xmlNodePtr layer = disk;

	add(disk, "driver", "name", "qemu", "type", chain->image[0].format, "cache", "unsafe",
	    "discard", "unmap", NULL);
	add(disk, "source", "file", chain->image[0].path, NULL);
	for (unsigned i = 1; i < chain->count; i++) {
		layer = add(layer, "backingStore", "type", "file", NULL);
		add(layer, "format", "type", chain->image[i].format, NULL);
		add(layer, "source", "file", chain->image[i].path, NULL);
	}
	add(layer, "backingStore", NULL);
	add(disk, "target", "dev", "vda", "bus", "virtio", NULL);
	add_address(disk, SLOT_DISK);
}

static void add_ports(xmlNodePtr devices)
{
	xmlNodePtr serial = add(devices, "serial", "type", "pty", NULL);
	add(serial, "target", "port", "0", NULL);
	xmlNodePtr console = add(devices, "console", "type", "pty", NULL);
	add(console, "target", "type", "serial", "port", "0", NULL);
	xmlNodePtr hub = add(devices, "controller", "type", "virtio-serial", "index", "0", NULL);
	add_address(hub, SLOT_CHANNEL);
	xmlNodePtr channel = add(devices, "channel", "type", "unix", NULL);
	add(channel, "target", "type", "virtio", "name", VIRT_PORT, NULL);
	add(channel, "address", "type", "virtio-serial", "controller", "0", "bus", "0", "port", "1",
	    NULL);
}

/* The host's end of a card, by a name that the air gap's rules cover (network.c). Left to libvirt it is
 * called vnet something, and the host's IPv6 greets the machine through it: nobody's business, and
 * every clone would wake up and handle it. */
static void add_tap(xmlNodePtr card, const char *uuid, unsigned index)
{
	char name[16];

	if (!uuid[0])
		return;
	snprintf(name, sizeof(name), "tkt%.8s%.3s%c", uuid, uuid + 9, (char)('0' + index));
	add(card, "target", "dev", name, NULL);
}

static void add_nics(xmlNodePtr devices, const struct xml_domain *domain)
{
	const struct virt_machine *machine = domain->machine;

	for (unsigned i = 0; i < machine->nic_count; i++) {
		AUTO_FREE char *network =
			str_fmt("%s%s", domain->virt->prefix, machine->nic[i].network);
		xmlNodePtr card = add(devices, "interface", "type", "network", NULL);
		add(card, "mac", "address", machine->nic[i].mac, NULL);
		add(card, "source", "network", network, NULL);
		add_tap(card, machine->uuid, i);
		add(card, "model", "type", "virtio", NULL);
		/* In-process networking: no vhost thread per card, and no /dev/vhost-net needed. */
		add(card, "driver", "name", "qemu", NULL);
		add_address(card, SLOT_NIC + i);
	}
}

static void add_devices(xmlNodePtr root, const struct xml_domain *domain)
{
	xmlNodePtr devices = add(root, "devices", NULL);

	add_text(devices, "emulator", domain->facts->emulator);
	add_disk(devices, domain->chain);
	add(devices, "controller", "type", "usb", "model", "none", NULL);
	add_ports(devices);
	xmlNodePtr random = add(devices, "rng", "model", "virtio", NULL);
	add(random, "backend", "model", "builtin", NULL);
	add_address(random, SLOT_RANDOM);
	add_nics(devices, domain);
	/* A balloon would write into the template's memory map as it inflates. */
	add(devices, "memballoon", "model", "none", NULL);
}

static void add_argument(xmlNodePtr list, xmlNsPtr ns, const char *value)
{
	xmlNodePtr arg = xmlNewChild(list, ns, BAD_CAST "arg", NULL);

	xmlNewProp(arg, BAD_CAST "value", BAD_CAST value);
}

/* What libvirt has no words for: RAM in a file of our choice, shared or private, and waiting. */
static void add_memory(xmlNodePtr list, xmlNsPtr ns, const struct xml_domain *domain)
{
	AUTO_FREE char *backend =
		str_fmt("memory-backend-file,id=tmplram,mem-path=%s,size=%llu,share=%s",
			domain->ram, (unsigned long long)domain->machine->memory,
			domain->memory == XML_MEMORY_BAKE ? "on" : "off");

	add_argument(list, ns, "-object");
	add_argument(list, ns, backend);
	add_argument(list, ns, "-machine");
	add_argument(list, ns, "memory-backend=tmplram");
	/* A machine that was moved would tell its network where it is now, in every clone 40 % of all
	 * that it does on waking up; on a clone's bridge there is nobody to tell. (To have it told
	 * zero times is no way: then QEMU 7.2 crashes when the machine is reset.) */
	add_argument(list, ns, "-global");
	add_argument(list, ns, "virtio-net-pci.guest_announce=off");
}

/* The state of devices alone, as freeze.c keeps it, has no description of the machine around it. */
static void add_waiting(xmlNodePtr list, xmlNsPtr ns, enum xml_memory memory)
{
	add_argument(list, ns, "-incoming");
	add_argument(list, ns, "defer");
	if (memory == XML_MEMORY_CLONE)
		return;
	add_argument(list, ns, "-global");
	add_argument(list, ns, "migration.send-configuration=off");
	add_argument(list, ns, "-machine");
	add_argument(list, ns, "suppress-vmdesc=on");
}

static void add_arguments(xmlNodePtr root, xmlNsPtr ns, const struct xml_domain *domain)
{
	xmlNodePtr list = xmlNewChild(root, ns, BAD_CAST "commandline", NULL);

	if (domain->memory != XML_MEMORY_THAW_PLAIN)
		add_memory(list, ns, domain);
	if (domain->memory != XML_MEMORY_BAKE)
		add_waiting(list, ns, domain->memory);
}

/* libvirt reads back each of the 250 properties of a new machine's processor with a command of its
 * own, 0.26 s of every start, unless it believes that this QEMU lacks the one named here: then it
 * takes all of them in two. (libvirt, qemuProcessFetchGuestCPU; what is read back serves migration
 * only.) */
static void add_quirks(xmlNodePtr root, xmlNsPtr ns)
{
	xmlNodePtr list = xmlNewChild(root, ns, BAD_CAST "capabilities", NULL);
	xmlNodePtr lack = xmlNewChild(list, ns, BAD_CAST "del", NULL);

	xmlNewProp(lack, BAD_CAST "capability", BAD_CAST "cpu-unavailable-features");
}

/* The disks belong to libvirt's QEMU user already, so libvirt need not give them to it and take
 * them back again. */
static void add_owner(xmlNodePtr root, const struct host_facts *facts)
{
	AUTO_FREE char *label = str_fmt("+%u:+%u", (unsigned)facts->uid, (unsigned)facts->gid);
	xmlNodePtr seclabel =
		add(root, "seclabel", "type", "static", "model", "dac", "relabel", "no", NULL);

	add_text(seclabel, "label", label);
}

static char *xml_test_domain(const struct xml_domain *domain)
{
	xmlDocPtr document;
	xmlNodePtr root = start(&document, "domain");

	xmlNewProp(root, BAD_CAST "type", BAD_CAST "test");
	add_identity(root, domain);
	xmlNodePtr type = add_text(add(root, "os", NULL), "type", "hvm");
	xmlNewProp(type, BAD_CAST "arch", BAD_CAST "x86_64");
	return finish(document);
}

char *xml_domain(const struct xml_domain *domain)
{
	xmlDocPtr document;

	if (domain->virt->is_test)
		return xml_test_domain(domain);
	xmlNodePtr root = start(&document, "domain");
	xmlNewProp(root, BAD_CAST "type",
		   BAD_CAST(domain->facts->accel == VIRT_ACCEL_KVM ? "kvm" : "qemu"));
	add_identity(root, domain);
	add_boot(root, domain);
	add_cpu(root, domain->facts);
	add_lifecycle(root);
	add_devices(root, domain);
	add_owner(root, domain->facts);
	xmlNsPtr ns = xmlNewNs(root, BAD_CAST DOMAIN_NS, BAD_CAST "qemu");
	if (domain->memory != XML_MEMORY_PLAIN)
		add_arguments(root, ns, domain);
	add_quirks(root, ns);
	return finish(document);
}

/* ---- networks and the pool ------------------------------------------------------------------ */

/* The bridge is ours (network.c says why); libvirt only plugs cards into it. The test driver has no
 * bridges, and knows only networks of its own. */
char *xml_network(const struct virt *virt, const char *name, const char *bridge)
{
	xmlDocPtr document;
	xmlNodePtr root = start(&document, "network");
	AUTO_FREE char *full = str_fmt("%s%s", virt->prefix, name);

	add_text(root, "name", full);
	if (!virt->is_test)
		add(root, "forward", "mode", "bridge", NULL);
	add(root, "bridge", "name", bridge, NULL);
	return finish(document);
}

char *xml_pool(const struct virt *virt)
{
	xmlDocPtr document;
	xmlNodePtr root = start(&document, "pool");
	AUTO_FREE char *name = str_copy_n(virt->prefix, strlen(virt->prefix) - 1);
	AUTO_FREE char *path = str_fmt("%s/pool", virt->state_dir);

	xmlNewProp(root, BAD_CAST "type", BAD_CAST "dir");
	add_text(root, "name", name);
	add_text(add(root, "target", NULL), "path", path);
	return finish(document);
}

/* ---- reading -------------------------------------------------------------------------------- */

static bool read_path(xmlXPathContextPtr context, const char *path, char *value, size_t size)
{
	xmlXPathObjectPtr found = xmlXPathEvalExpression(BAD_CAST path, context);
	bool ok = false;

	if (found && found->nodesetval && found->nodesetval->nodeNr > 0) {
		xmlChar *text = xmlNodeGetContent(found->nodesetval->nodeTab[0]);
		ok = text && strlen((const char *)text) < size;
		if (ok)
			strcpy(value, (const char *)text);
		xmlFree(text);
	}
	xmlXPathFreeObject(found);
	return ok;
}

static xmlDocPtr parse(const char *text)
{
	return xmlReadMemory(text, (int)strlen(text), "libvirt", NULL,
			     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

bool xml_read_text(const char *text, const char *path, char *value, size_t size)
{
	xmlDocPtr document = parse(text);
	bool ok = false;

	if (!document)
		return false;
	xmlXPathContextPtr context = xmlXPathNewContext(document);
	ok = context && read_path(context, path, value, size);
	xmlXPathFreeContext(context);
	xmlFreeDoc(document);
	return ok;
}

int xml_read_running(const char *text, struct virt_running *running, struct err *err)
{
	xmlDocPtr document = parse(text);

	if (!document)
		return err_set(err, ERR_INTERNAL, "libvirt's description of the machine is no XML");
	xmlXPathContextPtr context = xmlXPathNewContext(document);
	if (!read_path(context,
		       "/domain/devices/channel[target/@name='" VIRT_PORT "']/source/@path",
		       running->channel, sizeof(running->channel)))
		running->channel[0] = '\0';
	if (!read_path(context, "/domain/devices/serial[1]/source/@path", running->console,
		       sizeof(running->console)))
		running->console[0] = '\0';
	xmlXPathFreeContext(context);
	xmlFreeDoc(document);
	return 0;
}
