// .treeinfo, in every dialect from RHEL 6.0 to productmd and XCP-ng: bytes in, a typed description of the tree out. Pure.

import { Malformed } from '../../server/malformed.ts';
import { parseIni } from './ini.ts';
import type { Ini } from './ini.ts';

export type Treeinfo = {
  /** The product's name as written (`Red Hat Enterprise Linux`), and its version (`6.2`). */
  readonly family: string;
  readonly version: string;
  /** Undefined where the file names none (XCP-ng 7.5 and 7.6). */
  readonly arch: string | undefined;
  /** `RHEL`, `CentOS-Stream`: productmd only. */
  readonly shortName: string | undefined;
  /** Platform (`x86_64`, `xen`) → image (`kernel`, `initrd`, `boot.iso`) → path as written. */
  readonly images: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The installer's second stage, path as written. */
  readonly stage2: string | undefined;
  readonly checksums: readonly TreeChecksum[];
  /** The variants, the main one first; then the add-ons of each. */
  readonly variants: readonly TreeVariant[];
  /** [general], for what only old trees say there: `variant`, `packagedir`, `repository`, `timestamp`, `discnum`. */
  readonly general: ReadonlyMap<string, string>;
  /** XenServer's and XCP-ng's own names: the product, and the platform (`XCP`) beneath it. */
  readonly branding: NameAndVersion | undefined;
  readonly platform: NameAndVersion | undefined;
};

export type NameAndVersion = { readonly name: string; readonly version: string };

/** `algorithm` in lower case as written, `sha` read as `sha1`; `digest` in lower-case hex. `path` as written. */
export type TreeChecksum = { readonly path: string; readonly algorithm: string; readonly digest: string };

export type TreeVariant = {
  readonly kind: 'variant' | 'addon';
  /** `Server`, `HighAvailability`. */
  readonly id: string;
  readonly name: string;
  /** Paths as written: RHEL 6.0 to 6.4 write `Server/repodata`, split trees `../../../AppStream/x86_64/os/`. */
  readonly repository: string | undefined;
  readonly packages: string | undefined;
};

type Section = ReadonlyMap<string, string>;
const NONE: Section = new Map();
const MAX_VALUES = 1000;

/**
 * Reads a `.treeinfo`. Names, versions and architectures are sought where each dialect keeps them, the newer place first:
 * [release], [product], [system-v1], [branding], [tree], [general]. Throws `Malformed` for text that is no INI, for a
 * digest that is none, and where no product or version is named.
 */
export function parseTreeinfo(bytes: Uint8Array, where = '.treeinfo'): Treeinfo {
  const ini = parseIni(bytes, where);
  const section = (name: string): Section => ini.get(name) ?? NONE;
  const general = section('general');
  const product = ini.get('release') ?? section('product');
  const system = section('system-v1');
  const branding =
    readPair(section('branding'), ['name', 'version']) ?? readPair(system, ['product_name', 'product_version']);
  const platform =
    readPair(section('platform'), ['name', 'version']) ?? readPair(system, ['platform_name', 'platform_version']);
  const family = product.get('name') || branding?.name || general.get('family');
  const version = product.get('version') || branding?.version || general.get('version');
  if (!family) throw new Malformed('no product is named', where);
  if (!version) throw new Malformed('no version is named', where);
  return {
    family,
    version,
    arch: section('tree').get('arch') || general.get('arch') || undefined,
    shortName: product.get('short') || undefined,
    images: readImages(ini),
    stage2: section('stage2').get('mainimage') || section('stage2').get('instimage') || undefined,
    checksums: [...section('checksums')].map(([path, value]) => readChecksum(path, value)),
    variants: readVariants(ini),
    general,
    branding,
    platform,
  };
}

function readPair(section: Section, keys: readonly [string, string]): NameAndVersion | undefined {
  const [name, version] = keys.map((key) => section.get(key));
  return name && version ? { name, version } : undefined;
}

function readImages(ini: Ini): ReadonlyMap<string, Section> {
  const images = new Map<string, Section>();
  for (const [name, section] of ini) {
    if (name.startsWith('images-')) images.set(name.slice('images-'.length), section);
  }
  return images;
}

function readChecksum(path: string, value: string): TreeChecksum {
  const groups = /^(?<algorithm>[A-Za-z0-9_-]{1,20}):(?<digest>[0-9A-Fa-f]{16,256})$/.exec(value)?.groups;
  if (groups === undefined) throw new Malformed(`not a checksum: ${JSON.stringify(value.slice(0, 80))}`, path);
  const { algorithm = '', digest = '' } = groups;
  const lower = algorithm.toLowerCase();
  return { path, algorithm: lower === 'sha' ? 'sha1' : lower, digest: digest.toLowerCase() };
}

/** Variants are those a list names; a section that no list names (old, hand-made trees) comes after them. */
function readVariants(ini: Ini): readonly TreeVariant[] {
  const general = ini.get('general') ?? NONE;
  const listed = [
    ...[general.get('variant') ?? ''].filter((name) => name !== ''),
    ...readList((ini.get('tree') ?? NONE).get('variants')),
    ...readList(general.get('variants')),
  ];
  const found = new Map<string, TreeVariant>();
  const take = (name: string): void => {
    const section = ini.get(name);
    if (section === undefined || found.has(name)) return;
    found.set(name, readVariant(name, section));
    for (const child of readList(section.get('addons'))) take(`addon-${child}`);
    for (const child of readList(section.get('variants'))) take(`variant-${child}`);
  };
  for (const id of listed) take(`variant-${id}`);
  for (const name of ini.keys()) if (name.startsWith('variant-')) take(name);
  for (const name of ini.keys()) if (name.startsWith('addon-')) take(name);
  return [...found.values()];
}

function readVariant(section: string, values: Section): TreeVariant {
  const prefix = section.slice(0, section.indexOf('-'));
  const id = values.get('id') || section.slice(prefix.length + 1);
  return {
    kind: prefix === 'addon' || values.get('type') === 'addon' ? 'addon' : 'variant',
    id,
    name: values.get('name') || id,
    repository: values.get('repository') || undefined,
    packages: values.get('packages') || undefined,
  };
}

function readList(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',', MAX_VALUES)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
