// Texts that occur again and again, kept once and known by number. Pure but for its own table.

import { Malformed } from '../../server/malformed.ts';

export type Words = {
  /** The number of `text`, a new one where it is new. Throws `Malformed` where the table would grow out of bounds. */
  idOf(text: string): number;
  /** The number of `text`, where it has one. */
  find(text: string): number | undefined;
  textOf(id: number): string;
  /** How many there are; all numbers are below it. */
  count(): number;
};

/** Far more than the largest distribution's names, versions and paths. */
const LIMIT_CHARACTERS = 256 * 1024 * 1024;
/** From this length on V8 makes a part of a text a view of the whole, which then stays for as long as the part. */
const SLICED_LENGTH = 13;
/** A map of a million texts takes a quarter of a second to grow, in which nothing else has its turn: many small ones do not. */
const SHARDS = 256;

/** `text` without what it is a part of: a name of 30 letters is not to keep 64 KiB of a document. */
export function ownText(text: string): string {
  return text.length < SLICED_LENGTH ? text : Buffer.from(text).toString();
}

/** An empty table. */
export function keepWords(): Words {
  const shards = Array.from({ length: SHARDS }, () => new Map<string, number>());
  const texts: string[] = [];
  let characters = 0;
  const shardOf = (text: string): Map<string, number> => shards[mixed(text) % SHARDS] ?? new Map();
  return {
    idOf: (text) => {
      const shard = shardOf(text);
      const known = shard.get(text);
      if (known !== undefined) return known;
      characters += text.length;
      if (characters > LIMIT_CHARACTERS) throw new Malformed('more text than any repository has', 'primary.xml');
      const own = ownText(text);
      texts.push(own);
      shard.set(own, texts.length - 1);
      return texts.length - 1;
    },
    find: (text) => shardOf(text).get(text),
    textOf: (id) => texts[id] ?? '',
    count: () => texts.length,
  };
}

/** Every third letter spreads names well enough. */
function mixed(text: string): number {
  const { length } = text;
  let mix = length;
  for (let at = 0; at < length; at += 3) mix = (mix * 31 + text.charCodeAt(at)) & 0xff_ff_ff;
  return mix;
}
