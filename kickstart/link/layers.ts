// How a host is connected as a list of interfaces from below: cards, bond, VLAN, bridge; one of them carries the address. Pure.

import type { MacAddress } from '../../server/address.ts';
import type { BondMode } from '../../server/customization.ts';
import type { Install } from '../../server/domain.ts';

/** One interface. `under` is the bond or bridge that it is a port of. */
export type Layer = {
  /** As the kernel calls it; a card's is a guess, its MAC decides. */
  readonly name: string;
  readonly under: { readonly kind: 'bond' | 'bridge'; readonly name: string } | undefined;
  readonly hasAddress: boolean;
} & (
  | { readonly kind: 'card'; readonly mac: MacAddress }
  | { readonly kind: 'bond'; readonly mode: BondMode }
  /** On a card, whose MAC is told where it may be called otherwise, or on a bond. */
  | { readonly kind: 'vlan'; readonly id: number; readonly on: string; readonly mac: MacAddress | undefined }
  | { readonly kind: 'bridge' }
);

/** The name of every bond: a host here has one. */
export const BOND = 'bond0';

/** Above the profile that the installer wrote for the same card, so that the file from here is the one in force. */
export const AUTOCONNECT_PRIORITY = 10;

/** Is there anything but one card? Then the installer's own `network` line cannot say it, in all releases and layers. */
export function isLayered({ custom: { link } }: Pick<Install, 'custom'>): boolean {
  return link.bond !== undefined || link.vlan !== undefined || link.bridge !== undefined;
}

/** The interfaces of `install`, lowest first. */
export function layersOf({ host, custom: { link } }: Install): readonly Layer[] {
  const { bond, vlan, bridge } = link;
  const macs = bond === undefined ? host.macs.slice(0, 1) : host.macs;
  const lower = bond === undefined ? 'eth0' : BOND;
  const tagged = vlan === undefined ? lower : `${lower}.${vlan}`;
  const top = bridge ?? tagged;
  const underBridge = (name: string) =>
    bridge !== undefined && name === tagged ? { kind: 'bridge' as const, name: bridge } : undefined;
  const common = (name: string) => ({ name, under: underBridge(name), hasAddress: name === top });
  return [
    ...macs.map((mac, index): Layer => {
      const name = `eth${index}`;
      const card = { ...common(name), kind: 'card', mac } as const;
      return bond === undefined ? card : { ...card, under: { kind: 'bond', name: BOND }, hasAddress: false };
    }),
    ...(bond === undefined ? [] : [{ ...common(BOND), kind: 'bond', mode: bond } as const]),
    ...(vlan === undefined
      ? []
      : [
          {
            ...common(tagged),
            kind: 'vlan',
            id: vlan,
            on: lower,
            mac: bond === undefined ? host.macs[0] : undefined,
          } as const,
        ]),
    ...(bridge === undefined ? [] : [{ ...common(bridge), kind: 'bridge' } as const]),
  ];
}
