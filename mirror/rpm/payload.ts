// A package's payload as it lies there, read once in order and hashed on the way, so that its digests can be proved at the end.

import { createHash } from 'node:crypto';
import { Malformed } from '../../server/malformed.ts';
import type { Payload } from './package.ts';
import type { ByteSource } from './source.ts';

const READ_BYTES = 256 * 1024;

export type PackedPayload = {
  readonly chunks: AsyncGenerator<Uint8Array>;
  /** Reads what `chunks` did not, and throws `Malformed` where a digest of the package differs. Call it once, at the end. */
  prove(): Promise<void>;
};

/** The packed payload of `source`. */
export function readPayload(source: ByteSource, payload: Payload): PackedPayload {
  const { offset, length, digest, md5 } = payload;
  const own = digest === undefined ? undefined : createHash(digest.type);
  const whole = md5 === undefined ? undefined : createHash('md5').update(md5.header);
  let done = 0;
  const left = (): number => length - done;
  const next = async (): Promise<Uint8Array> => {
    const bytes = await source.read({ offset: offset + done, length: Math.min(READ_BYTES, left()) });
    done += bytes.byteLength;
    own?.update(bytes);
    whole?.update(bytes);
    return bytes;
  };
  const all = async function* (): AsyncGenerator<Uint8Array> {
    while (left() > 0) yield await next();
  };
  const chunks = all();
  return {
    chunks,
    prove: async () => {
      // Whoever unpacked may still have a read under way: this waits for it.
      await chunks.return(undefined);
      while (left() > 0) await next();
      const differs = [own?.digest('hex') !== digest?.digest, whole?.digest('hex') !== md5?.digest];
      if (differs.includes(true)) throw new Malformed('the payload has another digest', source.where);
    },
  };
}
