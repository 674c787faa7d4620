// Groups and environments of comps.xml, read as a stream and merged over repositories. Running: uncompressed chunks in.

import { Malformed } from '../../server/malformed.ts';
import { feed } from '../closure/dependencies.ts';
import { readXml } from '../rpm/xml.ts';

export type MemberType = 'mandatory' | 'default' | 'optional' | 'conditional';

export type GroupMember = {
  readonly name: string;
  readonly type: MemberType;
  /** A conditional member comes where this is installed. */
  readonly requires: string | undefined;
  /** Only of the machine's own architecture. */
  readonly basearchOnly: boolean;
};

export type Group = { readonly id: string; readonly name: string; readonly members: readonly GroupMember[] };
/** `groups` are installed with it; `optional` ones are for the asking. */
export type Environment = {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly optional: readonly string[];
};
export type Comps = { readonly groups: readonly Group[]; readonly environments: readonly Environment[] };

export type CompsReading = { readonly where: string; readonly breathe: () => Promise<void> };

type Draft = {
  id: string;
  name: string;
  readonly members: GroupMember[];
  readonly groups: string[];
  readonly optional: string[];
};

const TYPES: readonly MemberType[] = ['mandatory', 'default', 'optional', 'conditional'];
/** Fedora's has some 200 groups of 3,000 members. */
const LIMIT_ENTRIES = 500_000;

/** Reads one comps.xml. Throws `Malformed`. */
export async function readComps(chunks: AsyncIterable<Uint8Array>, { where, breathe }: CompsReading): Promise<Comps> {
  const groups: Group[] = [];
  const environments: Environment[] = [];
  let draft = emptyDraft();
  let parent = '';
  let attributes: Readonly<Record<string, string>> = {};
  let entries = 0;
  const reader = readXml(
    {
      open: (tag, given, depth) => {
        if (depth === 1 && tag !== 'comps') throw new Malformed(`the root is <${tag}>`, where);
        if (depth === 2) draft = emptyDraft();
        if (depth === 3) parent = tag;
        attributes = given;
      },
      close: (tag, text, depth) => {
        if (depth === 3) addText(draft, { tag, text: text.trim(), attributes });
        if (depth === 4) {
          entries += 1;
          if (entries > LIMIT_ENTRIES) throw new Malformed('too many members', where);
          addEntry(draft, `${parent}/${tag}`, { text: text.trim(), attributes });
        }
        if (depth !== 2 || draft.id === '') return;
        const { id, name, members, optional } = draft;
        if (tag === 'group') groups.push({ id, name, members });
        if (tag === 'environment') environments.push({ id, name, groups: draft.groups, optional });
      },
    },
    where,
    'named',
  );
  await feed(chunks, reader, breathe);
  return { groups, environments };
}

/** All as one: what has the same id is one thing, of which the later says the name and adds what it holds. */
export function mergeComps(all: readonly Comps[]): Comps {
  const groups = new Map<string, Group>();
  const environments = new Map<string, Environment>();
  for (const comps of all) {
    for (const group of comps.groups) groups.set(group.id, mergeGroups(groups.get(group.id), group));
    for (const one of comps.environments) environments.set(one.id, mergeEnvironments(environments.get(one.id), one));
  }
  return { groups: [...groups.values()], environments: [...environments.values()] };
}

function mergeGroups(before: Group | undefined, group: Group): Group {
  if (before === undefined) return group;
  const members = new Map([...before.members, ...group.members].map((member) => [member.name, member]));
  return { ...group, members: [...members.values()] };
}

function mergeEnvironments(before: Environment | undefined, one: Environment): Environment {
  if (before === undefined) return one;
  const groups = [...new Set([...before.groups, ...one.groups])];
  return { ...one, groups, optional: [...new Set([...before.optional, ...one.optional])] };
}

type Element = { readonly text: string; readonly attributes: Readonly<Record<string, string>> };

/** Translated names carry a language. */
function addText(draft: Draft, { tag, text, attributes }: Element & { readonly tag: string }): void {
  if (tag === 'id') draft.id = text;
  if (tag === 'name' && attributes['xml:lang'] === undefined) draft.name = text;
}

function addEntry(draft: Draft, path: string, { text, attributes }: Element): void {
  if (text === '') return;
  if (path === 'grouplist/groupid') draft.groups.push(text);
  if (path === 'optionlist/groupid') draft.optional.push(text);
  if (path !== 'packagelist/packagereq') return;
  const type = TYPES.find((known) => known === attributes['type']) ?? 'mandatory';
  const requires = attributes['requires'] === '' ? undefined : attributes['requires'];
  draft.members.push({ name: text, type, requires, basearchOnly: attributes['basearchonly'] === 'true' });
}

function emptyDraft(): Draft {
  return { id: '', name: '', members: [], groups: [], optional: [] };
}
