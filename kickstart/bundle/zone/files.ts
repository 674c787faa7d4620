// The files that tell a management server's zone: for Marvin, for people, and a script that builds it.

import type { SecretLookup } from '../../../server/domain.ts';
import { callList } from './list.ts';
import { marvinFile } from './marvin.ts';
import { buildScript } from './script.ts';
import type { Zone } from './zone.ts';

export type ZoneFile = { readonly name: string; readonly mode: number; readonly text: string };

/** The files of a bundle's `zone/`. Marvin's alone holds a secret, the database's password: `secrets` may redact it. */
export function zoneFiles(zone: Zone, secrets: SecretLookup, secretMode: number): readonly ZoneFile[] {
  return [
    { name: 'api-calls.txt', mode: 0o644, text: callList(zone) },
    { name: 'build-zone.py', mode: 0o755, text: buildScript(zone) },
    { name: 'marvin.json', mode: secretMode, text: marvinFile(zone, secrets) },
  ];
}
