// Entity tags of answers, and what requests say of them: If-Match, If-None-Match (RFC 9110 §8.8.3, §13.1). Pure.

import { createHash } from 'node:crypto';

/** The tags of a header as they are written, `"x"` or `W/"x"`; `*` is whatever there is. */
export type TagCondition = '*' | readonly string[];

/** The body of an answer, and with it the state that a change is made from. */
export function bodyText(value: unknown): string {
  return JSON.stringify(value ?? null);
}

/** The strong tag of a body, without its quotes: equal where every byte is. */
export function tagOf(body: string): string {
  return createHash('sha256').update(body).digest('base64url');
}

/** Reads a list of tags; undefined for what is none. */
export function readTags(header: string): TagCondition | undefined {
  if (header.trim() === '*') return '*';
  const tag = /\s*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)/y;
  const tags: string[] = [];
  while (tag.lastIndex < header.length) {
    const found = tag.exec(header)?.[1];
    if (found === undefined) return undefined;
    tags.push(found);
  }
  return tags.length === 0 ? undefined : tags;
}

/** For If-Match: is `tag` (without quotes) among them, and no weak one (§13.1.1)? */
export function hasTag(condition: TagCondition, tag: string): boolean {
  return condition === '*' || condition.includes(`"${tag}"`);
}

/** For If-None-Match: weak ones count as well (§13.1.2). */
export function hasTagWeakly(condition: TagCondition, tag: string): boolean {
  return hasTag(condition, tag) || condition.includes(`W/"${tag}"`);
}
