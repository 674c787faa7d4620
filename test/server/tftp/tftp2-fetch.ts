// Fetches one file with tftp2's client, as a process of its own, since that client dies of a stray datagram: PORT NAME OUT.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

type Client = { read(name: string, push: (bytes: Buffer) => void, done: () => void): Promise<void>; close(): void };

const tftp2 = createRequire(import.meta.url)('tftp2') as (host: string, port: number) => Client;
const [port = '', name = '', out = ''] = process.argv.slice(2);
const parts: Buffer[] = [];
const client = tftp2('127.0.0.1', Number(port));
await client.read(
  name,
  (bytes) => parts.push(Buffer.from(bytes)),
  () => {},
);
client.close();
writeFileSync(out, Buffer.concat(parts));
