# The lab's boot sector: prints one line on the first serial port, then powers the machine off through the BIOS (APM).
# boot-sector.hex holds it assembled: as --32 -o b.o boot-sector.s && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o b.bin b.o && xxd -p b.bin
.code16
.globl _start
_start:
  xor %ax, %ax
  mov %ax, %ds
  cli
  mov %ax, %ss
  mov $0x7c00, %sp
  sti
  cld
  ljmp $0, $start            # some BIOSes come in as 07c0:0000
start:
  mov $message, %si
next:
  lodsb
  test %al, %al
  jz sent
  mov %al, %bl
  mov $0x3fd, %dx            # COM1 line status
ready:
  inb %dx, %al
  test $0x20, %al            # transmit holding register empty
  jz ready
  mov $0x3f8, %dx            # COM1 data
  mov %bl, %al
  outb %al, %dx
  jmp next
sent:
  mov $0x3fd, %dx
drain:
  inb %dx, %al
  test $0x40, %al            # transmitter empty: the line is out
  jz drain
  mov $0x5301, %ax           # APM 1.2 specification: connect the real-mode interface
  xor %bx, %bx
  int $0x15
  mov $0x530e, %ax           # driver version 1.2
  xor %bx, %bx
  mov $0x0102, %cx
  int $0x15
  mov $0x5307, %ax           # set power state: all devices, off
  mov $1, %bx
  mov $3, %cx
  int $0x15
halt:
  hlt
  jmp halt
message:
  .asciz "\r\nkickstand-lab: booted from disk\r\n"
