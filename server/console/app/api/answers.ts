// What the page says of an answer that was no success. Pure.

import type { Answer } from './fetcher.ts';

/** In words, with what to do about it; undefined where it went well. */
export function complaintOf(answer: Answer<unknown>): string | undefined {
  switch (answer.kind) {
    case 'ok':
    case 'unchanged':
      return undefined;
    case 'unreachable':
      return 'The appliance does not answer. Nothing is known of what became of it; try again when it does.';
    case 'refused':
      return [answer.detail, answer.remedy].filter((part) => part !== undefined).join(' — ');
  }
}
