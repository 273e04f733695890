/* Starts a machine's kernel.
 *
 * QEMU reads the kernel that it is given into memory of its own: 12 MB for every machine, and the time
 * to fill them, although a clone needs it only if it reboots one day. The initrd it maps instead, so
 * that all machines share one copy. This is therefore the kernel that QEMU is given, 3 KiB of it, and
 * the real one comes at the head of the initrd (images/build puts them together):
 *
 *	bzImage, padded to a page of 4 KiB | initrd
 *
 * By the time we run, the firmware has put us to 0x10000 and that file far above. We put the real
 * kernel where the firmware would have put it, tell its header what ours was told, cut ourselves off
 * the initrd, and jump to its real-mode entry: from there on all is as it always was. The header and
 * the addresses are those of Documentation/arch/x86/boot.rst, protocol 2.08; the later ones add the
 * seed that QEMU appends to the kernel, and an entropy device makes up for it.
 */

#define FIRST      0x10000  /* where the firmware puts a kernel's real-mode part: ours, then the real one's */
#define HERE       0x30000  /* where we move to, out of its way; the command line is at 0x20000 */
#define KERNEL     0x100000 /* where it puts the rest */
#define SECTORS    5        /* our own real-mode part, the boot sector not counted */
#define SIZE       ((SECTORS + 1) * 512)

#define HDRS       0x53726448
#define PAGE       4096

/* In a header, from the start of the file. */
#define SETUP_SECTS    0x1f1
#define SYSSIZE        0x1f4
#define MAGIC          0x202
#define TYPE_OF_LOADER 0x210
#define LOADFLAGS      0x211
#define RAMDISK_IMAGE  0x218
#define RAMDISK_SIZE   0x21c
#define HEAP_END_PTR   0x224
#define CMD_LINE_PTR   0x228

#define LOADED_HIGH    0x01
#define CAN_USE_HEAP   0x80

#define COM1           0x3f8

	.code16
	.text
	.globl _start
_start:
	.org SETUP_SECTS
	.byte SECTORS
	.word 0			/* root_flags */
	.long 512 / 16		/* syssize: a sector of nothing */
	.word 0			/* ram_size */
	.word 0xffff		/* vid_mode: as it is */
	.word 0			/* root_dev */
	.word 0xaa55
	.byte 0xeb, start - 1f	/* a short jump over the header */
1:	.ascii "HdrS"
	.word 0x0208
	.long 0			/* realmode_swtch */
	.word 0			/* start_sys_seg */
	.word 0			/* kernel_version */
	.byte 0			/* type_of_loader */
	.byte LOADED_HIGH
	.word 0			/* setup_move_size */
	.long KERNEL		/* code32_start */
	.long 0			/* ramdisk_image */
	.long 0			/* ramdisk_size */
	.long 0			/* bootsect_kludge */
	.word 0			/* heap_end_ptr */
	.word 0			/* ext_loader_ver, ext_loader_type */
	.long 0			/* cmd_line_ptr */
	.long 0x7fffffff	/* initrd_addr_max, the real kernel's */
	.long 0x1000000		/* kernel_alignment */
	.long 0			/* relocatable_kernel, min_alignment, xloadflags */
	.long 2047		/* cmdline_size, the real kernel's */
	.long 0, 0, 0		/* hardware_subarch and its data */
	.long 0, 0		/* payload */

/* The processor is in real mode, ds is FIRST / 16. */
start:
	cli
	cld
	movw	$HERE >> 4, %ax
	movw	%ax, %es
	xorw	%si, %si
	xorw	%di, %di
	movw	$SIZE / 2, %cx
	rep movsw
	ljmp	$HERE >> 4, $moved
moved:
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$0xfff0, %sp
	lgdtl	gdt_pointer
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$CODE32, $HERE + protected

	.code32
protected:
	movl	$DATA32, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$HERE + 0xfff0, %esp
	movl	HERE + RAMDISK_IMAGE, %ebx
	cmpl	$HDRS, MAGIC(%ebx)
	jne	no_kernel

	/* All but its real-mode part, whose size is counted in sectors, without the boot sector. */
	movzbl	SETUP_SECTS(%ebx), %edx
	incl	%edx
	shll	$9, %edx
	leal	(%ebx, %edx), %esi
	movl	$KERNEL, %edi
	movl	SYSSIZE(%ebx), %ecx	/* in 16 bytes */
	shll	$2, %ecx
	rep movsl
	leal	PAGE - 1(%esi), %eax
	andl	$-PAGE, %eax		/* where the initrd begins */

	/* Its real-mode part, over ours. */
	movl	%ebx, %esi
	movl	$FIRST, %edi
	movl	%edx, %ecx
	shrl	$2, %ecx
	rep movsl

	movl	%eax, FIRST + RAMDISK_IMAGE
	addl	HERE + RAMDISK_SIZE, %ebx
	subl	%eax, %ebx
	movl	%ebx, FIRST + RAMDISK_SIZE
	movb	HERE + TYPE_OF_LOADER, %al
	movb	%al, FIRST + TYPE_OF_LOADER
	orb	$CAN_USE_HEAP, FIRST + LOADFLAGS
	movw	HERE + HEAP_END_PTR, %ax
	movw	%ax, FIRST + HEAP_END_PTR
	movl	HERE + CMD_LINE_PTR, %eax
	movl	%eax, FIRST + CMD_LINE_PTR
	ljmp	$CODE16, $back

/* What the serial console shows then is all there is to say it with. */
no_kernel:
	movl	$HERE + message, %esi
	movw	$COM1, %dx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	hlt
	jmp	2b

	.code16
back:
	movw	$DATA16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	movl	%cr0, %eax
	andb	$~1, %al
	movl	%eax, %cr0
	ljmp	$HERE >> 4, $real
real:
	movw	$FIRST >> 4, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %fs
	movw	%ax, %gs
	movw	%ax, %ss
	movw	$0xfff0, %sp
	ljmp	$(FIRST >> 4) + 0x20, $0

	.balign 8
gdt:
	.quad 0
	CODE32 = . - gdt
	.quad 0x00cf9a000000ffff
	DATA32 = . - gdt
	.quad 0x00cf92000000ffff
	CODE16 = . - gdt
	.quad 0x00009a000000ffff | (HERE << 16)
	DATA16 = . - gdt
	.quad 0x000092000000ffff
gdt_pointer:
	.word . - gdt - 1
	.long HERE + gdt

message:
	.asciz "terakoya-loader: there is no kernel at the head of the initrd\r\n"

	.org SIZE + 512
