#include "cli/cli.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"

#define STATE_DEFAULT "/var/lib/terakoya"

static const struct command commands[] = {
	{ .words = "doctor", .arguments = "", .summary = "find and explain what is wrong with this host",
	  .details = "Works without the daemon. With --fix it mends what it can, after saying what it does.",
	  .option = { { "fix", NULL, "mend what can be mended" } }, .run = cmd_doctor },
	{ .words = "image build", .arguments = "NAME", .least = 1, .most = 1,
	  .summary = "build a disk image from its recipe",
	  .option = { { "force", NULL, "build it again although it is there" } }, .run = cmd_image_build },
	{ .words = "image list", .arguments = "",
	  .summary = "list images, old ones too: what they take, and what uses them", .run = cmd_image_list },
	{ .words = "image show", .arguments = "NAME [FILE]", .least = 1, .most = 2,
	  .summary = "show what an image's recipe says, and which builds are of it",
	  .details = "What it is based on, its packages, its files, what its digest is made from, and the machines that "
		     "courses make from it. With FILE, as the list names it, that file's text. A recipe is changed "
		     "where it lies, by an editor.",
	  .run = cmd_image_show },
	{ .words = "image remove", .arguments = "NAME[@DIGEST]", .least = 1, .most = 1,
	  .summary = "remove an image from the disk",
	  .details = "DIGEST, or its beginning, says which, as image list names them. Refused, with who uses it, "
		     "while a template or a class stands on it. Templates that nothing fits any more go "
		     "with it. After a build all but the newest two that nobody uses go by themselves.",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_image_remove },
	{ .words = "course list", .arguments = "", .summary = "list the courses that are installed",
	  .run = cmd_course_list },
	{ .words = "lab new", .arguments = "DIRECTORY", .least = 1, .most = 1,
	  .summary = "begin a pack: small files, commented, that pass as they are",
	  .details = "One machine, one lab and a task of each kind, in English and Japanese. Works without the "
		     "daemon. A directory that is there must be empty.",
	  .option = { { "id", "NAME", "the course's id; default: the directory's name" },
		      { "title", "TEXT", "the course's title, in both languages until you translate it" } },
	  .run = cmd_lab_new },
	{ .words = "lab lint", .arguments = "DIRECTORY", .least = 1, .most = 1,
	  .summary = "read a pack and say everything that is wrong with it",
	  .details = "Works without the daemon. Each finding is a line: file, line, what was found and what was "
		     "expected.",
	  .run = cmd_lab_lint },
	{ .words = "lab try", .arguments = "DIRECTORY [LAB]", .least = 1, .most = 2,
	  .summary = "work in a lab while writing it: one seat, scripts and texts read again on save",
	  .details = "Prints a link to the seat's page, and verdicts as they change. Type c to check all tasks, s TASK "
		     "to run a solve, r to reset, q to end. The pack need not be installed; one that is installed "
		     "under the same name is left alone. Everything of the seat is removed at the end.",
	  .run = cmd_lab_try },
	{ .words = "lab test", .arguments = "COURSE [LAB...]", .least = 1, .most = ARGUMENTS_MAX,
	  .summary = "prove a course on real machines",
	  .details = "After setup every check fails with feedback; each solve makes its own task pass and no other; "
		     "passes survive a reboot; a reset gives the start again; no seat's solution or answer helps "
		     "another. Prints TAP, then what checks and machines took. The result is shown with the course. "
		     "Ctrl-C stops the test, and removes its machines; a second one leaves at once.",
	  .option = { { "seeds", "N", "classes of other values, one after the other, 1 to 16; default 2" },
		      { "seats", "N", "seats that work in parallel, 2 to 8; default 2" },
		      { "version", "VERSION", "another than the active one" } },
	  .run = cmd_lab_test },
	{ .words = "pack list", .arguments = "",
	  .summary = "list all versions of courses that are installed, and the classes that use them",
	  .run = cmd_pack_list },
	{ .words = "pack export", .arguments = "PACK FILE", .least = 2, .most = 2,
	  .summary = "write a pack as a .tar.gz with a manifest of digests",
	  .details = "PACK is a pack's directory (the daemon is not needed then), a course that is installed, or a "
		     "version of it as in linux-intro-1.0.0. The same pack always gives the same bytes.",
	  .run = cmd_pack_export },
	{ .words = "pack import", .arguments = "FILE", .least = 1, .most = 1,
	  .summary = "install a pack from its archive, beside the versions that are there",
	  .details = "Refused, with the entry's name: links, devices, paths that lead out, names that differ in case "
		     "only, more than 32 MiB, and what its manifest does not say. What lint finds is shown with "
		     "file and line; nothing is installed then.",
	  .run = cmd_pack_import },
	{ .words = "pack activate", .arguments = "COURSE VERSION|newest", .least = 2, .most = 2,
	  .summary = "choose the version that new classes get",
	  .details = "Without a choice it is the newest. Classes keep the version that they were made with.",
	  .run = cmd_pack_activate },
	{ .words = "pack remove", .arguments = "COURSE VERSION", .least = 2, .most = 2,
	  .summary = "remove a version that no class uses",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_pack_remove },
	{ .words = "template bake", .arguments = "COURSE", .least = 1, .most = 1,
	  .summary = "boot, set up and freeze the machines that seats are cloned from",
	  .details = "Builds a missing image first. Says what it does and how long it still takes.",
	  .option = { { "force", NULL, "bake again although a fitting template is there" },
		      { "version", "VERSION", "for a class that has another than the active version" } },
	  .run = cmd_template_bake },
	{ .words = "template list", .arguments = "", .summary = "list templates and what they take",
	  .run = cmd_template_list },
	{ .words = "class create", .arguments = "COURSE", .least = 1, .most = 1,
	  .summary = "make a class: a draft with its seats and its join code",
	  .option = { { "seats", "N", "number of seats, 1 to 500" },
		      { "names", "FILE", "students' names, one per line; - reads standard input" },
		      { "roster", "FILE", "CSV: name, mail, organisation, language; - reads standard input" },
		      { "name", "TEXT", "the class's name; default: the course and today's date" },
		      { "version", "VERSION", "of the course, another than the active one" },
		      { "own-codes", NULL, "each seat is joined with a code of its own, once; see class codes" } },
	  .run = cmd_class_create },
	{ .words = "class codes", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "list the one-time codes of a class's seats", .run = cmd_class_codes },
	{ .words = "class joining", .arguments = "CLASS [class|seat]", .least = 1, .most = 2,
	  .summary = "show or change how students join: with the class's code, or each seat's own",
	  .details = "With seat the class's code lets nobody in any more. Who is in stays in; codes and links of seats go "
		     "on working either way.",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_class_joining },
	{ .words = "class list", .arguments = "", .summary = "list classes",
	  .option = { { "closed", NULL, "also those that are closed" } }, .run = cmd_class_list },
	{ .words = "class capacity", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "whether launching or resuming a class fits on this host now",
	  .details = "Tells what it needs and what is free, whether that was measured on this host, and what is kept "
		     "for other classes. Of a draft or a frozen class.", .run = cmd_class_capacity },
	{ .words = "class launch", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "give every seat its machines",
	  .details = "Waits until every seat is ready or has failed, unless --no-wait is given. Refused before "
		     "anything is started when the host has no room, with the number of seats that fit, and when "
		     "the course has not passed lab test as it is now.",
	  .option = { { "no-wait", NULL, "come back at once" },
		      { "untested", NULL, "launch a course that has not passed lab test; the audit log says so" } },
	  .run = cmd_class_launch },
	{ .words = "class show", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "show a class, its seats and their progress", .run = cmd_class_show },
	{ .words = "class watch", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "show a class live until interrupted", .run = cmd_class_watch },
	{ .words = "class prepare", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "make the machines of every seat, and let nobody enter yet",
	  .details = "As class launch; class open lets students in, at once.",
	  .option = { { "no-wait", NULL, "come back at once" },
		      { "untested", NULL, "prepare a course that has not passed lab test; the audit log says so" } },
	  .run = cmd_class_prepare },
	{ .words = "class freeze", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "save every machine to disk and free the memory, for the night",
	  .details = "Students may not enter until class resume. A machine that cannot be saved runs on and is named. "
		     "What is saved outlives a reboot of the host.",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_class_freeze },
	{ .words = "class resume", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "bring a frozen class back as it was", .run = cmd_class_resume },
	{ .words = "class open", .arguments = "CLASS [LAB]", .least = 1, .most = 2,
	  .summary = "let students into a class that is prepared; or open a lab for every seat",
	  .details = "With LAB: prepares the machines for it. Seats that have it open already are left alone. A lab that asks for fresh machines resets those "
		     "in which another lab was set up. Seats that fail are named.",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_class_open },
	{ .words = "class catch-up", .arguments = "CLASS LAB", .least = 2, .most = 2,
	  .summary = "reset every seat and bring it to a lab, by the course's own solutions",
	  .details = "All tasks of the labs before it count as caught up, without points; what was passed before "
		     "keeps its points. Seats that fail are named.",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_class_catch_up },
	{ .words = "class staff", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "list who leads a class and who helps in it; add or remove somebody",
	  .option = { { "add", "LOGIN", "an instructor, who leads it then, or an assistant, who helps in it" },
		      { "remove", "LOGIN", "take somebody off the class again; the owner stays" } },
	  .run = cmd_class_staff },
	{ .words = "class message", .arguments = "CLASS[/SEAT] TEXT", .least = 2, .most = 2,
	  .summary = "write to everybody in a class, or to one seat",
	  .details = "It stands on the students' pages until they have read it. TEXT is shown as it is; - reads standard "
		     "input.",
	  .run = cmd_class_message },
	{ .words = "class messages", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "list what was written to a class, and how many seats have read it",
	  .run = cmd_class_messages },
	{ .words = "class results", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "show what everybody has achieved",
	  .details = "With --json: all of it. With --csv: a table for spreadsheets, times in the zone of this host.",
	  .option = { { "csv", NULL, "print a table: a row for each seat" },
		      { "tasks", NULL, "with --csv: a row for each seat and task" },
		      { "language", "en|ja", "of the table's headings and titles" } },
	  .run = cmd_class_results },
	{ .words = "class pause", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "stop an open class where it is: machines stand still, time does not count",
	  .run = cmd_class_pause },
	{ .words = "class continue", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "let a paused class go on", .run = cmd_class_continue },
	{ .words = "class extend", .arguments = "CLASS MINUTES", .least = 2, .most = 2,
	  .summary = "put off the next freeze or close that is planned", .run = cmd_class_extend },
	{ .words = "class schedule", .arguments = "CLASS [ACTION@TIME ...]", .least = 1, .most = ARGUMENTS_MAX,
	  .summary = "show what is planned for a class, or plan it",
	  .details = "ACTION is prepare, open, freeze, resume or close; TIME is HH:MM (the next one after the item before "
		     "it) or YYYY-MM-DDTHH:MM, in this terminal's time zone. What was planned before is replaced.",
	  .option = { { "none", NULL, "nothing is to come any more" },
		      { "untested", NULL, "plan a course that has not passed lab test" } },
	  .run = cmd_class_schedule },
	{ .words = "class close", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "end a class: removes its machines, disks and networks, keeps results",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_class_close },
	{ .words = "class remove", .arguments = "CLASS", .least = 1, .most = 1,
	  .summary = "remove a draft or a closed class with all its results",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_class_remove },
	{ .words = "seat reset", .arguments = "CLASS/SEAT [MACHINE]", .least = 1, .most = 2,
	  .summary = "give a seat a clean machine; what is in the old one is lost",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_seat_reset },
	{ .words = "seat catch-up", .arguments = "CLASS/SEAT LAB [TASK]", .least = 2, .most = 3,
	  .summary = "reset a seat and bring it to a task, by the course's own solutions",
	  .details = "All tasks before it count as caught up, without points; what was passed before keeps its "
		     "points.",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_seat_catch_up },
	{ .words = "seat power", .arguments = "CLASS/SEAT MACHINE on|off|reboot", .least = 3, .most = 3,
	  .summary = "switch a machine", .details = "off and reboot end running programs: they are asked about first.",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_seat_power },
	{ .words = "seat link", .arguments = "CLASS/SEAT", .least = 1, .most = 1,
	  .summary = "make a new join link for a seat; the old one ends", .run = cmd_seat_link },
	{ .words = "seat ssh", .arguments = "CLASS/SEAT", .least = 1, .most = 1,
	  .summary = "make a new ssh password for a seat, and show how to connect",
	  .details = "The old password ends, and connections made with it. In front of the @, +MACHINE behind the "
		     "name leads to another machine of the seat.",
	  .run = cmd_seat_ssh },
	{ .words = "key list", .arguments = "CLASS/SEAT", .least = 1, .most = 1,
	  .summary = "list the public keys that sign a seat's student in over ssh", .run = cmd_key_list },
	{ .words = "key add", .arguments = "CLASS/SEAT FILE", .least = 2, .most = 2,
	  .summary = "give a seat the public keys in a .pub or authorized_keys file; - reads standard input",
	  .run = cmd_key_add },
	{ .words = "key remove", .arguments = "CLASS/SEAT KEY", .least = 2, .most = 2,
	  .summary = "take a public key away, by its number or fingerprint as key list shows it",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_key_remove },
	{ .words = "shell", .arguments = "CLASS/SEAT [MACHINE]", .least = 1, .most = 2,
	  .summary = "a terminal in a machine, shared with the student's",
	  .details = "Type ~. at the beginning of a line to leave; the shell goes on. After a restart of the "
		     "daemon it connects again by itself.",
	  .option = { { "terminal", "N", "which terminal of the machine, 1 to 16, or 0 for its console; default 1" },
		      { "watch", NULL, "only look" } },
	  .run = cmd_shell },
	{ .words = "account set", .arguments = "LOGIN", .least = 1, .most = 1,
	  .summary = "make or change an account of the staff",
	  .details = "What is not named stays as it is where the account is there. A new account is an instructor's, its "
		     "name the login, and gets a password, which is printed once.",
	  .option = { { "name", "TEXT", "the person's name" },
		      { "role", "ROLE", "admin, instructor, assistant, observer or student" },
		      { "organisation", "NAME", "whose results an observer sees; none: no organisation" },
		      { "new-password", NULL, "make a password also for an account that is there; ends its sessions" },
		      { "password-stdin", NULL, "read the password from standard input; ends its sessions" } },
	  .run = cmd_account_set },
	{ .words = "account list", .arguments = "", .summary = "list the accounts of the staff",
	  .run = cmd_account_list },
	{ .words = "account password", .arguments = "LOGIN", .least = 1, .most = 1,
	  .summary = "give an account a new password, and end its sessions",
	  .details = "Without --password-stdin a password is made and printed once.",
	  .option = { { "password-stdin", NULL, "read the password from standard input" } },
	  .run = cmd_account_password },
	{ .words = "account remove", .arguments = "LOGIN", .least = 1, .most = 1,
	  .summary = "remove an account and end its sessions; its classes stay",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_account_remove },
	{ .words = "account sessions", .arguments = "LOGIN", .least = 1, .most = 1,
	  .summary = "list where somebody is signed in", .run = cmd_account_sessions },
	{ .words = "account sign-out", .arguments = "LOGIN", .least = 1, .most = 1,
	  .summary = "end all sessions of an account",
	  .option = { { "session", "ID", "only this one, as account sessions names it" } },
	  .run = cmd_account_sign_out },
	{ .words = "organisation list", .arguments = "",
	  .summary = "list organisations, with how many accounts and seats belong to them",
	  .run = cmd_organisation_list },
	{ .words = "organisation add", .arguments = "NAME", .least = 1, .most = 1, .summary = "make an organisation",
	  .details = "A roster makes those that it names by itself.", .run = cmd_organisation_add },
	{ .words = "organisation rename", .arguments = "ORGANISATION NAME", .least = 2, .most = 2,
	  .summary = "give an organisation another name", .details = "ORGANISATION is its present name, or its number.",
	  .run = cmd_organisation_rename },
	{ .words = "organisation merge", .arguments = "ORGANISATION INTO", .least = 2, .most = 2,
	  .summary = "make two organisations one: accounts and seats of the first belong to the second",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_organisation_merge },
	{ .words = "organisation remove", .arguments = "ORGANISATION", .least = 1, .most = 1,
	  .summary = "remove an organisation that nothing belongs to", .run = cmd_organisation_remove },
	{ .words = "setting list", .arguments = "", .summary = "what holds for the whole installation",
	  .run = cmd_setting_list },
	{ .words = "setting set", .arguments = "KEY VALUE", .least = 2, .most = 2,
	  .summary = "change a setting, at once and for everybody",
	  .details = "setting list shows the keys. An empty VALUE removes a notice.", .run = cmd_setting_set },
	{ .words = "audit list", .arguments = "", .summary = "who did what, newest first",
	  .option = { { "class", "ID", "only of this class" },
		      { "actor", "NAME", "only what this person did; \"system\" is the daemon itself" },
		      { "since", "TIME", "not before: a date (2026-06-09, 2026-06-09T13:30) or an age (30m, 12h, 90d)" },
		      { "limit", "N", "at most so many rows, 1 to 500; default 100" } },
	  .run = cmd_audit_list },
	{ .words = "audit verify", .arguments = "",
	  .summary = "prove that the audit log is what was written",
	  .details = "Each row carries a hash over itself and the row before it. Names the first row that does not fit; "
		     "the exit status is 1 then. Prints the last row's hash: written down elsewhere, it shows "
		     "later whether anything before it was changed.",
	  .option = { { "database", "FILE", "look at this database, without the daemon: a backup, for example" } },
	  .run = cmd_audit_verify },
	{ .words = "audit forget", .arguments = "TIME", .least = 1, .most = 1,
	  .summary = "remove the oldest rows of the audit log, up to a time",
	  .details = "TIME is a date or an age as for --since of audit list, at least 90 days ago. A row says what "
		     "was removed, and by whom; what is left can be verified as before.",
	  .option = { { "yes", NULL, "do not ask" } }, .run = cmd_audit_forget },
	{ .words = "backup", .arguments = "FILE", .least = 1, .most = 1,
	  .summary = "copy the database to a file while everything runs",
	  .details = "Accounts, classes, progress and the audit log, as of one moment; no images, templates or "
		     "machines. The file appears whole and checked, or not at all.",
	  .option = { { "force", NULL, "replace a file that is there" } }, .run = cmd_backup },
	{ .words = "restore", .arguments = "FILE", .least = 1, .most = 1,
	  .summary = "put a backup in the place of the database",
	  .details = "Checks the backup first, and keeps the present database beside it. A daemon that runs begins anew "
		     "with it: pages and shells come back by themselves. At its start it removes machines that "
		     "the backup does not know, and makes no others by itself. A daemon that does not start, as with "
		     "a damaged database, is not needed.",
	  .option = { { "yes", NULL, "do not ask" },
		      { "force", NULL, "take the backup of another installation, too" } },
	  .run = cmd_restore },
	{ .words = "version", .arguments = "", .summary = "print the versions of program and daemon",
	  .run = cmd_version },
};

/* ---- help and the man page -------------------------------------------------------------------- */

/* "--seats N" */
static char *option_usage(const struct option_spec *option)
{
	return str_fmt("--%s%s%s", option->name, option->argument ? " " : "",
		       option->argument ? option->argument : "");
}

static void print_usage(FILE *out, const struct command *command)
{
	fprintf(out, "usage: terakoya %s%s%s", command->words, *command->arguments ? " " : "",
		command->arguments);
	for (const struct option_spec *o = command->option; o < command->option + OPTIONS_MAX && o->name; o++) {
		AUTO_FREE char *name = option_usage(o);
		fprintf(out, " [%s]", name);
	}
	fprintf(out, "\n");
}

static void print_command_help(const struct command *command)
{
	print_usage(stdout, command);
	printf("\n%s.\n%s%s", command->summary, command->details ? command->details : "",
	       command->details ? "\n" : "");
	for (const struct option_spec *o = command->option; o < command->option + OPTIONS_MAX && o->name; o++) {
		AUTO_FREE char *name = option_usage(o);
		printf("  %-22s %s\n", name, o->help);
	}
}

/* Those that every command takes, for the help and the man page. */
static const struct option_spec everywhere[] = {
	{ "state-dir", "DIR", "the daemon's state directory; default $TERAKOYA_STATE_DIR or " STATE_DEFAULT },
	{ "socket", "PATH", "the daemon's socket; default DIR/terakoya.sock" },
	{ "json", NULL, "print what the API says, for programs; shell and lab try, which speak to a person, do not" },
	{ "help", NULL, "explain one command" },
};

#define EXIT_STATUS                                                                                \
	"0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 refused (state or\n"              \
	"permission), 5 no room on the host, 6 daemon or libvirtd away"

static void print_help(void)
{
	printf("usage: terakoya [--state-dir DIR] [--socket PATH] [--json] COMMAND ...\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		AUTO_FREE char *usage = str_fmt("%s %s", commands[i].words, commands[i].arguments);
		printf("  %-44s %s\n", usage, commands[i].summary);
	}
	printf("\n");
	for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++) {
		AUTO_FREE char *usage = option_usage(&everywhere[i]);
		printf("  %-16s %s\n", usage, everywhere[i].help);
	}
	printf("\nexit status: " EXIT_STATUS "\n");
}

/* roff: a dot or quote that begins a line, and every backslash and dash, have to be escaped. */
static void print_roff(const char *text)
{
	if (*text == '.' || *text == '\'')
		printf("\\&");
	for (const char *p = text; *p; p++) {
		if (*p == '-' || *p == '\\')
			putchar('\\');
		putchar(*p);
	}
	putchar('\n');
}

static void print_man_command(const struct command *command)
{
	AUTO_FREE char *summary = str_fmt("%s.", command->summary);

	printf(".TP\n\\fB%s\\fR ", command->words);
	print_roff(command->arguments);
	print_roff(summary);
	if (command->details)
		print_roff(command->details);
	for (const struct option_spec *o = command->option; o < command->option + OPTIONS_MAX && o->name; o++) {
		AUTO_FREE char *usage = option_usage(o), *line = str_fmt("%s: %s", usage, o->help);
		printf(".br\n");
		print_roff(line);
	}
}

static void print_man(void)
{
	printf(".TH TERAKOYA 1 \"\" \"Terakoya " TERAKOYA_VERSION "\" \"User Commands\"\n"
	       ".SH NAME\nterakoya \\- steer the training lab environment manager\n"
	       ".SH SYNOPSIS\n.B terakoya\n[\\-\\-state\\-dir DIR] [\\-\\-socket PATH] [\\-\\-json] COMMAND ...\n"
	       ".SH DESCRIPTION\nterakoya speaks to terakoyad over its unix socket, with the same API as the "
	       "web page. It is for root and for the user that the daemon runs as.\n.SH OPTIONS\n");
	for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++) {
		AUTO_FREE char *usage = option_usage(&everywhere[i]);
		printf(".TP\n.B ");
		print_roff(usage);
		print_roff(everywhere[i].help);
	}
	printf(".SH COMMANDS\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		print_man_command(&commands[i]);
	printf(".SH EXIT STATUS\n" EXIT_STATUS ".\n"
	       ".SH ENVIRONMENT\n.TP\nTERAKOYA_STATE_DIR\nthe state directory; default " STATE_DEFAULT ".\n"
	       ".SH SEE ALSO\nterakoyad(8)\n");
}

/* ---- reading the command line ----------------------------------------------------------------- */

/* The command whose words argv begins with; *used says how many there are. */
static const struct command *find_command(int argc, char **argv, int *used)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *space = strchr(commands[i].words, ' ');
		size_t first = space ? (size_t)(space - commands[i].words) : strlen(commands[i].words);
		*used = space ? 2 : 1;
		if (argc < *used || strlen(argv[0]) != first || strncmp(argv[0], commands[i].words, first))
			continue;
		if (!space || strcmp(argv[1], space + 1) == 0)
			return &commands[i];
	}
	return NULL;
}

const char *option_value(const struct invocation *invocation, const char *name)
{
	for (int i = 0; i < OPTIONS_MAX && invocation->command->option[i].name; i++)
		if (strcmp(invocation->command->option[i].name, name) == 0)
			return invocation->option[i];
	return NULL;
}

enum { OPTION_HELP = 100, OPTION_JSON, OPTION_STATE, OPTION_SOCKET, OPTION_MAN, OPTION_VERSION };

static const struct option global_options[] = {
	{ "help", no_argument, NULL, OPTION_HELP },	{ "json", no_argument, NULL, OPTION_JSON },
	{ "state-dir", required_argument, NULL, OPTION_STATE }, { "socket", required_argument, NULL, OPTION_SOCKET },
	{ "man", no_argument, NULL, OPTION_MAN },	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

static void take_global(struct invocation *invocation, int option)
{
	if (option == OPTION_JSON)
		invocation->json = true;
	else if (option == OPTION_STATE)
		invocation->state_dir = optarg;
	else if (option == OPTION_SOCKET)
		invocation->socket = optarg;
}

/* 0, -1 to go on with nothing (help was printed), or 2. */
static int read_options(struct invocation *invocation, int argc, char **argv)
{
	struct option options[OPTIONS_MAX + ARRAY_SIZE(global_options)] = { 0 };
	const struct command *command = invocation->command;
	int count = 0, option;

	for (; count < OPTIONS_MAX && command->option[count].name; count++)
		options[count] = (struct option){ command->option[count].name,
						  command->option[count].argument ? required_argument :
										    no_argument,
						  NULL, count };
	memcpy(options + count, global_options, sizeof(global_options));
	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			print_command_help(command);
			return -1;
		}
		if (option == '?') {
			print_usage(stderr, command);
			return 2;
		}
		if (option < count)
			invocation->option[option] = optarg ? optarg : "";
		else
			take_global(invocation, option);
	}
	if (argc - optind < command->least || argc - optind > command->most) {
		print_usage(stderr, command);
		return 2;
	}
	while (optind < argc)
		invocation->argument[invocation->arguments++] = argv[optind++];
	return 0;
}

static int exit_code(enum err_kind kind)
{
	switch (kind) {
	case ERR_INVALID:
	case ERR_TOO_LARGE:
		return 2;
	case ERR_NOT_FOUND:
		return 3;
	case ERR_CONFLICT:
	case ERR_DENIED:
	case ERR_UNAUTHENTICATED:
	case ERR_THROTTLED:
		return 4;
	case ERR_CAPACITY:
		return 5;
	case ERR_UNAVAILABLE:
		return 6;
	default:
		return 1;
	}
}

/* What was printed may go to a disk that is full. */
static int end_output(struct err *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return err_set(err, ERR_INTERNAL, "it is done, but standard output did not take all that there is to say: is "
		       "its disk full?");
}

static int run_command(struct invocation *invocation)
{
	struct err err = ERR_INIT;
	AUTO_FREE char *socket_path = NULL;

	if (!invocation->state_dir)
		invocation->state_dir = getenv("TERAKOYA_STATE_DIR") ? getenv("TERAKOYA_STATE_DIR") : STATE_DEFAULT;
	socket_path = invocation->socket ? str_copy(invocation->socket) :
					   str_fmt("%s/terakoya.sock", invocation->state_dir);
	invocation->client = client_new(socket_path);
	int result = invocation->command->run(invocation, &err);
	if (result == 0)
		result = end_output(&err);
	client_free(invocation->client);
	if (result == 0)
		return 0;
	if (err.message[0])
		fprintf(stderr, "terakoya: %s\n", err.message);
	return exit_code(err.kind);
}

/* Options that stand before the command's words. Returns how many elements of argv they take, -1 when the
 * program is done, -2 when it was used wrongly. */
static int read_global(struct invocation *invocation, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "+", global_options, NULL)) != -1) {
		if (option == '?')
			return -2;
		if (option == OPTION_MAN)
			print_man();
		else if (option == OPTION_HELP)
			print_help();
		else if (option == OPTION_VERSION)
			printf("terakoya %s\n", TERAKOYA_VERSION);
		else
			take_global(invocation, option);
		if (option == OPTION_MAN || option == OPTION_HELP || option == OPTION_VERSION)
			return -1;
	}
	return optind;
}

int main(int argc, char **argv)
{
	struct invocation invocation = { 0 };
	int used;

	setlocale(LC_ALL, "");
	int skip = read_global(&invocation, argc, argv);
	if (skip < 0)
		return skip == -1 ? 0 : 2;
	if (argc == skip || strcmp(argv[skip], "help") == 0) {
		print_help();
		return argc == skip ? 2 : 0;
	}
	invocation.command = find_command(argc - skip, argv + skip, &used);
	if (!invocation.command) {
		fprintf(stderr, "terakoya: there is no command \"%s%s%s\"; see terakoya --help\n", argv[skip],
			argc > skip + 1 ? " " : "", argc > skip + 1 ? argv[skip + 1] : "");
		return 2;
	}
	/* getopt skips argv[0]: the command's last word stands there. */
	int result = read_options(&invocation, argc - skip - used + 1, argv + skip + used - 1);
	return result == -1 ? 0 : result ? result : run_command(&invocation);
}
