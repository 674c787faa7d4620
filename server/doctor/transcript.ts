// A machine's stages as lines a person reads: what happened, in words, with names, sizes, times and options. Pure.

import type { Stage, StageRecord } from '../stages.ts';
import { cutBoots } from './boots.ts';
import { sizeText } from '../size-text.ts';
import { countWords, firmwareWords, lengthWords, nameWords, timeWords } from './words.ts';

/** One line. `at` is ms since 1970; `boot` counts the boots shown, from 1. */
export type TranscriptLine = {
  readonly at: number;
  readonly boot: number;
  readonly what: string;
  readonly detail: string;
  readonly stage: Stage;
};

/** The lines of `records` (oldest first). */
export function transcriptOf(records: readonly StageRecord[]): readonly TranscriptLine[] {
  return cutBoots(records).flatMap((boot, index) =>
    boot.records.map(({ at, stage }) => ({ at, boot: index + 1, ...wordsOf(stage), stage })),
  );
}

type Words = { readonly what: string; readonly detail: string };

function wordsOf(stage: Stage): Words {
  switch (stage.kind) {
    case 'dhcp-asked':
      return {
        what: `DHCP asked${stage.port === 4011 ? ' (4011)' : ''}`,
        detail: joined(firmwareWords(stage.firmware), stage.type, nameWords(stage.vendorClass)),
      };
    case 'dhcp-answered':
      return { what: 'DHCP answered', detail: answerWords(stage) };
    case 'dhcp-foreign':
      return { what: 'DHCP elsewhere', detail: `it took the offer of ${stage.server}` };
    case 'file':
      return { what: `${stage.via.toUpperCase()} ${stage.role}`, detail: fileWords(stage) };
    case 'script':
      return {
        what: `${stage.loader} script`,
        detail: joined(stage.told === 'install' ? 'install' : 'boot your own disk', stage.reason),
      };
    case 'instructions':
      return { what: nameWords(stage.what), detail: joined(stage.outcome, stage.reason) };
    case 'content':
      return {
        what: `${stage.what}${stage.outcome === 'sent' ? '' : ` ${stage.outcome}`}`,
        detail: contentWords(stage),
      };
    case 'report':
      return { what: 'reported', detail: joined(stage.stage, stage.message) };
  }
}

function answerWords({ mode, address, file, reason }: Extract<Stage, { kind: 'dhcp-answered' }>): string {
  const boot = file === undefined ? `nothing to boot${reason === '' ? '' : `: ${reason}`}` : nameWords(file);
  return joined(boot, address === undefined ? '' : `address ${address}`, `as ${mode}`);
}

function fileWords(file: Extract<Stage, { kind: 'file' }>): string {
  const gave = file.gave === '' ? '' : ` → ${file.gave}`;
  const size =
    file.bytes === file.sizeBytes ? sizeText(file.bytes) : `${sizeText(file.bytes)} of ${sizeText(file.sizeBytes)}`;
  const how = file.sizeBytes === 0 ? file.outcome : `${file.outcome}, ${size} in ${lengthWords(file.durationMs)}`;
  const options =
    file.asked === '' ? '' : `asked ${file.asked}, granted ${file.granted === '' ? 'none' : file.granted}`;
  return joined(`${nameWords(file.name)}${gave}: ${how}`, options, file.reason);
}

function contentWords({ count, bytes, name, firstAt }: Extract<Stage, { kind: 'content' }>): string {
  if (count === 1) return joined(nameWords(name), sizeText(bytes));
  return joined(
    `${countWords(count)} files`,
    sizeText(bytes),
    `last ${nameWords(name)}`,
    firstAt === undefined ? '' : `since ${timeWords(firstAt)}`,
  );
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('; ');
}
