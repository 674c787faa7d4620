// Writes small ISO images byte by byte, for what no tool would write: damage, traps, and files larger than a test's disk.

import type { IsoSource } from '../../mirror/tree/iso9660.ts';

const SECTOR = 2048;

export type CraftedRecord = {
  /** `\0` is the directory itself, `\x01` its parent. */
  readonly name: string;
  readonly block: number;
  readonly length: number;
  readonly flags?: number;
  readonly systemUse?: Uint8Array;
  readonly interleave?: number;
};

/** An image in sectors; all others are zero. `volumeBlocks` is the size it claims. */
export function craftIso(
  sectors: Readonly<Record<number, Uint8Array>>,
  options: { readonly volumeBlocks?: number; readonly root?: { readonly block: number; readonly length: number } } = {},
): Map<number, Uint8Array> {
  const { volumeBlocks = 40, root = { block: 20, length: SECTOR } } = options;
  const image = new Map<number, Uint8Array>([
    [16, primaryDescriptor(volumeBlocks, root)],
    [17, descriptor(255)],
  ]);
  for (const [number, sector] of Object.entries(sectors)) image.set(Number(number), sector);
  return image;
}

/** The image as a source of exactly `sizeBytes`. */
export function sourceOf(image: ReadonlyMap<number, Uint8Array>, sizeBytes: number): IsoSource {
  return {
    sizeBytes,
    readAt: (offset, length) => {
      if (offset + length > sizeBytes) throw new Error('a read beyond the image');
      const bytes = new Uint8Array(length);
      for (const [number, sector] of image) {
        const at = number * SECTOR - offset;
        if (at + sector.byteLength <= 0 || at >= length) continue;
        const from = Math.max(0, -at);
        bytes.set(sector.subarray(from, Math.min(sector.byteLength, length - at)), at + from);
      }
      return Promise.resolve(bytes);
    },
  };
}

/** A directory: its own record, its parent's, then `records`. */
export function directory(
  at: { readonly block: number; readonly parent: number; readonly length?: number; readonly own?: Uint8Array },
  records: readonly CraftedRecord[],
): Uint8Array {
  const length = at.length ?? SECTOR;
  const own = at.own === undefined ? {} : { systemUse: at.own };
  const parts = [
    record({ name: '\0', block: at.block, length, flags: 2, ...own }),
    record({ name: '\x01', block: at.parent, length: SECTOR, flags: 2 }),
    ...records.map((each) => record(each)),
  ];
  const bytes = Buffer.concat(parts);
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, length - bytes.byteLength))]);
}

export function record({ name, block, length, flags = 0, systemUse, interleave = 0 }: CraftedRecord): Uint8Array {
  const identifier = Buffer.from(name, 'latin1');
  const pad = identifier.byteLength % 2 === 0 ? 1 : 0;
  const use = systemUse ?? new Uint8Array();
  const bytes = Buffer.alloc(33 + identifier.byteLength + pad + use.byteLength);
  bytes[0] = bytes.byteLength;
  bytes.writeUInt32LE(block, 2);
  bytes.writeUInt32BE(block, 6);
  bytes.writeUInt32LE(length, 10);
  bytes.writeUInt32BE(length, 14);
  bytes.set([124, 11, 17, 16, 8, 34, 0], 18); // 2024-11-17 16:08:34 UTC
  bytes[25] = flags;
  bytes[26] = interleave;
  bytes.writeUInt16LE(1, 28);
  bytes[32] = identifier.byteLength;
  bytes.set(identifier, 33);
  bytes.set(use, 33 + identifier.byteLength + pad);
  return bytes;
}

/** A system use entry: signature, and what follows length and version. */
export function use(signature: string, data: readonly number[] | Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(signature, 'latin1'), Buffer.from([4 + data.length, 1]), Buffer.from(data)]);
}

/** What the root's own record begins with where there is Rock Ridge. */
export function rockRidgeRoot(skip = 0): Uint8Array {
  return Buffer.concat([use('SP', [0xbe, 0xef, skip]), use('PX', bothEndian(0o040755, 2, 0, 0))]);
}

/** A Rock Ridge name in one piece. */
export function nameUse(name: string): Uint8Array {
  return use('NM', [0, ...Buffer.from(name)]);
}

/** A Rock Ridge link; each component is flags and text. */
export function linkUse(...components: readonly (readonly [number, string])[]): Uint8Array {
  return use('SL', [0, ...components.flatMap(([flags, text]) => [flags, text.length, ...Buffer.from(text)])]);
}

/** Numbers as SUSP writes them: little-endian, then big-endian. */
export function bothEndian(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, index * 8);
    bytes.writeUInt32BE(value, index * 8 + 4);
  });
  return bytes;
}

function descriptor(type: number): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector[0] = type;
  sector.write('CD001', 1, 'latin1');
  sector[6] = 1;
  return sector;
}

function primaryDescriptor(blocks: number, root: { readonly block: number; readonly length: number }): Uint8Array {
  const sector = descriptor(1);
  sector.write('CRAFTED'.padEnd(32), 40, 'latin1');
  sector.writeUInt32LE(blocks, 80);
  sector.writeUInt32BE(blocks, 84);
  sector.writeUInt16LE(SECTOR, 128);
  sector.writeUInt16BE(SECTOR, 130);
  sector.set(record({ name: '\0', ...root, flags: 2 }), 156);
  sector.fill(0x20, 883, 1395); // the application-use area, empty
  return sector;
}
