// Receipts over the open house: what installers are given is noted, and once a host is installed its receipt is written.

import { createHash } from 'node:crypto';
import type { HostState, Install } from '../domain.ts';
import { marksOf } from '../hosts/progress-marks.ts';
import { kinOf } from '../hosts/receipts/kin.ts';
import type { Given, Receipt } from '../hosts/receipts/shape.ts';
import { countSteps } from '../hosts/receipts/steps.ts';
import { writeReceipt } from '../hosts/receipts/write.ts';
import type { Instructions } from '../hosts/routes.ts';
import type { No } from '../malformed.ts';
import { isNo, messageOf, no } from '../malformed.ts';
import { formatOs } from '../os.ts';
import { printable } from '../printable.ts';
import type { Stage } from '../stages.ts';
import { version } from '../version.ts';
import type { House } from './house.ts';
import { hostNamed } from './house.ts';
import { armedInstall, renderInstructions } from './instructions.ts';
import { loaderCatalog, loaderReport } from './loaders.ts';
import { bootAt, expectedOf } from './progress.ts';
import { recently } from './recently.ts';

/** Follows what installers are given and what they report. */
export type InstallFollower = {
  /** The instructions of an armed host's installer, with its secrets, its token and its pinned snapshots. */
  readonly render: (host: string, what: Instructions) => Promise<string | No>;
  /** Told of a stage that an installer at `address` reached. */
  readonly reached: (host: string, address: string, stage: Stage) => void;
  /** Told where a host stands after something happened. */
  readonly stands: (host: string, state: HostState) => void;
};

/** Of the open house. Nothing of it stops an install: what goes wrong is logged. */
export function followInstalls(house: House): InstallFollower {
  const rendered = new Map<string, Omit<Given, 'address'>>();
  return {
    render: async (host, what) => {
      const install = await armedInstall(house, host);
      if (isNo(install)) return install;
      const text = renderInstructions(install, what, house.secrets.read);
      if (!isNo(text) && what.kind !== 'script')
        rendered.set(host, describe(house, install, { what: what.kind, text }));
      return text;
    },
    reached: (host, address, stage) => {
      if (stage.kind !== 'instructions' || stage.outcome !== 'given' || stage.what === 'script') return;
      const given = rendered.get(host);
      rendered.delete(host);
      if (given !== undefined) house.receipts.given(host, { ...given, address: printable(address, 64) });
    },
    stands: (host, state) => {
      if (lacksReceipt(house, host, state)) beginReceipt(house, host);
    },
  };
}

/** Writes the receipts of installs that ended well while the appliance was being stopped. Those from before there were any have none. */
export function catchUpReceipts(house: House): void {
  for (const host of house.hosts.known()) {
    const state = house.hosts.state(host, house.now());
    if (!lacksReceipt(house, host, state)) continue;
    if (house.receipts.givenTo(host)?.armedAt === state.arming?.armedAt) beginReceipt(house, host);
  }
}

function lacksReceipt(house: House, host: string, { phase, arming }: HostState): boolean {
  return phase === 'installed' && arming !== undefined && !house.receipts.has(host, arming.armedAt);
}

function beginReceipt(house: House, host: string): void {
  keepReceipt(house, host).catch((error: unknown) =>
    house.log.error('no receipt of an install', { host, error: messageOf(error) }),
  );
}

type Told = { readonly what: Given['what']; readonly text: string };

function describe(house: House, install: Install, { what, text }: Told): Omit<Given, 'address'> {
  const { host, profile, tree, os } = install;
  const state = house.hosts.state(host.name, house.now());
  return {
    armedAt: state.arming?.armedAt ?? 0,
    attempt: state.attempts,
    at: house.now(),
    what,
    sha256: createHash('sha256').update(text).digest('hex'),
    steps: countSteps(text),
    kin: kinOf(install),
    profile,
    tree: tree.name,
    os: formatOs(os),
  };
}

/** Writes the receipt of `name`'s install. Once for each arming: said again, it changes nothing. */
async function keepReceipt(house: House, name: string): Promise<void> {
  const digestOf = await loaderDigests(house);
  const found = hostNamed(house.site(), name);
  const state = house.hosts.state(name, house.now());
  const { arming } = state;
  if (isNo(found) || arming === undefined || state.phase !== 'installed') return;
  const given = house.receipts.givenTo(name);
  if (given === undefined || given.armedAt !== arming.armedAt) {
    house.log.warn('no receipt: what the installer was given is not known', { host: name });
    return;
  }
  const { style, reports } = expectedOf(house, name, arming);
  const boot = bootAt(house, found.host, given.at);
  const records = boot?.records ?? [];
  const startedAt = boot?.startedAt ?? given.at;
  // In hindsight the last package that came was the last one: however many were expected, then they were installed.
  const marks = marksOf(records, startedAt, { given: true, style, reports, packages: 1 });
  const served = house.receipts.servedTo({ host: name, armedAt: arming.armedAt, attempt: state.attempts });
  const { receipt, names } = writeReceipt({
    host: found.host,
    state,
    arming,
    given,
    records,
    startedAt,
    marks,
    packages: served,
    version,
    digestOf,
  });
  if (house.receipts.keep(receipt, names))
    house.log.info('receipt kept', { host: name, packages: receipt.packages.count });
}

type Digests = (file: { readonly name: string; readonly gave: string }) => string | undefined;

/** A thousand hosts may end together; the loaders are read once for all of them. */
const DIGESTS_MS = 60_000;
const digests = new WeakMap<House, () => Promise<Digests>>();

function loaderDigests(house: House): Promise<Digests> {
  const look = digests.get(house) ?? recently(house.now, () => readDigests(house), DIGESTS_MS);
  digests.set(house, look);
  return look();
}

/** By what the boot namespace says it gave: `grubx64.efi of tree rhel9`. Of two such with other bytes, neither is known. */
async function readDigests(house: House): Promise<Digests> {
  try {
    const { loaders } = await loaderReport(await loaderCatalog(house));
    const known = Map.groupBy(loaders, ({ name, origin }) => `${name} of ${origin}`);
    return ({ gave }) => {
      const found = new Set(known.get(gave)?.map(({ sha256 }) => sha256));
      return found.size === 1 ? [...found][0] : undefined;
    };
  } catch (error) {
    house.log.warn('the digests of loaders are not known', { error: messageOf(error) });
    return () => undefined;
  }
}

/** As many as are kept of a host. */
const SHOWN = 10;

/** The receipts of `name`'s installs, newest first. A host that is in the site no more may still have some. */
export function receiptsOf(house: House, name: string): readonly Receipt[] | No {
  const receipts = house.receipts.receipts(name, SHOWN);
  const found = hostNamed(house.site(), name);
  return receipts.length === 0 && isNo(found) ? found : receipts;
}

/** One of them with the names of its packages, by when it was armed (ms since 1970). */
export type WholeReceipt = Receipt & { readonly packages: { readonly names: readonly string[] } };

export function wholeReceipt(house: House, name: string, armedAt: number): WholeReceipt | No {
  const receipts = receiptsOf(house, name);
  if (isNo(receipts)) return receipts;
  const receipt = receipts.find((one) => one.armedAt === armedAt);
  if (receipt === undefined) return no(`${name} has no receipt of that arming`, `kickstand host receipt ${name} --all`);
  return withNames(house, receipt);
}

/** The receipt with the names of its packages. */
export function withNames(house: House, receipt: Receipt): WholeReceipt {
  return { ...receipt, packages: { ...receipt.packages, names: house.receipts.names(receipt.packages.list) } };
}
