// What metadata made here is made with: packages of the open house's pool, createrepo_c where this system has it.

import { join } from 'node:path';
import { findCreaterepo } from '../../mirror/metadata/createrepo/store.ts';
import type { DocumentPlaces } from '../../mirror/metadata/store.ts';
import { openPackages, saveDocuments } from '../../mirror/metadata/store.ts';
import type { OpenMetadata } from '../../mirror/sync/edges.ts';
import type { House } from './house.ts';

/** Opens it for a sync of `repo`: what is gathered on the way lies in the sync's own staging area, and goes with it. */
export function metadataFor(house: House, repo: string): OpenMetadata {
  const { dataDirectory } = house.settings;
  const pool = join(dataDirectory, 'pool');
  const scratch = join(dataDirectory, 'staging', repo, 'documents');
  return async ({ staging, breathe, signal }) => {
    const places: DocumentPlaces = {
      scratch,
      sizeOf: (sha256) => house.pool.sizeOf(sha256),
      openPart: (checksum) => staging.openPart(checksum),
    };
    const path = process.env['PATH'] ?? '';
    const createrepo = await findCreaterepo({ path, scratch, fileOf: (sha256) => join(pool, sha256) });
    return { open: openPackages({ pool }), save: saveDocuments(places), breathe, signal, createrepo };
  };
}
