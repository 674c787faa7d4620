// The boot namespace brought to life: a name and who asks → loader, boot script or tree file. TFTP and HTTP both open here.

import type { BootClient, BootDecision } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { FileRole } from '../stages.ts';
import { OWN_DISK } from './choose.ts';
import { grubTrampoline, renderGrub } from './grub.ts';
import { ipxeTrampoline, renderIpxe } from './ipxe.ts';
import type { Machines } from './machines.ts';
import type { BootName, ConfigLoader, ConfigOwner } from './paths.ts';
import { parseBootName } from './paths.ts';
import { renderPxelinux } from './pxelinux.ts';

/** What a boot client gets: a file as its store knows it, or a text made for this answer. */
export type BootContent<F> =
  { readonly kind: 'file'; readonly file: F } | { readonly kind: 'text'; readonly text: string };

/** An answer, and what it was for those who follow a boot: `gave` says what the name meant. */
export type BootFile<F> = { readonly role: FileRole; readonly gave: string; readonly body: BootContent<F> | No };

/** A loader's file and whose it is: a tree's, or (undefined) this system's. */
export type GivenLoader<F> = { readonly file: F; readonly origin: string; readonly tree: string | undefined };

/** The loaders that are there, by the names they are asked by. */
export type Loaders<F> = {
  /** Of pxelinux's set, or an iPXE. */
  readonly named: (file: string) => GivenLoader<F> | No;
  /** Of the UEFI chain of `tree`, else of this system's. */
  readonly ofChain: (tree: string | undefined, file: string) => GivenLoader<F> | No;
  /** A run-time part of the GRUB in the chain of `tree`: only one of the same build fits. */
  readonly grubModule: (tree: string | undefined, platform: string, file: string) => GivenLoader<F> | No;
};

/**
 * What the namespace rests on. `decided` hears of every script about to be given and has the last word: what was decided
 * may have been taken back meanwhile.
 */
export type NamespaceParts<F> = {
  readonly loaders: () => Promise<Loaders<F>>;
  /** A file that the tree `tree` boots from, by its path in the tree, and what it is; a `No` for any other file. */
  readonly treeFile: (tree: string, path: string) => Promise<{ readonly file: F; readonly role: FileRole } | No>;
  readonly decide: (client: BootClient) => Promise<BootDecision>;
  readonly decided: (client: BootClient, given: GivenScript) => BootDecision;
  readonly machines: Machines;
  /** The tree of the host that stands at this address, as a hint which loaders fit it. */
  readonly treeAt: (address: string) => string | undefined;
  /** `http://192.168.168.26`; no slash at the end. */
  readonly origin: () => string;
};

export type GivenScript = { readonly loader: ConfigLoader; readonly decision: BootDecision };

type Find<F> = (name: string, address: string) => Promise<BootFile<F>>;

/** Finds names for boot clients. `address` is where the question came from. `look` is `open` without a boot: nothing is written down. */
export type BootNamespace<F> = { readonly open: Find<F>; readonly look: Find<F> };

/** The namespace over `parts`. */
export function bootNamespace<F>(parts: NamespaceParts<F>): BootNamespace<F> {
  const watching: NamespaceParts<F> = {
    ...parts,
    decided: (_client, { decision }) => decision,
    machines: { ...parts.machines, loaded: () => {}, learn: () => {} },
  };
  return {
    open: (name, address) => find(parts, parseBootName(name), address),
    look: (name, address) => find(watching, parseBootName(name), address),
  };
}

async function find<F>(parts: NamespaceParts<F>, name: BootName | No, address: string): Promise<BootFile<F>> {
  switch (name.kind) {
    case 'no':
      return { role: 'unknown', gave: '', body: name };
    case 'probe':
      return probed(name.file);
    case 'loader':
      return loaderFile(parts, name, address);
    case 'grub-module': {
      const tree = name.tree ?? chainOf(parts, address);
      const given = (await parts.loaders()).grubModule(tree, name.platform, name.file);
      return isNo(given) ? probed(name.file) : fileOf('module', name.file, given);
    }
    case 'tree-file': {
      const found = await parts.treeFile(name.tree, name.path);
      if (isNo(found)) return { role: 'unknown', gave: '', body: found };
      return { role: found.role, gave: `${found.role} of tree ${name.tree}`, body: { kind: 'file', file: found.file } };
    }
    case 'config':
      return configFor(parts, name, address);
  }
}

/**
 * What loaders do without. To GRUB's HTTP client "not found" costs 34 seconds, twice for each of its four lists of modules
 * (GRUB 2.06, tried with UEFI HTTP boot): an empty list costs nothing.
 */
function probed<F>(file: string): BootFile<F> {
  if (file.endsWith('.lst')) return { role: 'probe', gave: 'an empty list', body: { kind: 'text', text: '\n' } };
  return { role: 'probe', gave: '', body: no('not here; loaders do without it') };
}

type LoaderName = Extract<BootName, { kind: 'loader' }>;

/** Programs of a UEFI chain: each tree has its own of these names, and they verify each other. */
const CHAIN_FILE = /^(?:boot|shim|grub|mm|fb)(?:x64|ia32|aa64)\.efi$/;

async function loaderFile<F>(parts: NamespaceParts<F>, name: LoaderName, address: string): Promise<BootFile<F>> {
  if (name.file === OWN_DISK)
    return { role: 'own-disk', gave: '', body: no('there is nothing to boot: boot your own disk') };
  const loaders = await parts.loaders();
  const isOfChain = CHAIN_FILE.test(name.file);
  const tree = name.tree ?? chainOf(parts, address);
  const given = isOfChain ? loaders.ofChain(tree, name.file) : loaders.named(name.file);
  const role = roleOf(name.file);
  if (isNo(given)) return { role, gave: '', body: given };
  if (role !== 'module') parts.machines.loaded(address, { file: name.file, tree: given.tree });
  return fileOf(role, name.file, given);
}

function roleOf(file: string): FileRole {
  if (file.endsWith('.c32')) return 'module';
  return /^(?:grub|mm|fb)/.test(file) ? 'second-loader' : 'loader';
}

function fileOf<F>(role: FileRole, name: string, given: GivenLoader<F>): BootFile<F> {
  return { role, gave: `${name} of ${given.origin}`, body: { kind: 'file', file: given.file } };
}

/**
 * Whose chain a bare `grubx64.efi` means: that of the loader this machine was given last (shim issues 300 and 524: some ask
 * at the root, whatever directory they came from), else that of the host standing at this address.
 */
function chainOf<F>({ machines, treeAt }: NamespaceParts<F>, address: string): string | undefined {
  const loaded = machines.at(address)?.loaded;
  return loaded === undefined ? treeAt(address) : loaded.tree;
}

type ConfigName = Extract<BootName, { kind: 'config' }>;

async function configFor<F>(parts: NamespaceParts<F>, name: ConfigName, address: string): Promise<BootFile<F>> {
  const text = (gave: string, body: string): BootFile<F> => ({
    role: 'config',
    gave,
    body: { kind: 'text', text: body },
  });
  if (name.of.kind === 'anyone' && name.loader === 'grub') return text('GRUB, asked for its MAC', grubTrampoline());
  if (name.of.kind === 'anyone' && name.loader === 'ipxe')
    return text('iPXE, asked for its MAC', ipxeTrampoline(parts.origin()));
  const client = clientOf(parts, name.of, address);
  if (isNo(client)) return { role: 'config', gave: '', body: client };
  if (client.mac !== undefined)
    parts.machines.learn(address, { mac: client.mac, uuid: undefined, firmware: undefined });
  const decision = parts.decided(client, { loader: name.loader, decision: await parts.decide(client) });
  return text(`${name.loader} script: ${decision.kind}`, render(parts, { loader: name.loader, decision }, address));
}

/**
 * Who a configuration's name means. Hosts are known by MAC. pxelinux and GRUB ask by UUID first: it is taken where the
 * machine at this address, and no other, told both a moment ago; UUIDs alone are no proof, as boards are sold with one for all. Parts of an
 * address name nobody: the client then asks its next name, and the last one is for whom nobody knows.
 */
function clientOf<F>(parts: NamespaceParts<F>, of: ConfigOwner, address: string): BootClient | No {
  switch (of.kind) {
    case 'mac':
      return { mac: of.mac, uuid: parts.machines.at(address)?.uuid, address };
    case 'anyone':
      return { mac: undefined, uuid: undefined, address };
    case 'uuid':
    case 'asker': {
      const seen = parts.machines.asker(address);
      const isSame = of.kind === 'asker' || seen?.uuid === of.uuid;
      if (seen?.mac === undefined || !isSame) return no('hosts are known by their MAC address');
      return { mac: seen.mac, uuid: seen.uuid, address };
    }
    case 'address':
      return no('hosts are known by their MAC address');
  }
}

function render<F>(parts: NamespaceParts<F>, { loader, decision }: GivenScript, address: string): string {
  const origin = parts.origin();
  switch (loader) {
    case 'pxelinux':
      return renderPxelinux(decision, {
        origin,
        http: parts.machines.at(address)?.loaded?.file === 'lpxelinux.0',
      });
    case 'grub':
      return renderGrub(decision, { origin });
    case 'ipxe':
      return renderIpxe(decision, { origin });
  }
}
