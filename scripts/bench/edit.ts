// An edit in the site file until the next boot answer shows it: the real appliance, ten thousand hosts, one of them edited at a time.

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Daemon } from '../../test/support/lab-run.ts';
import type { Report, Run } from './measure.ts';
import { formatReport, median, rowOf } from './measure.ts';

const PAUSE_MS = 2;

const HELP = `node scripts/bench/edit.ts [--hosts 10000] [--edits 12] [--json]

Starts the appliance on loopback with a site of so many hosts, then gives one host after another a new MAC in the site file,
and asks for the boot script of that MAC, every ${PAUSE_MS} ms, until the answer knows it. The time runs from when the program that
saves is done (its rename, or its close) to the answer. Whatever else the machine does goes on: repeat it.

The last host of a site in which each key has its own line waits for the file to settle: nothing shows that it is whole.`;

const KICKSTAND = resolve(import.meta.dirname, '..', 'kickstand');
/** An edit that is not seen by then is not seen at all. */
const PATIENCE_MS = 20_000;
const SETTLED_MS = 1500;
/** What issue 3 asks for. */
const GOAL_MS = 50;

type Form = 'a line each' | 'lines for each key';
const FORMS = ['a line each', 'lines for each key'] as const satisfies readonly Form[];

/** How a program saves a file. Both resolve when it is done. */
const SAVERS: Readonly<Record<string, (file: string, text: string) => Promise<void>>> = {
  'renamed over the old file': async (file, text) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  },
  'written in place': (file, text) => writeFile(file, text),
};

const HEAD = `site: { name: bench, domain: bench.example, appliance: 10.0.0.2 }
networks:
  - { name: lab, subnet: 10.0.0.0/8, ranges: [{ name: hosts, use: hosts, from: 10.200.0.1, to: 10.255.0.1 }] }
trees:
  - { name: rhel6, iso: rhel6.iso, os: rhel-6.2-x86_64 }
profiles:
  - { name: node, tree: rhel6, role: minimal, storage: { layout: whole, disks: [sda] } }
hosts:
`;

/** `52:54:00:…` of a host as it was written first, `52:54:01:…` of an edit. */
function macOf(kind: 0 | 1, index: number): string {
  return [
    '52',
    '54',
    ...[kind, index >> 16, (index >> 8) & 255, index & 255].map((part) => part.toString(16).padStart(2, '0')),
  ].join(':');
}

/** Every third host takes the next address of a range, which every other host's place in the file decides. */
function siteText(form: Form, hosts: number): string {
  const texts = Array.from({ length: hosts }, (_, index) => {
    const keys = [
      `name: node-${String(index).padStart(5, '0')}`,
      'profile: node',
      'network: lab',
      index % 3 === 2 ? 'range: hosts' : `address: 10.1.${index >> 8}.${index & 255}`,
      `macs: ["${macOf(0, index)}"]`,
    ];
    return form === 'a line each' ? `  - { ${keys.join(', ')} }\n` : `  - ${keys.join('\n    ')}\n`;
  });
  return HEAD + texts.join('');
}

type Appliance = {
  readonly file: string;
  readonly script: (mac: string) => Promise<string>;
  readonly stop: () => Promise<void>;
};

async function start(directory: string, text: string): Promise<Appliance> {
  const file = join(directory, 'site.yaml');
  await writeFile(file, text);
  const where = [
    '--site',
    file,
    '--data',
    join(directory, 'data'),
    '--listen',
    '127.0.0.1',
    '--advertise',
    '127.0.0.1',
  ];
  const serve = new Daemon([
    KICKSTAND,
    'serve',
    '--json',
    ...where,
    '--http-port',
    '0',
    '--tftp-port',
    '0',
    '--log-level',
    'error',
  ]);
  await serve.waitFor(/"httpPort":\d+/, { timeoutMs: 120_000 });
  const port = Number(/"httpPort":(\d+)/.exec(serve.output)?.[1]);
  const agent = new Agent({ keepAlive: true });
  return {
    file,
    script: (mac) => fetchText({ port, agent, path: `/boot/pxelinux.cfg/01-${mac.replaceAll(':', '-')}` }),
    stop: async () => {
      agent.destroy();
      await serve.stop();
    },
  };
}

async function fetchText({ port, agent, path }: { port: number; agent: Agent; path: string }): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  get({ host: '127.0.0.1', port, agent, path }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(`${path}: ${text}`))));
  }).on('error', reject);
  return promise;
}

/** Is the machine with this MAC one of the site's, by what it is told to boot? */
async function isKnown({ script }: Appliance, mac: string): Promise<boolean> {
  return !(await script(mac)).includes('no host of the site has this MAC address');
}

/** Asks until `mac` is known; ms since `from`. */
async function untilKnown(appliance: Appliance, mac: string, from: number): Promise<number> {
  while (!(await isKnown(appliance, mac))) {
    if (performance.now() - from > PATIENCE_MS) throw new Error(`${mac} was not known after ${PATIENCE_MS} ms`);
    await sleep(PAUSE_MS);
  }
  return performance.now() - from;
}

/** One edit: which host of the file, how it was saved, ms until it was shown. */
type Shown = { readonly host: number; readonly saver: string; readonly ms: number };

type Bench = { readonly appliance: Appliance; readonly hosts: number; readonly edits: number };

/** Edits hosts all over the file, the first and the last among them. The ways to save take turns. */
async function editAll(start: string, { appliance, hosts, edits }: Bench): Promise<readonly Shown[]> {
  const shown: Shown[] = [];
  let text = start;
  for (let edit = 0; edit < edits; edit += 1) {
    const host = Math.round((edit * (hosts - 1)) / Math.max(1, edits - 1));
    for (const [turn, [saver, save]] of Object.entries(SAVERS).entries()) {
      const mac = macOf(1, edit * 2 + turn);
      text = text.replace(turn === 0 ? macOf(0, host) : macOf(1, edit * 2), mac);
      if (await isKnown(appliance, mac)) throw new Error(`${mac} is known already`);
      await save(appliance.file, text);
      shown.push({ host, saver, ms: await untilKnown(appliance, mac, performance.now()) });
    }
  }
  return shown;
}

/** How long one answer takes when nothing was edited. */
async function answerMs(appliance: Appliance): Promise<number> {
  const times: number[] = [];
  for (let ask = 0; ask < 50; ask += 1) {
    const from = performance.now();
    await appliance.script(macOf(0, 1));
    times.push(performance.now() - from);
  }
  return median(times);
}

async function bench(form: Form, hosts: number, edits: number): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-bench-'));
  try {
    const text = siteText(form, hosts);
    const appliance = await start(directory, text);
    try {
      // An appliance that was started a moment ago is still making itself fast.
      await sleep(SETTLED_MS);
      const oneAnswer = await answerMs(appliance);
      const shown = await editAll(text, { appliance, hosts, edits });
      const late = shown.filter(({ ms }) => ms > GOAL_MS);
      return {
        title: `An edit of one of ${hosts} hosts, written as ${form} (${text.length} bytes): saved → shown`,
        how: `one appliance, HTTP on loopback, asked every ${PAUSE_MS} ms; the host's MAC is what changes`,
        unit: 'ms',
        rows: Object.keys(SAVERS).map((name) =>
          rowOf(
            name,
            shown.filter(({ saver }) => saver === name).map(({ ms }): Run => ({ value: ms })),
          ),
        ),
        ratios: [],
        facts: [
          `within ${GOAL_MS} ms: ${shown.length - late.length} of ${shown.length}`,
          ...late.map(({ host, saver, ms }) => `  later: host ${host}, ${saver}: ${ms.toFixed(0)} ms`),
          `one answer takes ${oneAnswer.toFixed(1)} ms`,
          `load ${loadavg()
            .map((load) => load.toFixed(1))
            .join(' ')} on ${availableParallelism()} processors`,
        ],
      };
    } finally {
      await appliance.stop();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

const { values: flags } = parseArgs({
  options: {
    hosts: { type: 'string', default: '10000' },
    edits: { type: 'string', default: '12' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) process.stdout.write(`${HELP}\n`);
else {
  const reports: Report[] = [];
  for (const form of FORMS) {
    const report = await bench(form, Number(flags.hosts), Number(flags.edits));
    reports.push(report);
    if (!flags.json) process.stdout.write(`${formatReport(report)}\n`);
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(reports, undefined, 2)}\n`);
}
