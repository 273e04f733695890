#include "pack/reader.h"

#include <stdlib.h>

#include "base/auto.h"
#include "base/str.h"

static char **scripts_read(const struct source *source, const xmlNode *parent, const char *name,
			   size_t *count)
{
	char **script = mem_alloc(node_count(parent, name) * sizeof(*script));

	for (xmlNode *node = node_first(parent, name); node; node = node_next(node, name))
		script[(*count)++] = node_script_path(source, node);
	return script;
}

/* The address says where the card is: the machine's place in the environment and the card's place
 * in the machine. It is the same in every seat, as everything else that a guide may show. */
static void nics_read(const struct source *source, const xmlNode *parent,
		      struct pack_machine *machine, size_t place)
{
	machine->nic = mem_alloc(node_count(parent, "nic") * sizeof(*machine->nic));
	for (xmlNode *node = node_first(parent, "nic"); node; node = node_next(node, "nic")) {
		struct pack_nic *nic = &machine->nic[machine->nics];
		nic->network = node_attr(source, node, "network");
		nic->address = node_attr(source, node, "address");
		snprintf(nic->mac, sizeof(nic->mac), "52:54:00:7e:%02x:%02x",
			 (unsigned)(place & 0xff), (unsigned)(machine->nics & 0xff));
		machine->nics++;
	}
}

static void probes_read(const struct source *source, const xmlNode *parent,
			struct pack_machine *machine)
{
	machine->probe = mem_alloc(node_count(parent, "probe") * sizeof(*machine->probe));
	for (xmlNode *node = node_first(parent, "probe"); node; node = node_next(node, "probe")) {
		struct pack_probe *probe = &machine->probe[machine->probes++];
		probe->port = (unsigned)node_number(node, "port", 0);
		probe->what = node_attr(source, node, "file");
		probe->kind = probe->port ? PACK_PROBE_PORT : PACK_PROBE_FILE;
		if (probe->port || probe->what)
			continue;
		probe->kind = PACK_PROBE_SCRIPT;
		probe->what = node_script_path(source, node);
	}
}

static void machine_read(const struct source *source, const xmlNode *node,
			 struct pack_machine *machine, size_t place)
{
	const xmlNode *user = node_first(node, "user");

	reader_note(source->reader, machine, source->file, node);
	machine->name = node_attr(source, node, "name");
	machine->image = node_attr(source, node, "image");
	machine->memory_mib = (unsigned)node_number(node, "memory", 0);
	machine->vcpus = (unsigned)node_number(node, "vcpus", 1);
	machine->disk_mib = (unsigned)node_number(node, "disk", 4096);
	machine->user = node_attr(source, user, "name");
	machine->user_sudo = node_flag(user, "sudo");
	nics_read(source, node, machine, place);
	machine->setup = scripts_read(source, node, "setup", &machine->setups);
	probes_read(source, node, machine);
}

static void environment_read(const struct source *source, const xmlNode *root)
{
	const xmlNode *environment = node_first(root, "environment");
	struct pack *pack = source->reader->pack;
	xmlNode *node;

	pack->network = mem_alloc(node_count(environment, "network") * sizeof(*pack->network));
	for (node = node_first(environment, "network"); node; node = node_next(node, "network"))
		pack->network[pack->networks++] = node_attr(source, node, "name");
	pack->machine = mem_alloc(node_count(environment, "machine") * sizeof(*pack->machine));
	for (node = node_first(environment, "machine"); node; node = node_next(node, "machine")) {
		machine_read(source, node, &pack->machine[pack->machines], pack->machines);
		pack->machines++;
	}
}

static void day_read(const struct source *source, const xmlNode *day, unsigned number)
{
	struct pack *pack = source->reader->pack;

	if (node_number(day, "number", 0) != number)
		finding_add(source->reader, source->file, (int)xmlGetLineNo(day),
			    "day number=\"%ld\"; expected %u: days count up from 1",
			    node_number(day, "number", 0), number);
	for (xmlNode *node = node_first(day, "lab"); node; node = node_next(node, "lab")) {
		struct pack_lab *lab = &pack->lab[pack->labs++];
		reader_note(source->reader, lab, source->file, node);
		lab->id = node_attr(source, node, "ref");
		lab->minutes = (unsigned)node_number(node, "minutes", 0);
		lab->day = number;
	}
}

static void days_read(const struct source *source, const xmlNode *root)
{
	struct pack *pack = source->reader->pack;
	size_t labs = 0;
	unsigned number = 0;
	xmlNode *node;

	for (node = node_first(root, "day"); node; node = node_next(node, "day"))
		labs += node_count(node, "lab");
	if (labs > PACK_LABS_MAX) {
		finding_add(source->reader, source->file, 0, "%zu labs; expected at most %d", labs,
			    PACK_LABS_MAX);
		return;
	}
	pack->lab = mem_alloc(labs * sizeof(*pack->lab));
	for (node = node_first(root, "day"); node; node = node_next(node, "day"))
		day_read(source, node, ++number);
}

static char *authors_read(const xmlNode *root)
{
	const xmlNode *node = node_first(root, "authors");
	xmlChar *content = node ? xmlNodeGetContent(node) : NULL;
	char *authors = str_copy((const char *)content);

	xmlFree(content);
	return authors;
}

void course_read(struct reader *reader, const char *file, const xmlDoc *document)
{
	const xmlNode *root = xmlDocGetRootElement((xmlDoc *)document);
	struct source source = { .reader = reader, .file = file, .folder = "" };
	struct pack *pack = reader->pack;

	reader_note(reader, pack, file, root);
	pack->id = node_attr(&source, root, "id");
	pack->version = node_attr(&source, root, "version");
	pack->tlp = node_attr(&source, root, "tlp");
	pack->license = node_attr(&source, root, "license");
	pack->authors = authors_read(root);
	node_text(&source, root, "title", &pack->title);
	node_text(&source, root, "summary", &pack->summary);
	environment_read(&source, root);
	days_read(&source, root);
}
