// A host's whole install walked through without the machine: loader, boot script, kernel, instructions, stage 2, repositories, packages.

import { verifyTree } from '../../mirror/tree/verify.ts';
import type { Firmware, Install } from '../domain.ts';
import { chooseFirst, type LoaderStock } from '../boot/choose.ts';
import { installerArguments } from '../../kickstart/kernel-arguments.ts';
import { redactedSecrets } from '../../kickstart/secrets.ts';
import { kinOf } from '../hosts/receipts/kin.ts';
import type { No } from '../malformed.ts';
import { isNo, messageOf, no } from '../malformed.ts';
import { armingObstacle } from './arming.ts';
import { filesOfTree, installOf, type House } from './house.ts';
import { formOf, renderForm } from './instructions.ts';
import { loaderStock } from './loaders.ts';
import { rehearseAddresses } from './rehearsal-addresses.ts';
import { rehearsePackages, type RehearsedPackages } from './rehearsal-packages.ts';
import { green, red, type RehearsalStep } from './rehearsal-step.ts';
import { treeFileOf } from './tree-files.ts';

export type Rehearsal = {
  readonly host: string;
  /** In the order in which an install would meet them. */
  readonly steps: readonly RehearsalStep[];
  /** What the installer would install; undefined where it cannot, or does not install packages. */
  readonly packages: RehearsedPackages['packages'] | undefined;
};

export type RehearsalWatch = {
  readonly onStep: (what: string) => void;
  readonly signal: AbortSignal;
  /** What hosts have in common is looked at once where several are rehearsed with the same map. */
  readonly shared?: Shared;
};

/** A tree or a choice of packages → what was found of it. */
export type Shared = Map<string, Promise<unknown>>;

/** `find`, unless its result under `key` is there. Keys tell what is found apart, and of which kind it is. */
async function once<T>(shared: Shared, key: string, find: () => Promise<T>): Promise<T> {
  const known = (shared.get(key) as Promise<T> | undefined) ?? find();
  shared.set(key, known);
  return await known;
}

/** Walks the install of `name` as it would be if the host were armed now. Changes nothing; how many packages it takes is remembered. A `No` where there is no such host. */
export async function rehearseHost(house: House, name: string, watch: RehearsalWatch): Promise<Rehearsal | No> {
  const install = await installOf(house, name);
  if (isNo(install)) {
    const known = house.site().hosts.some((host) => host.name === name);
    return known ? { host: name, steps: [red('site and content', install)], packages: undefined } : install;
  }
  const steps: RehearsalStep[] = [];
  const shared = watch.shared ?? new Map<string, Promise<unknown>>();
  const look = async (what: string, find: () => Promise<readonly RehearsalStep[]>): Promise<void> => {
    watch.signal.throwIfAborted();
    watch.onStep(what);
    try {
      steps.push(...(await find()));
    } catch (error) {
      watch.signal.throwIfAborted();
      steps.push(red(what, no(messageOf(error))));
    }
  };
  let packages: Rehearsal['packages'];
  await look('arming', async () => [await armable(house, name)]);
  await look('loader', async () => loaders(install, await loaderStock(house)));
  await look('boot script', async () => [bootScripts(install)]);
  await look('kernel and initrd', () => bootFiles(house, install));
  await look('instructions', async () => instructions(house, install));
  await look('medium', async () => [await once(shared, `medium ${install.tree.name}`, () => medium(house, install))]);
  if (formOf(install) === 'kickstart') {
    await look('packages', async () => {
      const found = await once(shared, packagesKey(install), () => rehearsePackages(house, install, watch.signal));
      packages = found.packages;
      rememberPackages(house, install, packages);
      return found.steps;
    });
  }
  return { host: name, steps, packages };
}

/** What an install of this kind fetches: by this its progress is told while it runs. */
function rememberPackages(house: House, install: Install, packages: Rehearsal['packages']): void {
  if (packages === undefined) return;
  const bytes = packages.reduce((sum, { size }) => sum + (size?.packageBytes ?? 0), 0);
  house.receipts.rehearsed(kinOf(install), { at: house.now(), count: packages.length, bytes });
}

/** All that decides which packages are installed: hosts of one profile differ in none of it. */
function packagesKey(install: Install): string {
  const { tree, os, role, repos, packages, cloudstack, site, custom, template, host } = install;
  // A template may say something else for each host.
  const own = template === undefined ? null : host.name;
  const from = repos.map(({ name, snapshot }) => [name, snapshot]);
  return `packages ${JSON.stringify([tree.name, os, role, from, packages, cloudstack, site.ntp.length > 0, custom.link, own])}`;
}

async function armable(house: House, name: string): Promise<RehearsalStep> {
  const obstacle = await armingObstacle(house, name);
  return obstacle === undefined ? green('arming', 'it could be armed now') : red('arming', obstacle);
}

/** What firmware of each kind asks with. A machine is of one kind: that the other finds nothing is no fault of it. */
function firmwares({ os }: Install): readonly (readonly [string, Firmware])[] {
  const arch = os.arch === 'aarch64' ? 'aarch64' : 'x86_64';
  const uefi = { platform: 'uefi', arch, transport: 'tftp', isIpxe: false } as const;
  const bios = { platform: 'bios', arch: 'x86_64', transport: 'tftp', isIpxe: false } as const;
  return arch === 'aarch64'
    ? [['UEFI', uefi]]
    : [
        ['BIOS', bios],
        ['UEFI', uefi],
      ];
}

function loaders(install: Install, stock: LoaderStock): readonly RehearsalStep[] {
  const args = installerArguments(install);
  if (isNo(args)) return [red('loader', args)];
  const decision = { kind: 'install', install, arguments: args } as const;
  const found = firmwares(install).map(([name, firmware]) => {
    const [mac] = install.host.macs;
    return { name, answer: chooseFirst({ mac, firmware, decision, stock, mode: 'proxy', origin: install.origin }) };
  });
  const none = found.every(({ answer }) => answer.kind !== 'boot');
  return found.map(({ name, answer }): RehearsalStep => {
    const what = `loader, ${name}`;
    if (answer.kind === 'boot') return green(what, answer.file);
    const remedy = 'kickstand doctor tells which loaders there are';
    return { what, verdict: none ? 'red' : 'warning', detail: answer.reason, remedy };
  });
}

function bootScripts(install: Install): RehearsalStep {
  for (const form of ['pxelinux', 'grub', 'ipxe'] as const) {
    const text = renderForm(install, form, redactedSecrets);
    if (isNo(text)) return red('boot script', no(`${form}: ${text.reason}`, text.remedy));
  }
  return green('boot script', 'pxelinux, GRUB and iPXE');
}

async function bootFiles(house: House, { tree }: Install): Promise<readonly RehearsalStep[]> {
  const { boot, stage2 } = tree.facts;
  const needed = boot.kind === 'xen' ? [boot.xen, boot.kernel, boot.initrd] : [boot.kernel, boot.initrd];
  const steps: RehearsalStep[] = [];
  for (const path of needed) {
    const found = await treeFileOf(house, tree.name, path);
    if (isNo(found))
      return [red('kernel and initrd', no(`${tree.name}/${path}: ${found.reason}`, 'use the whole medium'))];
    if (found.file.sizeBytes === 0)
      return [red('kernel and initrd', no(`${tree.name}/${path} is empty`, `kickstand tree verify ${tree.name}`))];
  }
  steps.push(green('kernel and initrd', needed.join(', ')));
  if (stage2 !== undefined) steps.push(await stage2Step(house, tree.name, stage2));
  return steps;
}

async function stage2Step(house: House, name: string, path: string): Promise<RehearsalStep> {
  const files = await filesOfTree(house, name);
  if (isNo(files)) return red('stage 2', files);
  const place = await files.find(path);
  if (place.kind === 'file') return green('stage 2', path);
  return red('stage 2', no(`the tree ${name} has no ${path}`, 'use the whole medium'));
}

async function instructions(house: House, install: Install): Promise<readonly RehearsalStep[]> {
  const form = formOf(install);
  const text = renderForm(install, form, redactedSecrets);
  if (isNo(text)) return [red(form, text)];
  const lines = `${text.split('\n').length - 1} lines, nothing the installer would stop at`;
  return [green(form, lines), await rehearseAddresses(house, install, text)];
}

/** The checksums that the medium's own .treeinfo names: kernel, initrd, stage 2 among them. */
async function medium(house: House, { tree }: Install): Promise<RehearsalStep> {
  const files = await filesOfTree(house, tree.name);
  if (isNo(files)) return red('medium', files);
  const checks = await verifyTree(files);
  const bad = checks.find(({ verdict }) => verdict === 'bad');
  if (bad !== undefined) {
    return red(
      'medium',
      no(`${tree.name}/${bad.path} is not what its maker published: ${bad.detail}`, 'copy the medium anew'),
    );
  }
  const good = checks.filter(({ verdict }) => verdict === 'good').length;
  return green('medium', good === 0 ? 'it names no checksums' : `${good} checksums of its .treeinfo are right`);
}
