// A supervisor's end of sd_notify(3): a real datagram socket, read by Python, as Node has none.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const READER = `
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    words = s.recv(65536).decode()
    if words != "BARRIER=1": print(int(time.time() * 1000), words.replace("\\n", " "), flush=True)
`;

export type Told = { readonly at: number; readonly words: string };

/** Opens the socket; `told` is what came so far, with its time (ms since 1970). */
export async function openNotifySocket(): Promise<{
  readonly path: string;
  readonly told: () => readonly Told[];
  close(): Promise<void>;
}> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-notify-'));
  const path = join(directory, 'notify');
  const reader = spawn('python3', ['-c', READER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  reader.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await Promise.race([once(reader.stdout, 'data'), once(reader, 'exit')]);
  return {
    path,
    told: () => [...text.matchAll(/^(\d+) (.*)$/gm)].map(([, at, words = '']) => ({ at: Number(at), words })),
    close: async () => {
      if (reader.exitCode === null) {
        const ended = once(reader, 'exit');
        reader.kill();
        await ended;
      }
      await rm(directory, { recursive: true, force: true });
    },
  };
}
