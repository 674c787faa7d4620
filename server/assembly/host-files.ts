// The operator's files that hypervisors install at their first boot: a licence, supplemental packs. Sought where media are.

import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { HypervisorOptions } from '../hypervisor.ts';
import type { HostFile } from '../hosts/files/routes.ts';
import type { No } from '../malformed.ts';
import { codeOf, isNo, no } from '../malformed.ts';
import type { House } from './house.ts';
import { dataPaths } from './house.ts';
import { armedInstall } from './instructions.ts';

/** The file that the armed `host` is told of as `name` (`license`, `pack-1`), or why there is none. */
export async function hostFile(house: House, host: string, name: string): Promise<HostFile | No> {
  const install = await armedInstall(house, host);
  if (isNo(install)) return install;
  const found = namedFiles(install.xenserver).find((file) => file.name === name);
  if (found === undefined) return no(`${host} is told of no such file`);
  return findFile(house, found.path);
}

/** The first file that `options` names and that is not there; undefined where all are. */
export async function missingFile(house: House, options: HypervisorOptions | undefined): Promise<No | undefined> {
  for (const { path } of namedFiles(options)) {
    const found = await findFile(house, path);
    if (isNo(found)) return found;
  }
  return undefined;
}

type NamedFile = { readonly name: string; readonly path: string };

function namedFiles(options: HypervisorOptions | undefined): readonly NamedFile[] {
  const { license, packs = [] } = options ?? {};
  return [
    ...(license === undefined ? [] : [{ name: 'license', path: license }]),
    ...packs.map((path, index) => ({ name: `pack-${index + 1}`, path })),
  ];
}

/** As written when complete; else below DATA/media, then beside the site file. */
async function findFile({ settings }: House, path: string): Promise<HostFile | No> {
  const { media } = dataPaths(settings.dataDirectory);
  const candidates = isAbsolute(path) ? [path] : [join(media, path), join(dirname(settings.siteFile), path)];
  for (const candidate of candidates) {
    if (await isFile(candidate)) return { kind: 'host-file', path: candidate };
  }
  return no(`there is no file ${JSON.stringify(path.slice(0, 200))}`, `put it into ${media}, or correct its name`);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}
