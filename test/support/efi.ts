// UEFI programs made by hand for tests: headers, an SBAT section, a certificate table, and a text inside.

export type MadeEfi = {
  /** COFF's number of the machine. */
  readonly machine: number;
  readonly sbat?: string;
  readonly signed?: boolean;
  readonly text?: Buffer;
};

const PE_AT = 0x80;
const OPTIONAL_AT = PE_AT + 24;

/** A program with one `.text` section and, where asked, `.sbat` and a certificate table; it does not run. */
export function madeEfi({ machine, sbat, signed, text = Buffer.alloc(16) }: MadeEfi): Buffer {
  const isOld = machine === 0x14c;
  const directoriesAt = OPTIONAL_AT + (isOld ? 92 : 108);
  const optionalBytes = directoriesAt + 4 + 16 * 8 - OPTIONAL_AT;
  const sectionsAt = OPTIONAL_AT + optionalBytes;
  const sections = [
    { name: '.text', data: text },
    ...(sbat === undefined ? [] : [{ name: '.sbat', data: padded(sbat) }]),
  ];
  const head = Buffer.alloc(sectionsAt + sections.length * 40);
  head.write('MZ');
  head.writeUInt32LE(PE_AT, 0x3c);
  head.write('PE\0\0', PE_AT, 'latin1');
  head.writeUInt16LE(machine, PE_AT + 4);
  head.writeUInt16LE(sections.length, PE_AT + 6);
  head.writeUInt16LE(optionalBytes, PE_AT + 20);
  head.writeUInt16LE(isOld ? 0x10b : 0x20b, OPTIONAL_AT);
  head.writeUInt32LE(16, directoriesAt);
  let at = head.length;
  for (const [index, { name, data }] of sections.entries()) {
    const row = sectionsAt + index * 40;
    head.write(name, row, 'latin1');
    head.writeUInt32LE(data.length, row + 16);
    head.writeUInt32LE(at, row + 20);
    at += data.length;
  }
  if (signed === true) {
    head.writeUInt32LE(at, directoriesAt + 4 + 4 * 8);
    head.writeUInt32LE(64, directoriesAt + 8 + 4 * 8);
  }
  return Buffer.concat([head, ...sections.map(({ data }) => data), Buffer.alloc(signed === true ? 64 : 0, 1)]);
}

function padded(text: string): Buffer {
  return Buffer.concat([Buffer.from(text), Buffer.alloc(32)]);
}
