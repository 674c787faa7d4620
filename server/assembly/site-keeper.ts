// The site file as somebody with an editor leaves it, kept as a version: one after the other, and never in the way of serving it.

import type { Log } from '../log.ts';
import { messageOf } from '../malformed.ts';
import type { Settings } from '../settings.ts';
import { ON_DISK } from '../site/history/version.ts';
import { keepSite } from '../site/rewrite/store.ts';
import { siteEdit } from './enrolment.ts';

export type SiteKeeper = {
  /** The file holds this text, which is right. */
  readonly keep: (text: string) => void;
  /** Waits for what is being kept. */
  readonly close: () => Promise<void>;
};

/** Keeps what it is told of. What programs saved is kept already, and found to be. */
export function openSiteKeeper(settings: Settings, log: Log): SiteKeeper {
  const edit = siteEdit(settings, ON_DISK);
  let last = Promise.resolve();
  return {
    keep: (text) => {
      last = last
        .then(() => keepSite(edit, text))
        .catch((error: unknown) => log.warn('site version cannot be kept', { error: messageOf(error) }));
    },
    close: () => last,
  };
}
