// Chunks passed through a transform of node:zlib, as chunks again. Running: nothing is opened here.

import { pipeline, Readable, type Duplex } from 'node:stream';

/** What `transform` makes of `source`; an error of either is thrown. */
export async function* through(source: AsyncIterable<Uint8Array>, transform: Duplex): AsyncGenerator<Uint8Array> {
  // The callback only keeps the error from being unhandled: the iteration below throws it.
  pipeline(Readable.from(source), transform, () => undefined);
  for await (const chunk of transform) yield chunk as Uint8Array;
}
