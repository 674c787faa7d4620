// What the API tells the console, as far as the console reads it: the shapes of /api/v1/openapi.json. Types only.

export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];
export type Session = { readonly name: string; readonly role: Role };

export const PHASES = ['installing', 'booting', 'armed', 'stalled', 'failed', 'installed', 'disarmed'] as const;
export type Phase = (typeof PHASES)[number];

export type Progress = {
  readonly phase: string;
  readonly percent: number;
  readonly etaMs?: number;
  readonly detail: string;
  readonly silent?: string;
};

export type Verdict = {
  readonly health: 'fine' | 'waiting' | 'wrong';
  readonly summary: string;
  readonly remedy?: string;
  readonly certainty?: 'seen' | 'likely';
};

/** Times here and below are ms since 1970. */
export type Host = {
  readonly name: string;
  readonly profile: string;
  readonly network: string;
  readonly address: string;
  readonly macs: readonly string[];
  readonly phase: Phase;
  readonly reason: string;
  readonly changedAt: number;
  readonly attempts: number;
  readonly arming?: { readonly expiresAt: number; readonly pins: Readonly<Record<string, string>> };
  readonly progress?: Progress;
  /** Of hosts that were heard of lately. */
  readonly verdict?: Verdict;
};

/** Something that happened; `boot` counts the boots shown. */
export type Line = { readonly at: number; readonly boot?: number; readonly what: string; readonly detail: string };

export type HostDetail = Host & {
  readonly verdict: Verdict;
  readonly transcript: readonly Line[];
  readonly history: readonly Line[];
};

export type Finding = {
  readonly line: number;
  readonly severity: string;
  readonly message: string;
  readonly remedy?: string;
};
export type Instructions = { readonly form: string; readonly text: string; readonly findings: readonly Finding[] };

export type RehearsalStep = {
  readonly what: string;
  readonly verdict: 'green' | 'warning' | 'red';
  readonly detail: string;
  readonly remedy?: string;
};
export type Rehearsal = {
  readonly host: string;
  readonly steps: readonly RehearsalStep[];
  readonly packages?: readonly {
    readonly name: string;
    readonly evr: string;
    readonly arch: string;
    readonly repo: string;
  }[];
};

export type LogLine = {
  readonly id: number;
  readonly at: number;
  readonly kind: 'syslog' | 'script';
  readonly severity: number;
  readonly source: string;
  readonly text: string;
};
export type LogPage = { readonly next: number; readonly lines: readonly LogLine[] };

export type Receipt = {
  readonly armedAt: number;
  readonly installedAt: number;
  readonly startedAt: number;
  readonly os: string;
  readonly tree: string;
  readonly profile: string;
  readonly snapshots: Readonly<Record<string, string>>;
  readonly instructions: { readonly what: string; readonly sha256: string };
  readonly packages: { readonly count: number; readonly bytes: number };
  readonly attempts: number;
  readonly version: string;
};

/** A machine that asked for a boot and is in no site. Its texts are what it says of itself. */
export type Discovered = {
  readonly mac: string;
  readonly firmware?: string;
  readonly vendorClass?: string;
  readonly userClass?: string;
  readonly hostname?: string;
  readonly address?: string;
  readonly lastSeen: number;
};

export type DiskGroup = { readonly at: string; readonly layout: string; readonly disks: readonly string[] };
export type Storage = {
  readonly layout: string;
  readonly disks: readonly string[];
  readonly data: readonly DiskGroup[];
  readonly guest: readonly string[];
};
export type Profile = {
  readonly name: string;
  readonly tree: string;
  readonly role?: string;
  readonly protect?: boolean;
  readonly storage: Storage;
};
export type Range = {
  readonly name: string;
  readonly use: string;
  readonly from: string;
  readonly to: string;
};
export type Network = { readonly name: string; readonly subnet: string; readonly ranges: readonly Range[] };
export type Site = {
  readonly site: { readonly name: string };
  readonly networks: readonly Network[];
  readonly profiles: readonly Profile[];
};

export type PlanRow =
  | {
      readonly kind: 'network';
      readonly network: string;
      readonly subnet: string;
      readonly total: number;
      readonly hosts: number;
      readonly free: number;
    }
  | {
      readonly kind: 'range';
      readonly network: string;
      readonly name: string;
      readonly use: string;
      readonly from: string;
      readonly to: string;
      readonly free: number;
    }
  | {
      readonly kind: 'address';
      readonly network?: string;
      readonly address: string;
      readonly use: 'gateway' | 'dns' | 'appliance' | 'host';
      readonly name: string;
    }
  | {
      readonly kind: 'note';
      readonly network: string;
      readonly address: string;
      readonly message: string;
    };

export type Problem = {
  readonly path: string;
  readonly line?: number;
  readonly message: string;
  readonly remedy?: string;
};
export type SiteText = { readonly text: string; readonly problems: readonly Problem[] };

export type Lack = {
  readonly code: string;
  readonly what: string;
  readonly reason: string;
  readonly remedy?: string;
};
export type Health = {
  readonly site: string;
  readonly dhcp: string;
  readonly missing: readonly Lack[];
  readonly siteProblems: readonly { readonly path: string; readonly line?: number }[];
};

export type Operator = {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly seenAt?: number;
};
export type Token = {
  readonly id: string;
  readonly operator: string;
  readonly label: string;
  readonly role: Role;
  readonly expiresAt?: number;
  readonly seenAt?: number;
};

/** A list as the API pages it. */
export type Page<T> = { readonly items: readonly T[]; readonly next?: string };
