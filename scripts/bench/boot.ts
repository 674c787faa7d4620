// Compares how fast a BIOS machine with a large initrd boots: Kickstand by iPXE over HTTP, dnsmasq by pxelinux over TFTP, in turns.
// Run by hand, as root: node scripts/bench/boot.ts [--rounds N] [--json]. QEMU without KVM; each boot takes some 15 to 40 s.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLab, type Lab } from '../../test/support/lab.ts';
import { startMachine } from '../../test/support/qemu.ts';
import { bootOperator, buildTree, MACHINE, startDnsmasq, startKickstand, type BootServer } from './boot-servers.ts';
import { alternate, formatReport, ratioOf, rowOf, type Bar, type Report, type Row } from './measure.ts';

const INITRD_BYTES = 48 * 1024 * 1024;
/** No mark of a boot may be later than this after the one before. */
const MARK_MS = 180_000;

/** Seconds from power-on, as the machine's serial port showed them. */
type BootTimes = { readonly loaderAsked: number; readonly initrdLoaded: number; readonly kickstartFetched: number };

/** Both loaders of the bench are started by the same iPXE ROM, which names what it asks for before it does. */
const LOADER_ASKED = /Filename: /;
/** iPXE and pxelinux end the line of a file with `ok`, iPXE behind percentages that it takes back; the kernel starts then. */
const INITRD_LOADED = /initrd\.img[^a-z]*ok/;
const KICKSTART_FETCHED = /instructions: \d+ bytes/;

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
});
const reports = await bench(Number(flags.rounds));
process.stdout.write(
  flags.json ? `${JSON.stringify(reports, null, 2)}\n` : reports.map((report) => `${formatReport(report)}\n`).join(''),
);

async function bench(rounds: number): Promise<readonly Report[]> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-bench-'));
  try {
    const tree = await buildTree(directory, INITRD_BYTES);
    const operator = await bootOperator(directory, tree);
    const times = new Map<string, BootTimes[]>();
    const contestant = (name: string, start: (lab: Lab) => Promise<BootServer>) => ({
      name,
      run: async () => {
        const boot = await bootOnce(start);
        times.set(name, [...(times.get(name) ?? []), boot]);
        return { value: boot.kickstartFetched };
      },
    });
    const total = await alternate(
      [
        contestant('kickstand', (lab) => startKickstand(lab, operator)),
        contestant('dnsmasq', (lab) => startDnsmasq(lab, directory, tree)),
      ],
      rounds,
    );
    const loading = [...times].map(([name, boots]) =>
      rowOf(
        name,
        boots.map((boot) => ({ value: boot.initrdLoaded - boot.loaderAsked })),
      ),
    );
    return [report('loader asked → kernel started', loading, 0.4), report('power-on → kickstart fetched', total, 0.6)];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function report(what: string, rows: readonly Row[], most: number): Report {
  const bar: Bar = { kind: 'at-most', ratio: most };
  return {
    title: `A BIOS machine, an initrd of 48 MiB: ${what}`,
    how: 'SeaBIOS and its iPXE ROM under QEMU; a new network, server and machine for each boot; times from the serial port.',
    unit: 's',
    rows,
    ratios: [ratioOf(rows, { of: 'kickstand', against: 'dnsmasq', bar })],
    facts: [],
  };
}

/** One boot on a network of its own: no lease and no connection is left of the one before. */
async function bootOnce(start: (lab: Lab) => Promise<BootServer>): Promise<BootTimes> {
  await using opened = new AsyncDisposableStack();
  const lab = await startLab({ machines: [MACHINE], dhcp: 'none' });
  opened.defer(() => lab.stop());
  const server = await start(lab);
  opened.defer(async () => void (await server.stop()));
  const startMs = performance.now();
  const machine = startMachine(lab, { mac: MACHINE.mac });
  opened.defer(async () => void (await machine.stop()));
  const secondsUntil = async (mark: RegExp): Promise<number> => {
    await machine.waitFor(mark, MARK_MS);
    return (performance.now() - startMs) / 1000;
  };
  const loaderAsked = await secondsUntil(LOADER_ASKED);
  const initrdLoaded = await secondsUntil(INITRD_LOADED);
  const kickstartFetched = await secondsUntil(KICKSTART_FETCHED);
  // Its report spends the arming, so that the next boot can be armed anew.
  await machine.waitFor('kickstand-lab: reported: installed', MARK_MS);
  return { loaderAsked, initrdLoaded, kickstartFetched };
}
