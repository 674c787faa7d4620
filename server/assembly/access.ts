// What a repo of the site names outside it (a password, authorities, OpenPGP keys), looked up for a sync. Nothing of it is logged.

import { open } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { KeyFile } from '../../mirror/openpgp/keyring.ts';
import type { UpstreamTarget } from '../../mirror/sync/upstream.ts';
import type { No } from '../malformed.ts';
import { codeOf, isNo, messageOf, no } from '../malformed.ts';
import type { Repo } from '../repo.ts';
import type { House } from './house.ts';
import { dataPaths } from './house.ts';

/** A bundle of all public authorities has 300 KiB; a release's keys have less. */
const LIMIT_FILE_BYTES = 8 * 1024 * 1024;

type Found = { readonly kind: 'file'; readonly bytes: Uint8Array };

/** How `repo`'s upstream is reached, or what is missing for it and what to do about that. */
export async function accessOf(
  house: House,
  repo: Repo,
): Promise<(UpstreamTarget & { readonly kind: Repo['upstreamKind'] }) | No> {
  const { upstream, upstreamKind: kind, access } = repo;
  const { proxy, connections, bytesPerSecond } = access;
  const ca = access.ca === undefined ? undefined : await findFile(house, access.ca);
  if (isNo(ca)) return no(`the ca of the repo ${repo.name}: ${ca.reason}`, ca.remedy);
  const login = access.login === undefined ? undefined : loginOf(house, access.login);
  if (isNo(login)) return no(`the login of the repo ${repo.name}: ${login.reason}`, login.remedy);
  return { upstream, kind, proxy, ca: ca?.bytes, login, connections, bytesPerSecond };
}

/** The files of keys that `repo` names, in their order, or which one is missing. */
export async function readKeys(
  house: House,
  repo: Repo,
): Promise<{ readonly kind: 'keys'; readonly files: readonly KeyFile[] } | No> {
  const files: KeyFile[] = [];
  for (const name of repo.trust.checks.length === 0 ? [] : repo.trust.keys) {
    const found = await findFile(house, name);
    if (isNo(found)) return no(`a key of the repo ${repo.name}: ${found.reason}`, found.remedy);
    files.push({ name, bytes: found.bytes });
  }
  if (repo.trust.checks.length === 0 || files.length > 0) return { kind: 'keys', files };
  return no(`the repo ${repo.name} asks for signatures and names no keys`, 'list the files of the keys under keys:');
}

function loginOf(
  { secrets }: House,
  { user, password }: NonNullable<Repo['access']['login']>,
): { readonly user: string; readonly password: string } | No {
  const text = secrets.read(password.secret);
  if (text !== undefined) return { user, password: text };
  return no(`the secret ${password.secret} is not set`, `kickstand secret set ${password.secret}`);
}

/** A relative name is sought in DATA/keys, then beside the site file. */
async function findFile({ settings }: House, name: string): Promise<Found | No> {
  const { keys } = dataPaths(settings.dataDirectory);
  const places = isAbsolute(name) ? [name] : [join(keys, name), join(dirname(settings.siteFile), name)];
  for (const place of places) {
    const found = await readIfThere(place);
    if (found !== undefined) return found;
  }
  return no(`${name} is not there`, isAbsolute(name) ? 'put it there' : `put it into ${keys}`);
}

async function readIfThere(path: string): Promise<Found | No | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > LIMIT_FILE_BYTES) return no(`${path} is larger than ${LIMIT_FILE_BYTES} bytes`, 'name the right file');
      return { kind: 'file', bytes: await file.readFile() };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    return no(`${path} cannot be read: ${messageOf(error)}`, 'let the appliance read it');
  }
}
