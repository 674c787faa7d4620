// Loaders that lie packed: files out of a package, and a hypervisor out of its gzip. Each is unpacked once and kept. Running.

import type { No } from '../../server/malformed.ts';
import { Malformed, messageOf, no } from '../../server/malformed.ts';
import type { FilePlace, TreeFiles } from '../content/place.ts';
import { sha256Of } from '../rpm/checksum.ts';
import { decompress } from '../rpm/decompress.ts';
import { extractFiles } from '../rpm/extract.ts';
import { sourceOf } from '../rpm/source.ts';
import type { FoundPackage } from './packages.ts';
import type { KeptFiles, LoaderStore } from './store.ts';

/** What a payload may unpack to: the largest of these packages, with GRUB's modules, has some 30 MB. */
const LIMIT_PAYLOAD_BYTES = 64 * 1024 * 1024;
const LIMIT_LOADER_BYTES = 16 * 1024 * 1024;
/** Xen has some 1 MB packed, and 3 MB unpacked. */
const LIMIT_PACKED_BYTES = 32 * 1024 * 1024;
const LIMIT_UNPACKED_BYTES = 64 * 1024 * 1024;
/** How many unpacked hypervisors are remembered by where they lie; one tree has one. */
const LIMIT_REMEMBERED = 64;
const UNPACKED = 'unpacked';

export type Unpacker = {
  /** The files of a package that `nameOf` gives a name, by their paths in it. Throws `Malformed` for a damaged package. */
  files(found: FoundPackage, nameOf: (path: string) => string | undefined): Promise<KeptFiles>;
  /** What a gzip file unpacks to, as a file; a file that is none, as it is. */
  gunzipped(files: TreeFiles, place: FilePlace): Promise<FilePlace | No>;
};

/** An unpacker that keeps what it unpacked in `store`. Who asks for the same at the same time waits for the same. */
export function createUnpacker(store: LoaderStore): Unpacker {
  const running = new Map<string, Promise<KeptFiles>>();
  const once = (key: string, start: () => Promise<KeptFiles>): Promise<KeptFiles> => {
    const known = running.get(key);
    if (known !== undefined) return known;
    const started = start().finally(() => running.delete(key));
    running.set(key, started);
    return started;
  };
  const digests = new Map<string, ReturnType<typeof sha256Of>>();
  return {
    files: (found, nameOf) =>
      once(`${identityOf(found.place)} ${found.path}`, () => unpackPackage(store, found, nameOf)),
    gunzipped: async (files, place) => {
      const identity = identityOf(place);
      const digest = digests.get(identity);
      // Read again only where it was not, or where what was kept of it is gone.
      const kept = digest === undefined ? undefined : await store.kept(digest);
      const known = kept?.get(UNPACKED);
      if (known !== undefined) return known;
      try {
        const { unpacked, sha256 } = await gunzipPlace({ store, once }, files, place);
        if (digests.size >= LIMIT_REMEMBERED) digests.clear();
        if (sha256 !== undefined) digests.set(identity, sha256);
        return unpacked;
      } catch (error) {
        if (error instanceof Malformed) return no(`it cannot be unpacked: ${messageOf(error)}`);
        throw error;
      }
    },
  };
}

/** Two places of one identity hold the same bytes, as long as nobody forges times. */
export function identityOf({ file, extents, sizeBytes, modifiedMs }: FilePlace): string {
  return `${file} ${sizeBytes} ${modifiedMs} ${extents.map(({ offset, length }) => `${offset}+${length}`).join(',')}`;
}

async function unpackPackage(
  store: LoaderStore,
  { source, rpm }: FoundPackage,
  nameOf: (path: string) => string | undefined,
): Promise<KeptFiles> {
  const wanted = rpm.files.filter((file) => file.kind === 'file' && nameOf(file.path) !== undefined);
  if (wanted.length === 0) return new Map();
  const kept = await store.kept(rpm.headerSha256);
  if (kept !== undefined && wanted.every(({ path }) => kept.has(path))) return kept;
  const files = await extractFiles({ source, rpm }, new Set(wanted.map(({ path }) => path)), {
    limitBytes: LIMIT_PAYLOAD_BYTES,
    limitFileBytes: LIMIT_LOADER_BYTES,
    breathe: store.breathe,
  });
  return files.size === 0 ? new Map() : store.keep(rpm.headerSha256, files);
}

type Gunzipping = {
  readonly store: LoaderStore;
  readonly once: (key: string, start: () => Promise<KeptFiles>) => Promise<KeptFiles>;
};

async function gunzipPlace({ store, once }: Gunzipping, files: TreeFiles, place: FilePlace) {
  if (place.sizeBytes > LIMIT_PACKED_BYTES) throw new Malformed(`${place.sizeBytes} bytes are too many`, place.file);
  const packed = await sourceOf(files, place, place.file).read({ offset: 0, length: place.sizeBytes });
  if (packed[0] !== 0x1f || packed[1] !== 0x8b) return { unpacked: place, sha256: undefined };
  const sha256 = sha256Of(packed);
  const kept = await once(sha256, async () => {
    const known = await store.kept(sha256);
    return known?.has(UNPACKED) === true
      ? known
      : store.keep(sha256, new Map([[UNPACKED, await gunzip(store, packed)]]));
  });
  const unpacked = kept.get(UNPACKED);
  if (unpacked === undefined) throw new Error('what was kept is not there');
  return { unpacked, sha256 };
}

async function gunzip(store: LoaderStore, packed: Uint8Array): Promise<Uint8Array> {
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield packed;
  };
  const options = { limitBytes: LIMIT_UNPACKED_BYTES, breathe: store.breathe };
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompress(source(), options, 'gzip')) chunks.push(chunk);
  return Buffer.concat(chunks);
}
