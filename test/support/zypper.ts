// The real zypper as a client. Debian's dnf plugins refuse to be installed beside it, so it is unpacked with its libraries and run from there.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackedPackages } from './debian.ts';
import { run } from './lab-run.ts';

export type ZypperClient = {
  /** Adds a repository by its URL and reads its metadata. */
  readonly addRepo: (name: string, url: string) => Promise<void>;
  /** The repository's packages, `NAME-VERSION-RELEASE.ARCH` each. */
  readonly packages: () => Promise<readonly string[]>;
  /** Fetches packages by name into a directory below its root; answers that. */
  readonly download: (names: readonly string[]) => Promise<string>;
};

/** zypper, and those of its libraries that come with no other program of the tests. */
const PACKAGES = [
  ...['zypper', 'zypper-common', 'libzypp1722', 'libsolv1', 'libsolvext1', 'libsolv-tools', 'libaugeas0'],
  ...['libyaml-cpp0.7', 'libproxy1v5', 'libboost-thread1.74.0', 'libsigc++-2.0-0v5', 'libgpgme11', 'libassuan0'],
];

/** Asking apt for that many versions takes longer than zypper does. */
let unpacking: Promise<string> | undefined;

/** A zypper that keeps everything below `directory`. */
export async function zypperClient(directory: string): Promise<ZypperClient> {
  const unpacked = await (unpacking ??= unpackedPackages(PACKAGES));
  const root = join(directory, 'zypper');
  await mkdir(root);
  const env = {
    HOME: directory,
    LC_ALL: 'C',
    LD_LIBRARY_PATH: join(unpacked, 'usr/lib/x86_64-linux-gnu'),
    PATH: `${join(unpacked, 'usr/bin')}:${process.env['PATH'] ?? ''}`,
  };
  const fixed = [join(unpacked, 'usr/bin/zypper'), '--non-interactive', '--no-gpg-checks', '--root', root];
  const zypper = (...args: readonly string[]): Promise<string> => run([...fixed, ...args], { env });
  return {
    addRepo: async (name, url) => {
      await zypper('addrepo', '--no-gpgcheck', url, name);
      await zypper('refresh', name);
    },
    packages: async () => {
      const rows = (await zypper('packages')).split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
      return rows
        .slice(2)
        .flatMap(([, , name, version, arch]) =>
          arch === undefined || name === 'Name' ? [] : `${name}-${version}.${arch}`,
        );
    },
    download: async (names) => {
      await zypper('download', ...names);
      return join(root, 'var/cache/zypp/packages');
    },
  };
}
