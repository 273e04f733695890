#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/str.h"
#include "virt/internal.h"

/* What libvirt is told about machines, and the disks that are written without it. */

static struct virt virt = {
	.state_dir = (char *)"/var/lib/terakoya",
	.instance = "0123456789abcdef0123456789abcdef",
	.prefix = "tk-012345-",
};

static const struct host_facts facts = {
	.accel = VIRT_ACCEL_TCG,
	.machine_type = "pc-q35-7.2",
	.emulator = "/usr/bin/qemu-system-x86_64",
	.uid = 64055,
	.gid = 107,
};

static const struct volume_chain chain = {
	.count = 2,
	.image = { { "/var/lib/terakoya/pool/desk.qcow2", "qcow2" },
		   { "/images/base.raw", "raw" } },
};

static const struct virt_machine machine = {
	.name = "desk",
	.uuid = "11111111-2222-4333-8444-555555555555",
	.memory = 384ull << 20,
	.vcpus = 1,
	.kernel = "/images/vmlinuz",
	.initrd = "/images/initrd",
	.cmdline = "root=/dev/vda <&\"'>",
	.nic_count = 1,
	.nic = { { "office", "52:54:00:00:00:01" } },
};

static char *make(enum xml_memory memory)
{
	struct xml_domain domain = { .virt = &virt, .facts = &facts, .machine = &machine,
				     .chain = &chain, .memory = memory, .ram = "/proc/7/fd/3" };

	return xml_domain(&domain);
}

static void assert_value(const char *text, const char *path, const char *want)
{
	char value[512];

	if (!xml_read_text(text, path, value, sizeof(value)))
		fail_msg("nothing at %s", path);
	assert_string_equal(value, want);
}

static void a_guest_is_told_how_fast_its_counter_runs_where_that_is_known(void **state)
{
	struct host_facts known = facts;
	struct xml_domain domain = { .virt = &virt, .facts = &known, .machine = &machine,
				     .chain = &chain };

	(void)state;
	AUTO_FREE char *plain = xml_domain(&domain);
	assert_value(plain, "/domain/os/cmdline", machine.cmdline);
	known.tsc_khz = 2300001;
	AUTO_FREE char *told = xml_domain(&domain);
	assert_value(told, "/domain/os/cmdline", "root=/dev/vda <&\"'> tsc_early_khz=2300001");
}

/* However busy this machine is. Where it cannot be told it is 0, and stays so. */
static void the_hosts_counter_is_measured_the_same_twice(void **state)
{
	(void)state;
	double first = tsc_measure(), second = tsc_measure();
	assert_true(first == 0 || second == 0 || (first / second > 0.998 && first / second < 1.002));
}

static void a_clone_maps_its_ram_privately_and_waits(void **state)
{
	(void)state;
	AUTO_FREE char *text = make(XML_MEMORY_CLONE);
	assert_non_null(strstr(text, "mem-path=/proc/7/fd/3,size=402653184,share=off"));
	assert_non_null(strstr(text, "value=\"-incoming\""));
	assert_non_null(strstr(text, "value=\"defer\""));
}

/* It is hardware: the same at both ends. */
static void neither_template_nor_clone_announces_its_cards(void **state)
{
	(void)state;
	AUTO_FREE char *bake = make(XML_MEMORY_BAKE);
	AUTO_FREE char *clone = make(XML_MEMORY_CLONE);
	assert_non_null(strstr(bake, "virtio-net-pci.guest_announce=off"));
	assert_non_null(strstr(clone, "virtio-net-pci.guest_announce=off"));
}

static void a_bake_writes_its_ram_through_and_does_not_wait(void **state)
{
	(void)state;
	AUTO_FREE char *text = make(XML_MEMORY_BAKE);
	assert_non_null(strstr(text, "share=on"));
	assert_null(strstr(text, "-incoming"));
}

static void a_cold_boot_has_memory_of_its_own(void **state)
{
	(void)state;
	AUTO_FREE char *text = make(XML_MEMORY_PLAIN);
	assert_null(strstr(text, "memory-backend"));
}

static void no_text_breaks_out_of_its_place(void **state)
{
	(void)state;
	AUTO_FREE char *text = make(XML_MEMORY_PLAIN);
	assert_value(text, "/domain/os/cmdline", "root=/dev/vda <&\"'>");
}

static void every_start_has_a_fresh_generation_id(void **state)
{
	char one[64], two[64];

	(void)state;
	AUTO_FREE char *first = make(XML_MEMORY_CLONE);
	AUTO_FREE char *second = make(XML_MEMORY_CLONE);
	assert_true(xml_read_text(first, "/domain/genid", one, sizeof(one)));
	assert_true(xml_read_text(second, "/domain/genid", two, sizeof(two)));
	assert_string_not_equal(one, two);
}

static void a_machine_carries_the_instance_and_its_name(void **state)
{
	(void)state;
	AUTO_FREE char *text = make(XML_MEMORY_PLAIN);
	assert_value(text, "/domain/name", "tk-012345-desk");
	assert_value(text, "/domain/metadata/*[local-name()='machine']/@instance", virt.instance);
	assert_value(text, "/domain/devices/interface/source/@network", "tk-012345-office");
}

static void a_card_is_plugged_in_by_a_name_that_the_air_gaps_rules_cover(void **state)
{
	(void)state;
	AUTO_FREE char *text = make(XML_MEMORY_PLAIN);
	assert_value(text, "/domain/devices/interface/target/@dev", "tkt111111112220");
}

static void the_translation_cache_is_bounded_and_there_is_no_balloon(void **state)
{
	(void)state;
	AUTO_FREE char *text = make(XML_MEMORY_PLAIN);
	assert_value(text, "/domain/features/tcg/tb-cache", "64");
	assert_value(text, "/domain/devices/memballoon/@model", "none");
}

static void the_chain_of_disks_is_spelled_out_to_its_end(void **state)
{
	(void)state;
	AUTO_FREE char *text = make(XML_MEMORY_PLAIN);
	assert_value(text, "/domain/devices/disk/source/@file", chain.image[0].path);
	assert_value(text, "/domain/devices/disk/backingStore/source/@file", chain.image[1].path);
	assert_value(text, "/domain/devices/disk/backingStore/format/@type", "raw");
	assert_value(text, "/domain/devices/disk/backingStore/backingStore", "");
}

static void a_running_machine_is_read(void **state)
{
	static const char text[] =
		"<domain><devices><serial type='pty'><source path='/dev/pts/7'/></serial>"
		"<channel type='unix'><source path='/wrong'/><target name='other'/></channel>"
		"<channel type='unix'><source mode='bind' path='/run/x/terakoya.0'/>"
		"<target type='virtio' name='terakoya.0'/></channel></devices></domain>";
	struct virt_running running = { 0 };

	(void)state;
	assert_int_equal(xml_read_running(text, &running, NULL), 0);
	assert_string_equal(running.channel, "/run/x/terakoya.0");
	assert_string_equal(running.console, "/dev/pts/7");
	assert_int_equal(xml_read_running("<domain", &running, NULL), -1);
}

static void a_bridge_name_fits_the_kernel(void **state)
{
	char first[16], last[16];

	(void)state;
	network_bridge_name(&virt, 0, first);
	network_bridge_name(&virt, UINT32_MAX, last);
	assert_string_equal(first, "tk0123450");
	assert_string_equal(last, "tk0123451z141z3");
	assert_int_equal(strlen(last), 15);
}

/* ---- disks ---------------------------------------------------------------------------------- */

static char *scratch(const char *name)
{
	const char *dir = getenv("TMPDIR");
	char *path = str_fmt("%s/terakoya-test-%d-%s", dir ? dir : "/tmp", (int)getpid(), name);

	unlink(path);
	return path;
}

static void an_overlay_is_a_sound_qcow2(void **state)
{
	struct volume_chain found;
	struct err err = ERR_INIT;

	(void)state;
	AUTO_FREE char *base = scratch("base.qcow2");
	AUTO_FREE char *over = scratch("over.qcow2");
	assert_int_equal(volume_write(base, NULL, 5ull << 30, NULL, &err), 0);
	assert_int_equal(volume_write(over, base, 0, NULL, &err), 0);
	assert_int_equal(volume_chain_read(&found, over, &err), 0);
	assert_int_equal(found.count, 2);
	assert_true(found.size == 5ull << 30);
	assert_string_equal(found.image[1].path, base);
	assert_string_equal(found.image[1].format, "qcow2");
	AUTO_FREE char *check = str_fmt("qemu-img check -q %s && qemu-io -c 'write -q -P 7 4G 128k' "
					"-c 'read -q -P 7 4G 128k' %s && qemu-img check -q %s",
					over, over, over);
	assert_int_equal(system(check), 0);
	unlink(over);
	unlink(base);
}

static void a_disk_that_exists_is_not_overwritten(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	AUTO_FREE char *path = scratch("twice.qcow2");
	assert_int_equal(volume_write(path, NULL, 1 << 20, NULL, &err), 0);
	assert_int_equal(volume_write(path, NULL, 1 << 20, NULL, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	unlink(path);
}

static void a_disk_on_itself_is_refused(void **state)
{
	struct volume_chain found;
	struct err err = ERR_INIT;

	(void)state;
	AUTO_FREE char *path = scratch("loop.qcow2");
	AUTO_FREE char *base = scratch("loop-base.qcow2");
	assert_int_equal(volume_write(base, NULL, 1 << 20, NULL, &err), 0);
	assert_int_equal(volume_write(path, base, 0, NULL, &err), 0);
	assert_int_equal(rename(path, base), 0);
	assert_int_equal(volume_chain_read(&found, base, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	unlink(base);
}

static void a_missing_disk_is_named(void **state)
{
	struct volume_chain found;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(volume_chain_read(&found, "/nowhere/disk.qcow2", &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "/nowhere/disk.qcow2"));
}

static void names_that_are_paths_are_refused(void **state)
{
	static const char *const bad[] = { "", "../x", "A", "a b", "a/b", "a.b", "ä",
					   "1234567890123456789012345678901234567890123456789" };
	struct err err = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(virt_check_name(bad[i], &err), -1);
	assert_int_equal(virt_check_name(NULL, &err), -1);
	assert_int_equal(virt_check_name("c3-s07-desk-g2", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_is_told_how_fast_its_counter_runs_where_that_is_known),
		cmocka_unit_test(the_hosts_counter_is_measured_the_same_twice),
		cmocka_unit_test(a_clone_maps_its_ram_privately_and_waits),
		cmocka_unit_test(neither_template_nor_clone_announces_its_cards),
		cmocka_unit_test(a_bake_writes_its_ram_through_and_does_not_wait),
		cmocka_unit_test(a_cold_boot_has_memory_of_its_own),
		cmocka_unit_test(no_text_breaks_out_of_its_place),
		cmocka_unit_test(every_start_has_a_fresh_generation_id),
		cmocka_unit_test(a_machine_carries_the_instance_and_its_name),
		cmocka_unit_test(a_card_is_plugged_in_by_a_name_that_the_air_gaps_rules_cover),
		cmocka_unit_test(the_translation_cache_is_bounded_and_there_is_no_balloon),
		cmocka_unit_test(the_chain_of_disks_is_spelled_out_to_its_end),
		cmocka_unit_test(a_running_machine_is_read),
		cmocka_unit_test(a_bridge_name_fits_the_kernel),
		cmocka_unit_test(an_overlay_is_a_sound_qcow2),
		cmocka_unit_test(a_disk_that_exists_is_not_overwritten),
		cmocka_unit_test(a_disk_on_itself_is_refused),
		cmocka_unit_test(a_missing_disk_is_named),
		cmocka_unit_test(names_that_are_paths_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
