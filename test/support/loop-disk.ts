// Block devices to try disk checks on: loop devices over sparse files, with what real tools or known signatures put there.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, truncateSync, writeSync } from 'node:fs';

export const MIB = 1024 * 1024;

/** What lies on a disk: done to its image, before it becomes a device. */
export type Content = (image: string) => void;

/** Makes a sparse image of this size and fills it. */
export function makeImage(path: string, sizeBytes: number, content: Content): void {
  closeSync(openSync(path, 'w'));
  truncateSync(path, sizeBytes);
  content(path);
}

/** Runs a tool on the image. */
export function made(command: string, args: readonly string[], input = ''): Content {
  return (image) => {
    execFileSync(command, [...args, image], { input, stdio: ['pipe', 'ignore', 'ignore'] });
  };
}

/** Bytes at an offset; a negative one counts from the end. */
export function bytes(offset: number, data: Buffer | string, sizeBytes = 0): Content {
  return (image) => {
    const file = openSync(image, 'r+');
    const buffer = Buffer.from(data);
    writeSync(file, buffer, 0, buffer.length, offset < 0 ? sizeBytes + offset : offset);
    closeSync(file);
  };
}

/** The label of an LVM2 physical volume, as lib/format_text/layout.h lays it out, in sector 1. */
export function lvmLabel(): Buffer {
  const sector = Buffer.alloc(512);
  sector.write('LABELONE', 0, 'latin1');
  sector.writeBigUInt64LE(1n, 8);
  sector.writeUInt32LE(32, 20);
  sector.write('LVM2 001', 24, 'latin1');
  sector.write('kickstandkickstandkickstandkicks', 32, 'latin1');
  sector.writeUInt32LE(lvmCrc(sector.subarray(20)), 16);
  return sector;
}

// CRC-32 with LVM's own start value and no inversion at the end (lib/misc/crc.h: INITIAL_CRC).
function lvmCrc(data: Uint8Array): number {
  let crc = 0xf597a6cf;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xedb88320 : 0);
  }
  return crc >>> 0;
}

/** The superblock of a member of a Linux RAID, format 1 (linux/raid/md_p.h), that lies at this sector. */
export function raidSuperblock(sector: number): Buffer {
  const block = Buffer.alloc(1024);
  block.writeUInt32LE(0xa92b4efc, 0);
  block.writeUInt32LE(1, 4);
  block.write('kickstandkicksta', 16, 'latin1');
  block.write('lab:0', 32, 'latin1');
  block.writeBigUInt64LE(BigInt(sector), 144);
  return block;
}

export type LoopDisk = { readonly name: string; readonly major: number; readonly minor: number; remove(): void };

/** Makes `image` a block device with its partitions, as `/dev/NAME`. Root's. */
export function attach(image: string): LoopDisk {
  const node = execFileSync('losetup', ['--find', '--show', '--partscan', image]).toString().trim();
  const numbers = execFileSync('stat', ['--format', '%t %T', node]).toString().trim().split(' ');
  const [major = 0, minor = 0] = numbers.map((number) => Number.parseInt(number, 16));
  return {
    name: node.replace('/dev/', ''),
    major,
    minor,
    remove: () => execFileSync('losetup', ['--detach', node]),
  };
}
