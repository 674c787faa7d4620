// The staging area for VM templates and ISOs over the data directory: its desk, its routes' functions, and the sweep of what expired.

import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { ContentFiles } from '../../mirror/content/cache/store.ts';
import { renderListing } from '../../mirror/content/listing.ts';
import { sendBytes, sendPlace } from '../../mirror/content/routes.ts';
import { mayAct } from '../accounts/rights.ts';
import { addressOf } from '../encrypted.ts';
import { isNo, messageOf, no } from '../malformed.ts';
import type { UploadDesk } from '../uploads/desk.ts';
import { openDesk } from '../uploads/desk.ts';
import type { UploadLimits } from '../uploads/limits.ts';
import { UPLOAD_LIMITS } from '../uploads/limits.ts';
import { openPartStore } from '../uploads/parts/store.ts';
import { registrationOf, urlOf } from '../uploads/register.ts';
import type { Sender, UploadEdges } from '../uploads/routes.ts';
import type { Lying, StagedStore } from '../uploads/store.ts';
import { openStagedStore } from '../uploads/store.ts';
import type { Appliance } from './appliance.ts';
import type { House } from './house.ts';

/** What staged files take of the house. */
export type StagingHouse = Pick<House, 'settings' | 'now' | 'random' | 'log'>;

export type Staging = { readonly edges: UploadEdges; close(): Promise<void> };

const SWEEP_MS = 3_600_000;

/** Where staged files lie. */
export function stagingDirectory({ settings }: Pick<House, 'settings'>): string {
  return join(settings.dataDirectory, 'templates');
}

/** The files that are served. */
export function stagedFiles(house: Pick<House, 'settings'>): StagedStore {
  return openStagedStore(stagingDirectory(house));
}

/** Uploads and additions; commands have one of their own, beside the appliance's. */
export function stagingDesk(house: StagingHouse, limits: UploadLimits = UPLOAD_LIMITS): UploadDesk {
  return openDesk({
    parts: openPartStore(join(stagingDirectory(house), '.uploads')),
    staged: stagedFiles(house),
    limits,
    now: house.now,
    newId: () => Buffer.from(house.random(12)).toString('hex'),
    log: house.log,
  });
}

/** Opens the staging area of an appliance, and sweeps it now and each hour. */
export async function openStaging(appliance: Appliance, files: ContentFiles): Promise<Staging> {
  const { house, accounts } = appliance;
  const desk = stagingDesk(house);
  const sweep = (when: 'start' | 'running'): Promise<void> =>
    desk.sweep(when).catch((error: unknown) => {
      house.log.warn('staged files could not be swept', { error: messageOf(error) });
    });
  await sweep('start');
  const timer = setInterval(() => void sweep('running'), SWEEP_MS).unref();
  return {
    edges: {
      desk,
      staged: stagedFiles(house),
      fileBytes: UPLOAD_LIMITS.fileBytes,
      senderOf: (request) => senderOf(appliance, request),
      sendFile: (request, response, lying) =>
        sendPlace(request, response, { place: placeOf(lying), name: lying.file.name, files }),
      sendText: (request, response, { text, contentType }) =>
        void sendBytes(request, response, { bytes: Buffer.from(text), contentType }),
      page: (all) =>
        renderListing(
          '/templates',
          all.map(({ file: { name, sizeBytes } }) => ({ kind: 'file', name, sizeBytes })),
          'none',
        ),
      note: (request, by, note) => {
        accounts.audit.note({
          at: house.now(),
          who: by.name,
          via: by.via,
          address: addressOf(request),
          ...note,
        });
      },
    },
    close: async () => {
      clearInterval(timer);
      await desk.close();
    },
  };
}

function senderOf({ accounts }: Appliance, request: IncomingMessage): Sender {
  const principal = accounts.identify(request);
  const nobody = { name: '', via: 'nobody' };
  if (isNo(principal)) return { kind: 'stranger', by: nobody, status: 403, why: principal };
  if (principal === undefined) {
    const why = no('this needs a login', 'send Authorization: Bearer with an API token of an operator');
    return { kind: 'stranger', by: nobody, status: 401, why };
  }
  const by = { name: principal.name, via: principal.via };
  if (mayAct(principal.role, 'operator')) return { kind: 'operator', by };
  const why = no(`this needs the role operator; ${principal.name} is ${principal.role}`, 'ask an admin');
  return { kind: 'stranger', by, status: 403, why };
}

function placeOf({ path, file: { sizeBytes }, modifiedMs }: Lying) {
  return { kind: 'file', file: path, extents: [{ offset: 0, length: sizeBytes }], sizeBytes, modifiedMs } as const;
}

/** A staged file as the API tells of it. */
export function stagedView(house: House, { file, state }: Lying) {
  const { upload: _, ...told } = file;
  return { ...told, state, url: urlOf(file.name, house.origin()) };
}

/** What the API's operations on staged files stand for. */
export function stagedOperations(house: House) {
  const staged = stagedFiles(house);
  const parts = openPartStore(join(stagingDirectory(house), '.uploads'));
  return {
    files: async () => (await staged.list()).map((lying) => stagedView(house, lying)),
    file: async (name: string) => {
      const lying = await staged.find(name);
      return isNo(lying) ? lying : stagedView(house, lying);
    },
    uploads: async () =>
      (await parts.list()).map(({ claim: { id, name, sizeBytes, by, createdAt }, offset, heardAt }) => {
        return { id, name, sizeBytes, offset, by, createdAt, heardAt, url: `/templates/uploads/${id}` };
      }),
    remove: async (name: string) =>
      (await staged.remove(name)) ? ({ kind: 'removed' } as const) : no(`there is no template or ISO ${name}`),
    register: async (name: string) => {
      const lying = await staged.find(name);
      return isNo(lying) ? lying : registrationOf(lying.file, house.origin());
    },
  };
}
