// Requests and answers as real clients send them, for the codec's and the listener's tests: bytes only.

/** Latin-1 text with `|` for NUL. */
export function wire(opcode: number, text: string): Buffer {
  return Buffer.concat([Buffer.of(0, opcode), Buffer.from(text.replaceAll('|', '\0'), 'latin1')]);
}

export const SAMPLES: Readonly<Record<string, Buffer>> = {
  'pxelinux asks for its menu module': wire(1, 'ldlinux.c32|octet|tsize|0|blksize|1408|'),
  'GRUB asks for its script': wire(1, '/grub/grub.cfg|octet|blksize|1024|tsize|0|'),
  'iPXE asks for a script': wire(1, 'boot.ipxe|octet|blksize|1432|tsize|0|'),
  'EDK2 asks for a size': wire(1, 'bootx64.efi|octet|tsize|0|blksize|1468|windowsize|4|'),
  'shim asks for the next loader': wire(1, 'grubx64.efi|octet|blksize|512|windowsize|4|'),
  'U-Boot asks for a kernel': wire(1, 'vmlinuz|octet|timeout|5|tsize|0|blksize|1468|'),
  'a client writes': wire(2, 'upload.bin|octet|tsize|5|'),
  'an acknowledgement': Buffer.of(0, 4, 0x12, 0x34),
  'EDK2 ends a probe': wire(5, '\0\u0008User aborted the transfer|'),
  'pxelinux closes early': wire(5, '|\0No error, file close|'),
  'an option acknowledgement': wire(6, 'tsize|2048|blksize|1408|'),
  'a block of data': Buffer.from('\0\u0003\0\u0007seven bytes', 'latin1'),
  'an empty block': Buffer.of(0, 3, 0, 8),
};
