// Boots that came no further than DHCP: what was asked and offered, and why no file was asked for. Pure.

import type { Seen } from '../../seen.ts';
import { reach, stagesOf } from '../boots.ts';
import type { Rule, Spoken, View } from '../rule.ts';
import { dhcpModeOf, hostName, likely, patienceMs, seen, silenceMs, waiting } from '../rule.ts';
import { firmwareWords, nameWords, timesWords } from '../words.ts';
import { unarmedWords, unknownWords } from './local.ts';

/** In the order they are asked; only of boots in which nothing but DHCP was seen. */
export const dhcpRules: readonly Rule[] = [
  { name: 'took-foreign-server', speak: ofDhcp(foreignServer) },
  { name: 'dhcp-unanswered', speak: ofDhcp(unanswered) },
  {
    name: 'unknown-machine',
    speak: ofDhcp((view) => (emptyAnswer(view) === undefined ? undefined : unknownWords(view))),
  },
  {
    name: 'unarmed-told-local',
    speak: ofDhcp((view) => (emptyAnswer(view) === undefined ? undefined : unarmedWords(view))),
  },
  { name: 'no-loader-for-arch', speak: ofDhcp(noLoaderForArch) },
  { name: 'no-boot-file', speak: ofDhcp(noBootFile) },
  { name: 'offered-but-never-asked', speak: ofDhcp(neverAsked) },
];

function ofDhcp(speak: Rule['speak']): Rule['speak'] {
  return (view) => (view.boot.reached === reach.dhcp ? speak(view) : undefined);
}

/** Beside a proxy another server is expected; where this appliance hands out the addresses it is a rogue. */
function foreignServer({ boot }: View): Spoken | undefined {
  const rogue = stagesOf(boot, 'dhcp-foreign').findLast(({ mode }) => mode === 'server');
  if (rogue === undefined) return undefined;
  return seen(
    `it took the offer of another DHCP server, ${rogue.server}, and asked this appliance for nothing`,
    `switch the DHCP server at ${rogue.server} off on this network, or run this appliance beside it with --dhcp proxy`,
  );
}

function unanswered(view: View): Spoken | undefined {
  const asked = lastAsked(view);
  const answers = stagesOf(view.boot, 'dhcp-answered');
  // A server's answer without an address is none: no network fits, or all addresses are taken.
  if (asked === undefined || answers.some(isAnswer)) return undefined;
  const why = answers.at(-1)?.reason ?? '';
  if (silenceMs(view) < patienceMs.offer)
    return waiting(`it asks over DHCP for network boot (${firmwareWords(asked.firmware)})`);
  const times = discovers(view);
  return seen(
    `it asked over DHCP for network boot ${timesWords(times)} (${firmwareWords(asked.firmware)}) and was not answered${why === '' ? '' : ` (${why})`}`,
    "look for its MAC in the appliance's log: no network of the site fits where it asks, or no address was free (give the network a range with use: dynamic)",
  );
}

function isAnswer({ mode, port, address, file }: Seen<'dhcp-answered'>): boolean {
  return mode === 'proxy' || port === 4011 || address !== undefined || file !== undefined;
}

function noLoaderForArch(view: View): Spoken | undefined {
  const [asked, empty] = [lastAsked(view), emptyAnswer(view)];
  if (asked === undefined || empty === undefined) return undefined;
  const { arch } = asked.firmware;
  if (arch !== 'aarch64' && arch !== 'other') return undefined;
  return seen(
    `it is ${arch === 'other' ? `of an architecture nothing is kept for (code ${asked.archCode})` : firmwareWords(asked.firmware)} and was offered nothing to boot: ${empty.reason}`,
    `give ${hostName(view)} a profile whose tree is made for its architecture; kickstand tree list tells what there is`,
  );
}

function noBootFile(view: View): Spoken | undefined {
  const empty = emptyAnswer(view);
  if (empty === undefined) return undefined;
  return seen(
    `it is armed, and was offered nothing to boot: ${empty.reason}`,
    'kickstand doctor lists the loaders there are and what is missing; put that right and start the machine again',
  );
}

function neverAsked(view: View): Spoken | undefined {
  const offer = stagesOf(view.boot, 'dhcp-answered').findLast(({ file }) => file !== undefined);
  if (offer?.file === undefined) return undefined;
  const file = nameWords(offer.file);
  if (silenceMs(view) < patienceMs.offer) return waiting(`it was offered ${file} and has not asked for it yet`);
  const times = discovers(view);
  const summary = `it asked for network boot ${timesWords(times)}, was offered ${file} and never asked for that file`;
  return likely(summary, neverAskedRemedy(view, file));
}

function neverAskedRemedy(view: View, file: string): string {
  if (/^http:/.test(file)) {
    return 'let TCP to the appliance through (firewall, VLAN); firmware may also forbid plain HTTP boot in its set-up: boot its PXE entry then';
  }
  const tftp =
    'let UDP port 69 and the ports its answers come from through between the machine and this appliance (firewall, VLAN)';
  if (dhcpModeOf(view) !== 'proxy') return `${tftp}; another DHCP server's offer may also have won`;
  const asked = lastAsked(view);
  const binl = stagesOf(view.boot, 'dhcp-asked').some(({ port }) => port === 4011);
  const deaf =
    asked?.firmware.platform === 'uefi' && !binl
      ? "it never asked port 4011 either: old UEFI firmware drops a proxy's offers, update it or use --dhcp server. Otherwise "
      : "the network's own DHCP server may name a boot file that won: take its next-server and file name away. Otherwise ";
  return `${deaf}${tftp}`;
}

/** The last answer, where none since the arming named a file. */
function emptyAnswer({ boot, facts }: View): Seen<'dhcp-answered'> | undefined {
  const armedAt = facts.host?.state.arming?.armedAt ?? 0;
  const answers = stagesOf(boot, 'dhcp-answered').filter(({ at }) => at >= armedAt);
  return answers.some(({ file }) => file !== undefined) ? undefined : answers.at(-1);
}

/** How often it began to ask: DISCOVER is repeated, a REQUEST belongs to one. */
function discovers({ boot }: View): number {
  return Math.max(1, stagesOf(boot, 'dhcp-asked').filter(({ type }) => type === 'discover').length);
}

function lastAsked({ boot }: View): Seen<'dhcp-asked'> | undefined {
  return stagesOf(boot, 'dhcp-asked').at(-1);
}
