// Uploads by tus-js-client, a client of other people's making: cut in the middle and gone on with, left and found again.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DetailedError, HttpRequest, PreviousUpload, UploadOptions, UrlStorage } from 'tus-js-client';
import { Upload } from 'tus-js-client';
import { startCuttingRelay } from '../support/cutting-relay.ts';
import { exampleText } from '../support/example.ts';
import type { Served } from '../support/served.ts';
import { served } from '../support/served.ts';
import { sha256Of } from '../support/upload-desk.ts';

const BYTES = randomBytes(3_000_000);
const CHUNK = 400_000;

let appliance: Served;
let token = '';
beforeAll(async () => {
  appliance = await served(exampleText.replace(/\n\s+schedule: .*/, ''));
  token = appliance.tokenOf('operator');
});
afterAll(() => appliance.close());

const staged = (name: string): Buffer => readFileSync(join(appliance.directory, 'data', 'templates', name));

/** What each upload here has in common. */
function options(name: string, more: UploadOptions): UploadOptions {
  return {
    endpoint: `${appliance.origin}/templates/`,
    headers: { authorization: `Bearer ${token}` },
    metadata: { filename: name, sha256: sha256Of(BYTES) },
    chunkSize: CHUNK,
    retryDelays: [0, 100, 500],
    ...more,
  };
}

/** Where a client keeps what it has begun. */
function storage(): UrlStorage {
  const kept = new Map<string, PreviousUpload>();
  return {
    findAllUploads: async () => [...kept.values()],
    findUploadsByFingerprint: async (print) => [...kept.values()].filter((one) => one.urlStorageKey === print),
    removeUpload: async (key) => void kept.delete(key),
    addUpload: async (print, upload) => {
      kept.set(print, { ...upload, urlStorageKey: print });
      return print;
    },
  };
}

/** The methods that were asked, in their order, with the offset of each piece. */
function listener() {
  const asked: string[] = [];
  const onBeforeRequest = (request: HttpRequest): void => {
    const offset = request.getHeader('Upload-Offset');
    asked.push(offset === undefined ? request.getMethod() : `${request.getMethod()} ${offset}`);
  };
  return { asked, onBeforeRequest };
}

/** Sends it to its end; rejects with what the client was told. */
function send(start: (end: Pick<UploadOptions, 'onSuccess' | 'onError'>) => Upload): Promise<Upload> {
  const { promise, resolve, reject } = Promise.withResolvers<Upload>();
  const upload = start({ onSuccess: () => resolve(upload), onError: reject });
  upload.start();
  return promise;
}

test('an upload whose connection breaks goes on where the server stands', async () => {
  const relay = await startCuttingRelay(appliance.running.httpPort, [1_000_000, 2_000_000]);
  const { asked, onBeforeRequest } = listener();
  const more = { endpoint: `${relay.origin}/templates/`, onBeforeRequest };
  await send((end) => new Upload(BYTES, options('cut.qcow2', { ...more, ...end })));
  expect([relay.cuts(), asked.filter((one) => one === 'HEAD').length, asked[0]]).toEqual([2, 2, 'POST']);
  // Nothing that arrived is sent again.
  const offsets = asked.flatMap((one) => (one.startsWith('PATCH') ? [Number(one.slice(6))] : []));
  expect(offsets).toEqual(offsets.toSorted((one, other) => one - other));
  expect(staged('cut.qcow2').equals(BYTES)).toBe(true);
  await relay.close();
});

test('an upload that was left is found again and ended', async () => {
  const urlStorage = storage();
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const first = new Upload(BYTES, {
    ...options('left.qcow2', { urlStorage }),
    onChunkComplete: (_size, accepted) => {
      if (accepted >= 2 * CHUNK) void first.abort().then(resolve);
    },
  });
  first.start();
  await left;

  const { asked, onBeforeRequest } = listener();
  const second = new Upload(BYTES, options('left.qcow2', { urlStorage, onBeforeRequest }));
  const [previous] = await second.findPreviousUploads();
  if (previous === undefined) throw new Error('nothing was left');
  second.resumeFromPreviousUpload(previous);
  await send((end) => Object.assign(second, { options: { ...second.options, ...end } }));
  expect(asked.slice(0, 2)).toEqual(['HEAD', expect.stringMatching(/^PATCH (?!0$)/)]);
  expect(asked).not.toContain('POST');
  expect(staged('left.qcow2').equals(BYTES)).toBe(true);
});

test.each<[string, number, UploadOptions]>([
  [
    'a piece whose checksum is another’s',
    460,
    {
      metadata: { filename: 'piece.qcow2' },
      onBeforeRequest: (request) => {
        if (request.getMethod() === 'PATCH') request.setHeader('Upload-Checksum', `sha1 ${'A'.repeat(27)}=`);
      },
    },
  ],
  ['a file whose checksum is another’s', 422, { metadata: { filename: 'wrong.qcow2', sha256: 'a'.repeat(64) } }],
  ['a name that climbs', 400, { metadata: { filename: '../wrong.qcow2' } }],
  ['nobody’s token', 401, { headers: { authorization: 'Bearer nobody' } }],
])('%s is refused with %i', async (_what, status, wrong) => {
  const whole = options('nothing.qcow2', { ...wrong, retryDelays: [] });
  const refused = await send((end) => new Upload(BYTES, { ...whole, ...end })).then(
    () => undefined,
    (error: DetailedError) => error.originalResponse?.getStatus(),
  );
  expect(refused).toBe(status);
  expect(() => staged(whole.metadata?.['filename'] ?? '')).toThrow('ENOENT');
});
