// A child process: fetches one file with tftp2's client, which is not ours, and prints its size and sha256.
// In a process of its own because that client dies of a stray datagram and waits for ever for a missing file.

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';

/** What of tftp2 0.0.1 is used; it has no types, and its README describes another interface than its code has. */
type Tftp2 = (
  address: string,
  port: number,
) => { read(name: string, push: (data: Buffer) => void, done: () => void): Promise<void> };

const [, , address, port, name] = process.argv;
const load: NodeJS.Require = createRequire(import.meta.url);
const tftp: Tftp2 = load('tftp2');

const hash = createHash('sha256');
let sizeBytes = 0;
const take = (data: Buffer): void => {
  hash.update(data);
  sizeBytes += data.length;
};
await tftp(address ?? '', Number(port)).read(name ?? '', take, () => {});
process.stdout.write(`${JSON.stringify({ sizeBytes, sha256: hash.digest('hex') })}\n`, () => process.exit(0));
