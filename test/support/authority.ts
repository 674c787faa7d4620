// Certificate authorities and servers' certificates, made by openssl when a test runs.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type KeyPair = { readonly key: string; readonly cert: string };

/** `names` as in subjectAltName: `DNS:localhost,IP:127.0.0.1`. */
export type CertificateWish = { readonly names: string; readonly expired?: true };

export type Authority = {
  /** Its own certificate, in PEM form. */
  readonly pem: Buffer;
  certify(wish: CertificateWish): Promise<KeyPair>;
  close(): Promise<void>;
};

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority of its own: what it certifies is believed only by those who name it. */
export async function makeAuthority(): Promise<Authority> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-ca-'));
  const openssl = (...args: readonly string[]) => run('openssl', args, { cwd: directory });
  await openssl(
    'req',
    '-x509',
    ...EC,
    '-days',
    '2',
    '-subj',
    '/CN=Test Authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  let made = 0;
  return {
    pem: await readFile(join(directory, 'ca.pem')),
    close: () => rm(directory, { recursive: true, force: true }),
    certify: async ({ names, expired }) => {
      made += 1;
      const [key, request, cert, extensions] = [`${made}.key`, `${made}.csr`, `${made}.pem`, `${made}.ext`];
      await writeFile(join(directory, extensions), `subjectAltName=${names}\n`);
      await openssl('req', ...EC, '-subj', '/CN=Test Server', '-keyout', key, '-out', request);
      const validity = ['-days', expired === true ? '-1' : '2'];
      const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', extensions];
      await openssl('x509', '-req', '-in', request, ...signing, ...validity, '-out', cert);
      const read = (name: string): Promise<string> => readFile(join(directory, name), 'utf8');
      return { key: await read(key), cert: await read(cert) };
    },
  };
}
