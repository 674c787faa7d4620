// A process that brings every byte of a TCP connection late by a fixed time, both ways: a long cable where the kernel has no netem.
// Called with the path of the server's Unix socket and the way one way in ms; it writes the port it listens on.

import { connect, createServer, type Socket } from 'node:net';

/** What may be on its way on one connection and in one direction, as a large TCP window would let it. */
const WINDOW_BYTES = 4 * 1024 * 1024;

const [, , server = '', oneWay = ''] = process.argv;
const oneWayMs = Number(oneWay);

/** Connecting costs a round trip (RFC 9293 §3.5): the first bytes leave the client only after it. */
const relay = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const back = connect({ path: server, allowHalfOpen: true });
  const connectedMs = performance.now() + 2 * oneWayMs;
  carry(client, back, connectedMs);
  carry(back, client, 0);
});
relay.listen(0, '127.0.0.1', () => {
  const address = relay.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : 0}\n`);
});

/** Carries what `from` sends to `to`, in order; nothing before `notBeforeMs`, and no faster than `to` takes it. */
function carry(from: Socket, to: Socket, notBeforeMs: number): void {
  const waiting: { readonly dueMs: number; readonly bytes: Buffer | undefined }[] = [];
  let waitingBytes = 0;
  let isStopped = false;
  const deliver = (): void => {
    for (let first = waiting[0]; first !== undefined && !isStopped; first = waiting[0]) {
      const restMs = first.dueMs - performance.now();
      if (restMs > 0) return void setTimeout(deliver, restMs);
      waiting.shift();
      waitingBytes -= first.bytes?.length ?? 0;
      if (first.bytes === undefined) to.end();
      else isStopped = !to.write(first.bytes);
    }
    if (waitingBytes < WINDOW_BYTES) from.resume();
  };
  const send = (bytes: Buffer | undefined): void => {
    waitingBytes += bytes?.length ?? 0;
    if (waitingBytes >= WINDOW_BYTES) from.pause();
    const dueMs = Math.max(performance.now(), notBeforeMs) + oneWayMs;
    if (waiting.push({ dueMs, bytes }) === 1 && !isStopped) setTimeout(deliver, dueMs - performance.now());
  };
  from.on('data', send);
  from.on('end', () => send(undefined));
  from.on('error', () => to.destroy());
  from.on('close', () => {
    if (!from.readableEnded) to.destroy();
  });
  to.on('drain', () => {
    isStopped = false;
    deliver();
  });
}
