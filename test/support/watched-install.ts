// What the page of a host shows while its machine installs, written down by the page itself: nothing it shows in between is missed.

import type { Page } from 'playwright-core';

/** What was shown at once: the host's phase, and the percent of its install where there is one. */
export type Shown = { readonly phase: string; readonly percent: number | undefined };

export type InstallWatch = {
  /** Everything that was shown so far, each once, in its order. Throws where the page was loaded anew meanwhile. */
  readonly shown: () => Promise<readonly Shown[]>;
};

const STATE = 'main section.card';

/** Begins to write down what the page of a host shows. */
export async function watchInstall(page: Page): Promise<InstallWatch> {
  await page.evaluate(`
    const seen = (globalThis.seenOfInstall = []);
    const look = () => {
      const phase = document.querySelector('${STATE} .badge')?.textContent;
      const percent = document.querySelector('${STATE} progress')?.value;
      const last = seen.at(-1);
      if (phase && (last?.phase !== phase || last.percent !== percent)) seen.push({ phase, percent });
    };
    look();
    new MutationObserver(look).observe(document.body, {
      subtree: true, childList: true, characterData: true, attributes: true,
    });
  `);
  return {
    shown: async () => {
      const seen = await page.evaluate<readonly Shown[] | null>('globalThis.seenOfInstall ?? null');
      if (seen === null) throw new Error('the page was loaded anew');
      return seen;
    },
  };
}

/** The phases in their order, each named once where it was shown several times on end. */
export function phasesOf(shown: readonly Shown[]): readonly string[] {
  return shown.map(({ phase }) => phase).filter((phase, index, all) => phase !== all[index - 1]);
}

/** The percents that were shown, each once where it was shown several times on end. */
export function percentsOf(shown: readonly Shown[]): readonly number[] {
  return shown
    .flatMap(({ percent }) => (percent === undefined ? [] : [percent]))
    .filter((percent, index, all) => percent !== all[index - 1]);
}
