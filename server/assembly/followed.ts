// What installers and boot clients fetch over HTTP, as stages of a boot: names and outcomes in, stages out.

import type { MacAddress } from '../address.ts';
import type { Served } from '../../mirror/content/routes.ts';
import type { FilePlace } from '../../mirror/content/place.ts';
import type { BootHandlerParts } from '../boot/routes.ts';
import { isNo } from '../malformed.ts';
import type { Stage } from '../stages.ts';
import { fileStage, sendingStage, shown } from './file-stages.ts';
import type { Transcript } from './transcript.ts';

type HttpFollower = Pick<BootHandlerParts<FilePlace>, 'onStarted' | 'onAsked'>;

/** Notes each answer of the boot namespace over HTTP. */
export function followBoot({ note }: Transcript): HttpFollower {
  const http = { via: 'http', asked: '', granted: '' } as const;
  return {
    onStarted: ({ name, address, found }) => {
      const stage = sendingStage(found, { ...http, name });
      if (stage !== undefined) note({ mac: undefined, address }, stage);
    },
    onAsked: ({ name, address, found, sent, durationMs }) => {
      const outcome = isNo(found.body) ? 'not-found' : sent.complete ? 'sent' : 'closed';
      const reason = isNo(found.body) ? found.body.reason : '';
      note(
        { mac: undefined, address },
        fileStage(found, { ...http, name, outcome, bytes: sent.bytes, durationMs, reason }),
      );
    },
  };
}

/** Notes what machines that were seen booting fetch of trees and repos; ordinary clients of the mirror are none of the doctor's. */
export function followContent({ machines, note }: Transcript, onPackage: OnPackage): (served: Served) => void {
  return ({ method, path, remote, status, bytes, complete }) => {
    const seen = remote === undefined ? undefined : machines.at(remote);
    if (method !== 'GET' || remote === undefined || seen?.mac === undefined) return;
    // An install lasts longer than a machine that is silent is remembered.
    machines.heardOf(remote);
    const outcome = status >= 400 ? 'not-found' : complete ? 'sent' : 'broken-off';
    const stage: Stage = { kind: 'content', what: contentKind(path), name: shown(path), outcome, count: 1, bytes };
    note({ mac: seen.mac, address: remote }, stage);
    if (stage.what === 'package' && outcome === 'sent') onPackage(seen.mac, { name: packageName(path), bytes });
  };
}

/** Told of each package that a machine was sent: the name of its file, without `.rpm`. */
type OnPackage = (mac: MacAddress, one: { readonly name: string; readonly bytes: number }) => void;

function packageName(path: string): string {
  return shown((path.split('/').at(-1) ?? '').replace(/\.rpm$/, ''));
}

type ContentKind = Extract<Stage, { kind: 'content' }>['what'];

function contentKind(path: string): ContentKind {
  if (/\/\.?treeinfo$/.test(path)) return 'treeinfo';
  // XenServer up to 6.5 has archives beside packages, and lists of its own (XS-REPOSITORY, XS-PACKAGES).
  if (path.endsWith('.rpm') || /\/packages\.[a-z]+\/[^/]+\.(?:tar\.bz2|tbz2)$/.test(path)) return 'package';
  if (/\/XS-[A-Z-]+$/.test(path)) return 'metadata';
  if (path.includes('/repodata/')) return 'metadata';
  return /\/(?:install|squashfs)\.img$/.test(path) ? 'stage2' : 'other';
}
