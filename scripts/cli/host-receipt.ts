// kickstand host receipt HOST: what a host was installed from.

import type { WholeReceipt } from '../../server/assembly/receipts.ts';
import { lengthWords, timeWords } from '../../server/doctor/words.ts';
import { sizeText } from '../../server/size-text.ts';
import type { No } from '../../server/malformed.ts';
import { isNo, no } from '../../server/malformed.ts';
import { withApi } from './api.ts';
import type { Ask } from './api-client.ts';
import { readContext } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { print, refuse } from './output.ts';

/** The newest receipt, or all that are kept; exit 1 where there is none. JSON has the names of the packages. */
export async function receiptCommand([host]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const name = String(host);
  const isAll = flags['all'] === true;
  const found = await withApi(context, flags, (ask) => receipts(ask, name, isAll ? 'all' : 'newest'));
  if (isNo(found)) return refuse(context.output, found);
  const isLong = flags['packages'] === true;
  print(context.output, isAll ? found : found[0], found.map((one) => receiptText(one, isLong)).join('\n'));
  return 0;
}

async function receipts(ask: Ask, name: string, which: 'all' | 'newest'): Promise<readonly WholeReceipt[] | No> {
  const path = `/hosts/${encodeURIComponent(name)}/receipts`;
  const kept = await ask<readonly { readonly armedAt: number }[]>({ method: 'GET', path });
  if (isNo(kept)) return kept;
  if (kept.length === 0)
    return no(`${name} has no receipt: no install of it has ended well yet`, `kickstand host show ${name}`);
  const found: WholeReceipt[] = [];
  for (const { armedAt } of which === 'all' ? kept : kept.slice(0, 1)) {
    const receipt = await ask<WholeReceipt>({ method: 'GET', path: `${path}/${armedAt}` });
    if (isNo(receipt)) return receipt;
    found.push(receipt);
  }
  return found;
}

/** A receipt for people. */
export function receiptText(receipt: WholeReceipt, isLong: boolean): string {
  const { packages, instructions, machine, snapshots } = receipt;
  const pins = Object.entries(snapshots).map(([repo, snapshot]) => ['snapshot', `${repo}@${snapshot}`] as const);
  const files = receipt.files.map(({ role, gave, name, via, bytes, sha256 }) => {
    const digest = sha256 === undefined ? '' : `, sha256 ${sha256}`;
    return [
      role,
      `${name}${gave === '' ? '' : ` (${gave})`}, ${sizeText(bytes)} over ${via.toUpperCase()}${digest}`,
    ] as const;
  });
  const phases = Object.entries(receipt.phases).map(([phase, ms]) => `${phase} ${lengthWords(ms)}`);
  const took = lengthWords(receipt.installedAt - receipt.startedAt);
  const lines = [
    ['installed', `${timeWords(receipt.installedAt)}, in ${took}, on boot ${receipt.attempts} since it was armed`],
    ['armed', timeWords(receipt.armedAt)],
    ['what', `${receipt.os} from the tree ${receipt.tree}, profile ${receipt.profile}`],
    ['machine', `${machine.macs.join(' ')} at ${machine.address}`],
    [instructions.what, `sha256 ${instructions.sha256}, read ${timeWords(instructions.at)}`],
    ['agreed', receipt.agreed],
    ...pins,
    ...files,
    ['packages', packageWords(packages)],
    ['phases', phases.join(', ')],
    ['kickstand', receipt.version],
  ] as const;
  const names = isLong ? packages.names.map((name) => `    ${name}\n`).join('') : '';
  return `${receipt.host}\n${lines.map(([what, text]) => `  ${what.padEnd(14)}${text}\n`).join('')}${names}`;
}

function packageWords({ count, bytes, listed, list }: WholeReceipt['packages']): string {
  const missing = listed === count ? '' : ` (${listed} of them listed)`;
  return `${count} served, ${sizeText(bytes)}${missing}, list sha256 ${list}`;
}
