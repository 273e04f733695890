/* The holder of a template's sealed RAM: this program, run again under another name by src/virt.
 * Every program that opens src/virt and clones must begin its main with
 *
 *	if (argc > 0 && str_equal(argv[0], HOLDER_NAME))
 *		return holder_main(argc, argv);
 */
#ifndef VIRT_HOLDER_H
#define VIRT_HOLDER_H

#define HOLDER_NAME "terakoya-holder"

int holder_main(int argc, char **argv);

#endif
