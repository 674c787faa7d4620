// The address plan as a picture: for each network its cells in order, each with what it is and who has it. Pure.

import type { Discovered, PlanRow } from './api/types.ts';
import { countWords } from './words.ts';

export type CellState = 'free' | 'unused' | 'reserved' | 'dynamic' | 'host' | 'service' | 'conflict' | 'mixed';

/** One address, or a block of `size` of them where the network is large. */
export type Cell = {
  readonly first: string;
  readonly size: number;
  readonly state: CellState;
  /** Whose it is, in words: what the cell says when it is looked at. */
  readonly words: string;
  /** The range it lies in, and whether a host may be given this address. */
  readonly range: string | undefined;
  /** Which of the network's ranges that is, from 0. */
  readonly tone: number | undefined;
  readonly isOpen: boolean;
  /** The host that has it. */
  readonly host: string | undefined;
};

export type NetworkDrawing = {
  readonly name: string;
  readonly subnet: string;
  readonly words: string;
  readonly columns: number;
  readonly cells: readonly Cell[];
  readonly ranges: readonly { readonly name: string; readonly words: string }[];
  readonly notes: readonly string[];
};

type Row<K extends PlanRow['kind']> = Extract<PlanRow, { kind: K }>;
type Bounds = { readonly from: number; readonly to: number };

export const COLUMNS = 16;
/** More cells are no picture any more, and slow. */
const MOST_CELLS = 1024;

/** The networks of a plan. `strangers` are machines that asked and are in no site. */
export function drawPlan(
  rows: readonly PlanRow[],
  strangers: readonly Pick<Discovered, 'mac' | 'address'>[] = [],
): readonly NetworkDrawing[] {
  return rows.filter((row) => row.kind === 'network').map((row) => drawNetwork(row, { rows, strangers }));
}

type Given = { readonly rows: readonly PlanRow[]; readonly strangers: readonly Pick<Discovered, 'mac' | 'address'>[] };

function drawNetwork(network: Row<'network'>, { rows, strangers }: Given): NetworkDrawing {
  const bounds = boundsOf(network.subnet);
  const own = rows.filter((row) => row.network === network.network);
  const ranges = own.filter((row) => row.kind === 'range');
  const size = blockSize(bounds);
  const at = {
    size,
    bounds,
    ranges: ranges.map((range) => ({ range, from: toNumber(range.from), to: toNumber(range.to) })),
    people: peopleOf(own, strangers),
  };
  const count = Math.ceil((bounds.to - bounds.from + 1) / size);
  return {
    name: network.network,
    subnet: network.subnet,
    words: `${countWords(network.hosts, 'host')}, ${network.free} addresses of ${network.total} in no range and free`,
    columns: COLUMNS,
    cells: Array.from({ length: count }, (_, index) => cellAt(bounds.from + index * size, at)),
    ranges: ranges.map(({ name, use, from, to, free }) => ({
      name,
      words: `${use}, ${from} to ${to}${use === 'hosts' ? `, ${free} free` : ''}`,
    })),
    notes: own.filter((row) => row.kind === 'note').map(({ message }) => message),
  };
}

type Person = { readonly use: Row<'address'>['use'] | 'stranger' | 'note'; readonly name: string };
type Sheet = {
  readonly size: number;
  readonly bounds: Bounds;
  readonly ranges: readonly (Bounds & { readonly range: Row<'range'> })[];
  readonly people: ReadonlyMap<number, readonly Person[]>;
};

function peopleOf(own: readonly PlanRow[], strangers: Given['strangers']): Sheet['people'] {
  const people = new Map<number, Person[]>();
  const add = (address: string, person: Person): void => {
    const at = toNumber(address);
    people.set(at, [...(people.get(at) ?? []), person]);
  };
  for (const row of own) {
    if (row.kind === 'address') add(row.address, { use: row.use, name: row.name });
    if (row.kind === 'note') add(row.address, { use: 'note', name: row.message });
  }
  for (const { mac, address } of strangers) if (address !== undefined) add(address, { use: 'stranger', name: mac });
  return people;
}

function cellAt(first: number, sheet: Sheet): Cell {
  return sheet.size === 1 ? addressCell(first, sheet) : blockCell(first, sheet);
}

function addressCell(at: number, { bounds, ranges, people }: Sheet): Cell {
  const range = ranges.find(({ from, to }) => at >= from && at <= to)?.range;
  const persons = people.get(at) ?? [];
  const isEdge = at === bounds.from || at === bounds.to;
  const state = stateOf(persons, isEdge, range?.use);
  const isOpen = state === 'free' || state === 'unused';
  const host = persons.find(({ use }) => use === 'host')?.name;
  const who = persons.map(({ use, name }) => PERSON_WORDS[use](name)).join('; ');
  const where = range === undefined ? '' : `, range ${range.name} (${range.use})`;
  const what = who === '' ? (isEdge ? 'the network itself' : FREE_WORDS[state]) : who;
  return {
    first: toText(at),
    size: 1,
    state,
    words: `${toText(at)}: ${what}${where}`,
    range: range?.name,
    tone: toneOf(ranges, range),
    isOpen,
    host,
  };
}

const PERSON_WORDS: Readonly<Record<Person['use'], (name: string) => string>> = {
  host: (name) => `host ${name}`,
  gateway: () => 'gateway',
  dns: () => 'name server',
  appliance: () => 'this appliance',
  stranger: (mac) => `the machine ${mac}, which is in no site, asked from here`,
  note: (message) => message,
};

const FREE_WORDS: Readonly<Record<CellState, string>> = {
  free: 'free for a host',
  unused: 'free, in no range',
  reserved: 'kept for what the range is for',
  dynamic: 'given to machines that are in no site',
  host: '',
  service: '',
  conflict: '',
  mixed: '',
};

function stateOf(persons: readonly Person[], isEdge: boolean, use: string | undefined): CellState {
  const uses = new Set(persons.map((person) => person.use));
  const hosts = persons.filter((person) => person.use === 'host').length;
  if (
    hosts > 1 ||
    (hosts === 1 && ['stranger', 'note', 'appliance', 'gateway'].some((other) => uses.has(other as Person['use'])))
  )
    return 'conflict';
  if (hosts === 1) return 'host';
  if (uses.has('gateway') || uses.has('dns') || uses.has('appliance')) return 'service';
  if (isEdge) return 'reserved';
  if (use === undefined) return 'unused';
  if (use === 'hosts') return 'free';
  return use === 'dynamic' ? 'dynamic' : 'reserved';
}

/** A block says what its addresses are together: one state where all agree. Ranges are weighed, never walked. */
function blockCell(first: number, sheet: Sheet): Cell {
  const last = Math.min(first + sheet.size - 1, sheet.bounds.to);
  const inside: Person[] = [];
  for (let at = first; at <= last && sheet.size <= 4096; at += 1) inside.push(...(sheet.people.get(at) ?? []));
  const persons = sheet.size <= 4096 ? inside : peopleBetween(sheet, first, last);
  const hosts = persons.filter(({ use }) => use === 'host').length;
  const touched = sheet.ranges.filter(({ from, to }) => from <= last && to >= first);
  const names = touched.map(({ range }) => `${range.name} (${range.use})`).join(', ');
  const words = `${toText(first)} to ${toText(last)}: ${countWords(hosts, 'host')}${names === '' ? ', in no range' : `, ${names}`}`;
  const [only] = touched;
  const state = hosts > 0 ? 'mixed' : touched.length > 1 ? 'mixed' : stateOf([], false, only?.range.use);
  return {
    first: toText(first),
    size: last - first + 1,
    state,
    words,
    range: only?.range.name,
    tone: toneOf(sheet.ranges, only?.range),
    isOpen: false,
    host: undefined,
  };
}

function toneOf(ranges: Sheet['ranges'], range: Row<'range'> | undefined): number | undefined {
  return range === undefined ? undefined : ranges.findIndex((one) => one.range === range);
}

function peopleBetween({ people }: Sheet, first: number, last: number): readonly Person[] {
  return [...people].filter(([at]) => at >= first && at <= last).flatMap(([, persons]) => persons);
}

/** A power of two, so that blocks are subnets themselves. */
function blockSize({ from, to }: Bounds): number {
  let size = 1;
  while ((to - from + 1) / size > MOST_CELLS) size *= 2;
  return size;
}

/** `192.168.168.0/24` → its first and last address, as numbers. */
function boundsOf(subnet: string): Bounds {
  const [address = '', length = '32'] = subnet.split('/');
  const size = 2 ** (32 - Number(length));
  const from = Math.floor(toNumber(address) / size) * size;
  return { from, to: from + size - 1 };
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
