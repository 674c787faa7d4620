// The least that is an RPM package: a lead, two headers with a name, and whatever payload; unsigned, with no digests.

type Named = { readonly name: string; readonly version: string; readonly release: string; readonly arch: string };

/** `bytes` as the payload of a package of that name. */
export function packageBytes(named: Partial<Named> & { readonly name: string }, bytes: Buffer): Buffer {
  const { name, version = '1.0', release = '1', arch = 'noarch' } = named;
  const lead = Buffer.alloc(96);
  lead.set([0xed, 0xab, 0xee, 0xdb, 3, 0, 0, 0], 0);
  lead.set([0, 5], 78);
  const signature = header([[1000, String(bytes.length)]]);
  const padded = Buffer.concat([signature, Buffer.alloc(-signature.length & 7)]);
  const main = header([
    [1000, name],
    [1001, version],
    [1002, release],
    [1022, arch],
  ]);
  return Buffer.concat([lead, padded, main, bytes]);
}

/** A header of texts (rpm's format_header.md). */
function header(tags: readonly (readonly [number, string])[]): Buffer {
  const store = Buffer.from(tags.map(([, text]) => `${text}\0`).join(''));
  const intro = Buffer.alloc(16);
  intro.set([0x8e, 0xad, 0xe8, 0x01], 0);
  intro.writeUInt32BE(tags.length, 8);
  intro.writeUInt32BE(store.length, 12);
  let offset = 0;
  const index = tags.map(([tag, text]) => {
    const entry = Buffer.alloc(16);
    for (const [at, value] of [tag, 6, offset, 1].entries()) entry.writeUInt32BE(value, at * 4);
    offset += Buffer.byteLength(text) + 1;
    return entry;
  });
  return Buffer.concat([intro, ...index, store]);
}
