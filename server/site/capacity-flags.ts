// The flags of `site capacity`, and what is typed there → a sizing, or all that is wrong with it, each with its remedy. Pure.

import type { Fault } from './finding.ts';
import { quoted } from './finding.ts';
import type { Demand, Sizing } from './capacity.ts';

/** `bare`: the flag takes no value, and stands for this one. */
export type CapacityFlag = {
  readonly name: string;
  readonly value: string;
  readonly help: string;
  readonly bare?: string;
};

/** In the order of their help. */
export const capacityFlags: readonly CapacityFlag[] = [
  { name: 'people', value: 'N', help: 'how many people work on it' },
  { name: 'systems', value: 'N', help: 'systems of each person (default: 1)' },
  { name: 'vms', value: 'N', help: 'virtual machines of each system (default: 1)' },
  { name: 'cores', value: 'N', help: 'cores of all virtual machines together' },
  { name: 'vm-cores', value: 'N', help: 'or of each (default: 1)' },
  { name: 'memory', value: 'GIB', help: 'memory of all virtual machines together' },
  { name: 'vm-memory', value: 'GIB', help: 'or of each' },
  {
    name: 'disk',
    value: 'GIB',
    help: "disk of all virtual machines together, where it is to lie on the hosts' own disks",
  },
  { name: 'vm-disk', value: 'GIB', help: 'or of each' },
  { name: 'host-cores', value: 'SOCKETSxCORES', help: "a host's sockets and the cores in each, such as 4x4" },
  { name: 'hyper-threading', value: '', bare: 'yes', help: 'each core of a host is two threads, and both are counted' },
  { name: 'host-memory', value: 'GIB', help: "a host's memory" },
  { name: 'host-disk', value: 'GIB', help: "a host's disk for virtual machines" },
  { name: 'reserve-cores', value: 'N', help: 'cores of a host that virtual machines do not get (default: 0)' },
  {
    name: 'reserve-memory',
    value: 'GIB',
    help: 'memory of a host that they do not get (default: 3, for Xen and a control domain of 2940 MiB)',
  },
  { name: 'overcommit-cores', value: 'FACTOR', help: 'how often each core is promised (default: 1)' },
  { name: 'overcommit-memory', value: 'FACTOR', help: 'how often memory is promised (default: 1)' },
  {
    name: 'spare',
    value: 'N',
    help: 'hosts that may fail at once without a virtual machine losing its place (default: 0)',
  },
];

/** What was typed, by the flags' names; undefined for those that were not. */
export type TypedFlags = Readonly<Record<string, string | undefined>>;

export type SizingProblem = Fault & { readonly flag: string };

export type ReadSizing =
  | { readonly kind: 'sizing'; readonly sizing: Sizing }
  | { readonly kind: 'problems'; readonly problems: readonly SizingProblem[] };

/** More would be a slip of the keyboard: each is far beyond any real site. */
const MOST = { count: 1_000_000, vms: 1_000_000, gib: 1_000_000_000, threads: 65_536 } as const;

/** Reads all flags; never throws. Where anything is wrong, all of it is told. */
export function readSizing(typed: TypedFlags): ReadSizing {
  const problems: SizingProblem[] = [];
  const reader: Reader = { typed, problems };
  const sizing = {
    people: whole(reader, 'people', PEOPLE),
    systems: whole(reader, 'systems', SEVERAL),
    vms: whole(reader, 'vms', SEVERAL),
    demand: {
      cores: demandOf(reader, 'cores') ?? { of: 'each', amount: 1 },
      memory: demandOf(reader, 'memory') ?? missing(reader, 'memory'),
      disk: demandOf(reader, 'disk'),
    },
    host: {
      ...socketsOf(reader),
      threadsPerCore: typed['hyper-threading'] === undefined ? 1 : 2,
      memory: amount(reader, 'host-memory', { least: 0.001, most: MOST.gib, such: '64' }),
      disk: typed['host-disk'] === undefined ? undefined : amount(reader, 'host-disk', { ...GIB, such: '500' }),
      reserved: {
        cores: amount(reader, 'reserve-cores', { least: 0, most: MOST.threads, such: '1', absent: 0 }),
        memory: amount(reader, 'reserve-memory', { least: 0, most: MOST.gib, such: '3', absent: RESERVED_GIB }),
      },
    },
    overcommit: {
      cores: amount(reader, 'overcommit-cores', FACTOR),
      memory: amount(reader, 'overcommit-memory', FACTOR),
    },
    spares: whole(reader, 'spare', { least: 0, most: 10_000, such: '1', absent: 0 }),
  } as const satisfies Sizing;
  problems.push(...problemsBetween(sizing, typed));
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'sizing', sizing };
}

/** CloudStack 4.0's manual advises 2940 MB for XenServer's control domain; Xen itself needs the rest. */
const RESERVED_GIB = 3;

/** `absent`: what holds where the flag is not typed; without it the flag must be. */
type Limits = { readonly least: number; readonly most: number; readonly such: string; readonly absent?: number };

const PEOPLE: Limits = { least: 1, most: MOST.count, such: '50' };
const SEVERAL: Limits = { least: 1, most: MOST.count, such: '2', absent: 1 };
const GIB: Limits = { least: 0.001, most: MOST.gib, such: '1.5' };
/** Less than 1 keeps something free on every host. */
const FACTOR: Limits = { least: 0.1, most: 100, such: '1.5', absent: 1 };

type Reader = { readonly typed: TypedFlags; readonly problems: SizingProblem[] };

/** The value that stands in for one that has its problem already: it is never used. */
const NOTHING = 1;

function whole(reader: Reader, flag: string, limits: Limits): number {
  return numberOf(reader, flag, { ...limits, form: /^\d{1,15}$/, what: 'a whole number' });
}

/** Up to three decimals; `GiB` may stand behind memory and disk. */
function amount(reader: Reader, flag: string, limits: Limits): number {
  return numberOf(reader, flag, { ...limits, form: /^\d{1,15}(?:\.\d{1,3})?$/, what: 'a number' });
}

type Form = Limits & { readonly form: RegExp; readonly what: string };

function numberOf({ typed, problems }: Reader, flag: string, { form, what, ...limits }: Form): number {
  const text = typed[flag];
  if (text === undefined) {
    if (limits.absent !== undefined) return limits.absent;
    problems.push({ flag, message: 'is missing', remedy: `such as --${flag} ${limits.such}` });
    return NOTHING;
  }
  const bare = /memory|disk/.test(flag) ? text.replace(/ ?(?:G|GB|GiB)$/, '') : text;
  const value = Number(bare);
  if (form.test(bare) && value >= limits.least && value <= limits.most) return value;
  const remedy = `${what} from ${limits.least} to ${limits.most.toLocaleString('en')}, such as --${flag} ${limits.such}`;
  problems.push({ flag, message: `${quoted(text)} cannot be`, remedy });
  return NOTHING;
}

/** What `--memory` or `--vm-memory` says; undefined where neither is typed. */
function demandOf(reader: Reader, resource: 'cores' | 'memory' | 'disk'): Demand | undefined {
  const each = `vm-${resource}`;
  const { typed, problems } = reader;
  if (typed[resource] !== undefined && typed[each] !== undefined) {
    const remedy = `keep one: --${resource} of all virtual machines together, or --${each} of each`;
    problems.push({ flag: resource, message: 'is said twice', remedy });
  }
  if (typed[each] !== undefined) return { of: 'each', amount: amount(reader, each, GIB) };
  if (typed[resource] === undefined) return undefined;
  return { of: 'all', amount: amount(reader, resource, { ...GIB, such: '300' }) };
}

function missing({ problems }: Reader, flag: string): Demand {
  const remedy = `--${flag} 300 of all virtual machines together, or --vm-${flag} 1.5 of each`;
  problems.push({ flag, message: 'is missing', remedy });
  return { of: 'all', amount: NOTHING };
}

/** `4x4`, or `16` for one socket. */
function socketsOf({ typed, problems }: Reader): { readonly sockets: number; readonly coresPerSocket: number } {
  const text = typed['host-cores'];
  const parts = /^(?:(\d{1,5})[x×*])?(\d{1,5})$/i.exec(text ?? '');
  const [sockets, coresPerSocket] = [Number(parts?.[1] ?? 1), Number(parts?.[2] ?? 0)];
  const all = sockets * coresPerSocket;
  if (all >= 1 && all * 2 <= MOST.threads) return { sockets, coresPerSocket };
  const message = text === undefined ? 'is missing' : `${quoted(text)} cannot be`;
  problems.push({ flag: 'host-cores', message, remedy: 'sockets and the cores in each, such as --host-cores 4x4' });
  return { sockets: NOTHING, coresPerSocket: NOTHING };
}

/** What holds between values. */
function problemsBetween(sizing: Sizing, typed: TypedFlags): readonly SizingProblem[] {
  const { people, systems, vms, demand, host } = sizing;
  const all = people * systems * vms;
  const many =
    all <= MOST.vms
      ? []
      : [
          {
            flag: 'people',
            message: `${all.toLocaleString('en')} virtual machines are too many`,
            remedy: `at most ${MOST.vms.toLocaleString('en')}: people × systems × vms`,
          },
        ];
  const unmeasured =
    host.disk === undefined || demand.disk !== undefined
      ? []
      : [
          {
            flag: typed['host-disk'] === undefined ? 'disk' : 'host-disk',
            message: 'says nothing without what virtual machines need of it',
            remedy: 'add --disk 4000 of all together, or --vm-disk 20 of each',
          },
        ];
  return [...many, ...unmeasured];
}

/** The problems for a terminal: one line each, and at the end a whole call that works. */
export function renderSizingProblems(problems: readonly SizingProblem[]): string {
  const lines = problems.map(({ flag, message, remedy }) => `--${flag}: ${message} — ${remedy ?? ''}`);
  return `${[...lines, '', `such as: ${EXAMPLE}`].join('\n')}\n`;
}

const EXAMPLE =
  'kickstand site capacity --people 50 --systems 2 --vms 2 --cores 200 --memory 300 --host-cores 4x4 --hyper-threading --host-memory 64';
