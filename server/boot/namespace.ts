// The boot namespace brought to life: a name and who asks → loader, boot script or tree file. TFTP and HTTP both open here.

import type { BootClient, BootDecision } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { LoaderSet } from './loaders.ts';
import type { ConfigOwner } from './paths.ts';
import { parseBootName } from './paths.ts';
import { renderPxelinux } from './pxelinux.ts';

/** What a boot client gets: a file as its store knows it, or a text made for this answer. */
export type BootContent<F> =
  { readonly kind: 'file'; readonly file: F } | { readonly kind: 'text'; readonly text: string };

/**
 * What the namespace rests on. `decided` hears of every script about to be given and has the last word: what was decided
 * may have been taken back meanwhile.
 */
export type NamespaceParts<F> = {
  readonly loaders: () => Promise<LoaderSet<F> | No>;
  /** A file that the tree `tree` boots from, by its path in the tree; a `No` for any other file. */
  readonly treeFile: (tree: string, path: string) => Promise<F | No>;
  readonly decide: (client: BootClient) => Promise<BootDecision>;
  readonly decided: (client: BootClient, decision: BootDecision) => BootDecision;
};

type Find<F> = (name: string, address: string) => Promise<BootContent<F> | No>;

/** Finds names for boot clients. `address` is where the question came from. `look` is `open` without a boot: nothing is written down. */
export type BootNamespace<F> = { readonly open: Find<F>; readonly look: Find<F> };

/** The namespace over `parts`. */
export function bootNamespace<F>(parts: NamespaceParts<F>): BootNamespace<F> {
  const watching = { ...parts, decided: (_client: BootClient, decision: BootDecision) => decision };
  return {
    open: (name, address) => find(parts, name, address),
    look: (name, address) => find(watching, name, address),
  };
}

async function find<F>(parts: NamespaceParts<F>, raw: string, address: string): Promise<BootContent<F> | No> {
  const name = parseBootName(raw);
  switch (name.kind) {
    case 'no':
      return name;
    case 'loader':
      return loaderFile(await parts.loaders(), name.file);
    case 'tree-file': {
      const file = await parts.treeFile(name.tree, name.path);
      return isNo(file) ? file : { kind: 'file', file };
    }
    case 'pxelinux-config':
      return configFor(parts, clientOf(name.of, address));
  }
}

function loaderFile<F>(set: LoaderSet<F> | No, name: string): BootContent<F> | No {
  if (isNo(set)) return set;
  const loader = set.loaders.get(name);
  return loader === undefined ? no(`no loader is called ${name}`) : { kind: 'file', file: loader.file };
}

/**
 * pxelinux asks by UUID before it asks by MAC. Hosts are known by MAC, so a UUID question is answered `not found`, as
 * are parts of an address: the client then asks the next name. `default` is the last name: nobody was recognised.
 */
async function configFor<F>(parts: NamespaceParts<F>, client: BootClient | undefined): Promise<BootContent<F> | No> {
  if (client === undefined) return no('hosts are known by their MAC address');
  const decision = await parts.decide(client);
  return { kind: 'text', text: renderPxelinux(parts.decided(client, decision)) };
}

function clientOf(of: ConfigOwner, address: string): BootClient | undefined {
  if (of.kind === 'uuid' || of.kind === 'address') return undefined;
  return { mac: of.kind === 'mac' ? of.mac : undefined, uuid: undefined, address };
}
