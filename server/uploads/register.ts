// What to tell CloudStack so that it fetches a staged file: the call's parameters, unsigned, and what may stand in its way. Pure.

import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import { imageOf } from './name.ts';
import type { StagedFile } from './record.ts';

export type Registration = {
  readonly kind: 'registration';
  /** Where anyone on the network fetches the file. */
  readonly url: string;
  readonly command: 'registerTemplate' | 'registerIso';
  /** In capitals: what only the cloud knows. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The query of the API call, without apikey and signature. */
  readonly query: string;
  /** The same for CloudMonkey. */
  readonly cloudmonkey: string;
  readonly notes: readonly string[];
};

/** The part of a record that is registered. */
export type Registrable = Pick<StagedFile, 'name' | 'md5' | 'sha256'>;

const ZONE = 'ZONE_ID';
const OS_TYPE = 'OS_TYPE_ID';
/** Longer names, and other characters than letters, digits and ` ._-`, are refused by registerTemplate of older versions. */
const NAME_LIMIT = 32;
/** UriUtils.validateUrl of every version that was looked at. */
const PORTS: ReadonlySet<string> = new Set(['', '80', '8080', '443']);

/** The URL of a staged file; its name holds nothing that needs escaping. */
export function urlOf(name: string, origin: string): string {
  return `${origin}/templates/${name}`;
}

/**
 * How to register `file`, which is served below `origin`. The checksum is the md5: 4.0 takes no other, and newer versions read a plain
 * one as md5 too. `No` for what is packed as CloudStack unpacks nothing.
 */
export function registrationOf(file: Registrable, origin: string): Registration | No {
  const { format, packed, hypervisor } = imageOf(file.name);
  if (packed === 'xz')
    return no('CloudStack unpacks .bz2, .gz and .zip, but no .xz', 'pack it anew, or unpack it, and upload that');
  const url = urlOf(file.name, origin);
  const common = { name: titleOf(file.name), displaytext: file.name, url, zoneid: ZONE, ostypeid: OS_TYPE };
  const isIso = format === 'ISO';
  const parameters: Readonly<Record<string, string>> = isIso
    ? { ...common, bootable: 'true', checksum: file.md5 }
    : { ...common, format, hypervisor: hypervisor ?? '', checksum: file.md5 };
  const command = isIso ? 'registerIso' : 'registerTemplate';
  return {
    kind: 'registration',
    url,
    command,
    parameters,
    query: new URLSearchParams({ command, ...parameters, response: 'json' }).toString(),
    cloudmonkey: [
      `register ${isIso ? 'iso' : 'template'}`,
      ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`),
    ].join(' '),
    notes: [
      ...(isIso ? [] : [`the hypervisor ${hypervisor ?? ''} is a guess from the name`]),
      ...notesOf(file, origin),
    ],
  };
}

function notesOf({ sha256 }: Registrable, origin: string): readonly string[] {
  const { hostname, port } = new URL(origin);
  return [
    `put the ids of your cloud in the place of ${ZONE} (list zones filter=id,name) and ${OS_TYPE} (list ostypes filter=id,description)`,
    `the secondary storage VM fetches from ${hostname} only if the global setting secstorage.allowed.internal.sites covers it, like ${hostname}/32`,
    `newer versions also take the checksum as {SHA-256}${sha256}`,
    ...(PORTS.has(port)
      ? []
      : [`CloudStack takes URLs with the ports 80, 8080 and 443 only; this appliance serves on ${port}`]),
  ];
}

/** The name without its extensions, cut to what every version takes. */
function titleOf(name: string): string {
  const bare = name.replace(/\.(?:bz2|gz|zip|xz)$/, '').replace(/\.[a-z0-9]+$/, '');
  return bare.replaceAll('+', '_').slice(0, NAME_LIMIT);
}
