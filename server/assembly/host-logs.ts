// Installers' own logs over the open house: whose a message is, which install it belongs to, and what it must not tell.

import type { HostState } from '../domain.ts';
import type { HostEvent } from '../hosts/lifecycle.ts';
import type { KeptLine, LogPage } from '../hosts/logs/lines.ts';
import { installHeard, redact, scriptLines } from '../hosts/logs/lines.ts';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';
import type { HeardMessage, SyslogCounts, SyslogPort } from '../syslog/listener.ts';
import { startSyslogListener } from '../syslog/listener.ts';
import type { House } from './house.ts';
import { hostNamed } from './house.ts';
import { listen } from './ports.ts';

/** What installers tell, on its way into the house. */
export type LogDesk = {
  /** The host that a message from `address` is taken for: one whose install runs or has just ended. */
  hostAt(address: string): string | undefined;
  take(heard: HeardMessage): void;
  /** A script's log, which came with the token of the host's arming. */
  keepScript(host: string, text: string): void;
  /** A report's message without tokens, hashes and secrets: it is kept, and shown to who may look. */
  clean(text: string): string;
  /** Something happened to `host`: an installer that was given its instructions shows where it is. */
  follow(host: string, event: HostEvent): void;
  /** What came by the port and was not taken; undefined where there is none. */
  counts(): SyslogCounts | undefined;
  /** Opens the port that messages come by, where one is wanted. */
  listen(): Promise<SyslogPort | undefined>;
};

/** A host's state is read anew this often, not for each of thousands of lines a second. */
const STATE_MS = 500;
const SECRETS_MS = 1000;
/** An address may be another machine's after that. */
const SENDER_MS = 12 * 60 * 60_000;
/** RFC 5424 §6.2.1. */
const WARNING = 4;
const INFO = 6;

/** The desk of the open house. */
export function openLogDesk(house: House): LogDesk {
  const installOf = rememberInstalls(house);
  const secrets = rememberSecrets(house);
  const senders = rememberSenders(house);
  let port: SyslogPort | undefined;
  const hostAt = (address: string): string | undefined => {
    // Who showed its host's token there is better known than who should be there.
    const name = senders.at(address) ?? hostsByAddress(house).get(address);
    return name !== undefined && installOf(name) !== undefined ? name : undefined;
  };
  const take = ({ host, message, missed }: HeardMessage): void => {
    const install = installOf(host);
    if (install === undefined) return;
    const at = house.now();
    if (missed > 0) {
      const text = `${missed} messages of this host were let go here: they came too fast`;
      house.logs.note(host, { at, install, kind: 'syslog', severity: WARNING, source: 'kickstand', text });
    }
    const text = redact(message.text, secrets());
    if (text !== '') house.logs.note(host, { ...message, at, install, kind: 'syslog', text });
  };
  return {
    hostAt,
    take,
    keepScript: (host, text) => {
      const install = house.hosts.state(host, house.now()).arming?.armedAt;
      if (install === undefined) return;
      // One that was set a moment ago may be in it already.
      const lines = scriptLines(redact(text, house.secrets.values()));
      // A report whose answer was lost is sent again.
      const said = house.logs.read(host, { after: undefined, limit: lines.length, kind: 'script' });
      if (isRepeated(lines, said, install)) return;
      const line = { at: house.now(), install, kind: 'script', severity: INFO, source: 'script' } as const;
      for (const one of lines) house.logs.note(host, { ...line, text: one });
    },
    clean: (text) => redact(text, house.secrets.values()),
    follow: (host, event) => {
      if (event.kind === 'installing') senders.learn(event.address, host);
    },
    counts: () => port?.counts(),
    listen: async () => {
      port = await listenSyslog(house, { hostAt, take });
      return port;
    },
  };
}

function isRepeated(lines: readonly string[], kept: readonly KeptLine[], install: number): boolean {
  return kept.length === lines.length && kept.every((one, at) => one.install === install && one.text === lines[at]);
}

async function listenSyslog(house: House, desk: Pick<LogDesk, 'hostAt' | 'take'>): Promise<SyslogPort | undefined> {
  const { syslogPort, listen: address } = house.settings;
  if (syslogPort === undefined) return undefined;
  const start = (port: number): Promise<SyslogPort> => startSyslogListener({ address, port, ...desk, log: house.log });
  return listen('syslog', syslogPort, { choice: { own: syslogPort, fallBack: syslogPort }, start });
}

function rememberInstalls({ hosts, now }: House): (host: string) => number | undefined {
  const known = new Map<string, { readonly until: number; readonly state: HostState }>();
  return (host) => {
    const at = now();
    const before = known.get(host);
    const state = before !== undefined && at < before.until ? before.state : hosts.state(host, at);
    if (state !== before?.state) known.set(host, { until: at + STATE_MS, state });
    return installHeard(state, at);
  };
}

/** The values of all secrets that are set. For thousands of lines a second they are read once a second, no more. */
function rememberSecrets({ secrets, now }: House): () => readonly string[] {
  let values: readonly string[] = [];
  let until = 0;
  return () => {
    if (now() < until) return values;
    until = now() + SECRETS_MS;
    values = secrets.values();
    return values;
  };
}

function rememberSenders({ logs, now }: House) {
  const known = new Map(logs.senders(now() - SENDER_MS));
  return {
    at: (address: string): string | undefined => known.get(address),
    learn: (address: string, host: string): void => {
      known.set(address, host);
      logs.learnSender(address, host, now());
    },
  };
}

/** A site never changes: a changed file makes another one, and the index goes with the old. */
const indexes = new WeakMap<object, ReadonlyMap<string, string>>();

function hostsByAddress(house: House): ReadonlyMap<string, string> {
  const site = house.site();
  const known = indexes.get(site) ?? new Map(site.hosts.map(({ address, name }) => [address, name] as const));
  indexes.set(site, known);
  return known;
}

/** What is told of a host's log. `next`: the cursor to read on from. */
export type LogView = {
  readonly host: string;
  /** When the newest of these lines' install was armed (ms since 1970). */
  readonly install: number | undefined;
  readonly next: number;
  readonly lines: readonly KeptLine[];
};

/** A page of the log of the host called `name`. */
export function logView(house: House, name: string, page: LogPage): LogView | No {
  const found = hostNamed(house.site(), name);
  if (isNo(found)) return found;
  const lines = house.logs.read(name, page);
  const last = lines.at(-1);
  return { host: name, install: last?.install, next: last?.id ?? page.after ?? 0, lines };
}
