// What a UEFI program (PE/COFF) tells of itself: machine, whether it carries signatures, its SBAT text, and which loader it is. Pure.

import { Malformed } from '../../server/malformed.ts';

export type EfiProgram = {
  readonly machine: 'x86_64' | 'i386' | 'aarch64' | 'other';
  /** Has it an attribute certificate table? Whether a firmware trusts who signed is not told by that. */
  readonly isSigned: boolean;
  /** Its SBAT text (shim's SBAT.md), where it carries one. */
  readonly sbat: string | undefined;
};

// PE Format (Microsoft): the DOS header's last field leads to "PE\0\0", behind it the COFF header, behind that the optional
// header with its data directories, behind that one section header of 40 bytes for each section.
const PE_OFFSET_AT = 0x3c;
const COFF_BYTES = 20;
const SECTION_BYTES = 40;
const LIMIT_SECTIONS = 96;
const LIMIT_SBAT_BYTES = 16 * 1024;
/** By the optional header's magic: where its count of data directories stands; they begin behind it. */
const DIRECTORIES_AT: Readonly<Record<number, number>> = { 0x10b: 92, 0x20b: 108 };
const CERTIFICATES = 4;
const MACHINES: Readonly<Record<number, EfiProgram['machine']>> = {
  0x8664: 'x86_64',
  0x14c: 'i386',
  0xaa64: 'aarch64',
};

/** Reads a whole program. Throws `Malformed` for what is none. */
export function readEfi(bytes: Uint8Array, where: string): EfiProgram {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const inside = (at: number, length: number): number => {
    if (at + length > bytes.byteLength) throw new Malformed('a UEFI program that ends too soon', where);
    return at;
  };
  const u16 = (at: number): number => view.getUint16(inside(at, 2), true);
  const u32 = (at: number): number => view.getUint32(inside(at, 4), true);
  if (u16(0) !== 0x5a4d) throw new Malformed('no UEFI program', where);
  const pe = u32(PE_OFFSET_AT);
  if (u32(pe) !== 0x4550) throw new Malformed('no UEFI program', where);
  const coff = pe + 4;
  const optional = coff + COFF_BYTES;
  const directories = optional + (DIRECTORIES_AT[u16(optional)] ?? 0);
  if (directories === optional) throw new Malformed('a UEFI program of no kind', where);
  const entry = directories + 4 + CERTIFICATES * 8;
  const hasEntry = u32(directories) > CERTIFICATES;
  const [at, size] = hasEntry ? [u32(entry), u32(entry + 4)] : [0, 0];
  return {
    machine: MACHINES[u16(coff)] ?? 'other',
    // A table is a file offset, not an address; its first entry's own header takes eight bytes.
    isSigned: size >= 8 && at + size <= bytes.byteLength,
    sbat: readSbat(bytes, { u16, u32, coff, sections: optional + u16(coff + 16) }),
  };
}

type Reading = {
  readonly u16: (at: number) => number;
  readonly u32: (at: number) => number;
  readonly coff: number;
  readonly sections: number;
};

function readSbat(bytes: Uint8Array, { u16, u32, coff, sections }: Reading): string | undefined {
  const count = Math.min(u16(coff + 2), LIMIT_SECTIONS);
  for (let index = 0; index < count; index += 1) {
    const section = sections + index * SECTION_BYTES;
    const name = Buffer.from(bytes.subarray(section, section + 8)).toString('latin1');
    if (name !== '.sbat\0\0\0') continue;
    const [size, at] = [u32(section + 16), u32(section + 20)];
    const raw = Buffer.from(bytes.subarray(at, at + Math.min(size, LIMIT_SBAT_BYTES)));
    const end = raw.indexOf(0);
    return raw.subarray(0, end === -1 ? raw.byteLength : end).toString('latin1');
  }
  return undefined;
}

/** The components of an SBAT text with their generations: `shim 4, shim.debian 1`. It is told to people: printable ASCII only. */
export function sbatSummary(sbat: string): string {
  return sbat
    .split('\n')
    .map((line) => line.split(','))
    .filter(([component = '']) => /^[\x21-\x7e]{1,40}$/.test(component) && component !== 'sbat')
    .map(([component = '', generation = '']) => `${component} ${/^\d{1,6}$/.test(generation) ? generation : '?'}`)
    .slice(0, 8)
    .join(', ');
}

/** What a program called `BOOTX64.EFI` is: vendors put shim or GRUB there, and RHEL 6 a GRUB of the old kind. */
export function efiKind(bytes: Uint8Array): 'shim' | 'grub' | 'other' {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // shim names what it loads in UTF-16, as firmware wants it; GRUB's modules carry their symbols.
  if (['mmx64.efi', 'mmaa64.efi', 'mmia32.efi', 'MokManager'].some((name) => content.includes(name, 0, 'utf16le'))) {
    return 'shim';
  }
  return content.includes('grub_mod_init') ? 'grub' : 'other';
}
