// What happened by itself, from every place where it is kept: hosts' histories, the log of syncs, jobs, the site file's versions, notices.

import { setImmediate as breathe } from 'node:timers/promises';
import { treeOfContentName } from '../../mirror/content/layout.ts';
import type { SyncHappened } from '../../mirror/sync/log/store.ts';
import type { HappeningQuery as ApiQuery } from '../api/resources/happenings.ts';
import { numberedPlace, parsePlace } from '../happenings/happening.ts';
import type { Notices } from '../happenings/notices.ts';
import { rogueHeard } from '../happenings/notices.ts';
import type { HappeningPage, Source } from '../happenings/page.ts';
import { readPage, sourceOf } from '../happenings/page.ts';
import type { SyncLine } from '../happenings/words.ts';
import { hostHappening, jobHappenings, LETTERS, siteChanged, syncBegun, syncEnded } from '../happenings/words.ts';
import type { JobDesk } from '../jobs/desk.ts';
import { openSiteHistory } from '../site/history/store.ts';
import { versionWords } from '../site/history/version.ts';
import type { House } from './house.ts';
import { dataPaths } from './house.ts';
import { recently } from './recently.ts';
import { settleSyncs } from './sync-jobs.ts';
import type { Transcript } from './transcript.ts';

/** What is kept in memory; without an appliance nobody noticed anything. */
export type Remembered = { readonly jobs: Pick<JobDesk, 'list'>; readonly notices?: Notices | undefined };

/** Answers the happenings that are asked for, in pages. */
export function openHappenings(house: House, remembered: Remembered): (query: ApiQuery) => Promise<HappeningPage> {
  const sources = sourcesOf(house, remembered);
  return async ({ cursor, ...query }) => {
    await settleSyncs(house);
    const from = cursor === undefined ? undefined : parsePlace(cursor);
    return readPage(sources, { ...query, from }, { breathe });
  };
}

function sourcesOf(house: House, { jobs, notices }: Remembered): readonly Source[] {
  return [
    {
      kind: 'host',
      read: (from, most) => house.hosts.happened(numberedPlace(LETTERS.host, from), most).map(hostHappening),
    },
    {
      kind: 'sync',
      read: (from, most) =>
        house.syncs
          .happened('startedAt', numberedPlace(LETTERS.syncBegun, from), most)
          .map((sync) => syncBegun(lineOf(sync))),
    },
    {
      kind: 'sync',
      read: (from, most) =>
        house.syncs
          .happened('endedAt', numberedPlace(LETTERS.syncEnded, from), most)
          .map((sync) => syncEnded(lineOf(sync))),
    },
    sourceOf('job', () => jobs.list().flatMap(jobHappenings)),
    sourceOf('site', siteVersionsOf(house)),
    ...(['site', 'dhcp'] as const).map((kind) =>
      sourceOf(kind, () => notices?.list().filter((one) => one.kind === kind) ?? []),
    ),
  ];
}

function lineOf({ repo, ...sync }: SyncHappened): SyncLine {
  const tree = treeOfContentName(repo);
  return { ...sync, about: tree === undefined ? { repo } : { tree } };
}

/** Each of some hundred versions is a file: they are read once for who asks at the same time. */
function siteVersionsOf({ settings, now }: House) {
  const history = openSiteHistory(dataPaths(settings.dataDirectory).siteHistory);
  return recently(now, async () =>
    (await history.versions()).map((version) => siteChanged(version, versionWords(version))),
  );
}

/** The transcript, which notes other servers that are heard. */
export function noticeRogues(transcript: Transcript, notices: Notices): Transcript {
  const { rogues } = transcript;
  return {
    ...transcript,
    rogues: {
      ...rogues,
      add: (rogue) => {
        notices.add(rogueHeard(rogue));
        rogues.add(rogue);
      },
    },
  };
}
