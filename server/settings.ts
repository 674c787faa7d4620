// Flags and environment → Settings, or all that is wrong with them. What the process is told, as opposed to the site.

import type { Ipv4 } from './address.ts';
import { parseIpv4 } from './address.ts';
import type { LogLevel } from './log.ts';
import { messageOf } from './malformed.ts';

/** How this process runs. Paths are absolute. A port left undefined means: the protocol's own, or the fall-back without root. */
export type Settings = {
  readonly siteFile: string;
  readonly dataDirectory: string;
  readonly listen: string;
  readonly httpPort: number | undefined;
  readonly tftpPort: number | undefined;
  /** Operators over TLS; undefined: over plain HTTP. */
  readonly httpsPort: number | undefined;
  /** Where installers' own logs are received, UDP and TCP; undefined: nowhere. */
  readonly syslogPort: number | undefined;
  readonly advertise: Ipv4 | undefined;
  readonly dhcp: 'off' | 'proxy' | 'server';
  /** Where DHCP is answered; undefined: the interface that has the appliance's address. */
  readonly dhcpInterface: string | undefined;
  /** Serve leases although another DHCP server answers on that wire. */
  readonly dhcpForce: boolean;
  readonly logLevel: LogLevel;
};

/** Raw values by flag name (`http-port`), from the command line or from `KICKSTAND_HTTP_PORT`. */
export type RawSettings = Readonly<Record<string, string | undefined>>;

/** What the parse needs to know of the place it runs in; both functions give absolute paths. */
export type SettingsPlace = {
  /** A path an operator typed, relative to where they stand. */
  readonly fromHere: (path: string) => string;
  /** A default, relative to the checkout. */
  readonly fromHome: (path: string) => string;
  readonly exists: (path: string) => boolean;
};

export type SettingsResult =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

export type SettingFlag = {
  readonly name: string;
  readonly value: string;
  readonly help: string;
  /** What the flag means on the command line without a value; flags without this need one. */
  readonly bare?: string;
};

/** Every flag that `serve` knows, with the text of its help. */
export const settingFlags: readonly SettingFlag[] = [
  { name: 'site', value: 'FILE', help: 'the site file (default: site.yaml, else site.example.yaml)' },
  { name: 'data', value: 'DIR', help: 'where content and state are kept (default: data)' },
  { name: 'listen', value: 'ADDR', help: 'the address to listen on (default: 0.0.0.0)' },
  { name: 'http-port', value: 'N', help: 'HTTP port (default: 80, without root 8080; 0: any free one)' },
  {
    name: 'https-port',
    value: 'N',
    help: 'take operators over HTTPS, and over nothing else (default: off; 0: any free one); DATA/tls holds the certificate',
  },
  { name: 'tftp-port', value: 'N', help: 'TFTP port (default: 69, without root 6969; 0: any free one)' },
  {
    name: 'syslog-port',
    value: 'N',
    help: "receive installers' own logs, over UDP and TCP (default: off; 0: any free one)",
  },
  {
    name: 'dhcp',
    value: 'MODE',
    help: "off; proxy: answer network boot beside the network's own DHCP server; server: hand out addresses too (default: off)",
  },
  {
    name: 'dhcp-interface',
    value: 'IF',
    help: "where DHCP answers (default: the interface with the appliance's address)",
  },
  {
    name: 'dhcp-force',
    value: 'yes|no',
    bare: 'yes',
    help: 'hand out addresses although another DHCP server answers there (default: no)',
  },
  { name: 'advertise', value: 'ADDR', help: "the address hosts are told (default: the site's appliance)" },
  { name: 'log-level', value: 'LEVEL', help: 'debug, info, warn, error or silent (default: info)' },
];

/** The environment variable of a flag: `http-port` → `KICKSTAND_HTTP_PORT`. */
export function environmentName(flag: string): string {
  return `KICKSTAND_${flag.replaceAll('-', '_').toUpperCase()}`;
}

/** Reads all settings; flags win over the environment. All problems at once. */
export function parseSettings(raw: RawSettings, place: SettingsPlace): SettingsResult {
  const problems: string[] = [];
  const check = <T>(flag: string, parse: (text: string) => T): T | undefined => {
    const text = raw[flag];
    if (text === undefined || text === '') return undefined;
    try {
      return parse(text);
    } catch (error) {
      problems.push(`--${flag}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const settings: Settings = {
    siteFile: check('site', place.fromHere) ?? defaultSite(place),
    dataDirectory: check('data', place.fromHere) ?? place.fromHome('data'),
    listen: check('listen', parseIpv4) ?? '0.0.0.0',
    httpPort: check('http-port', parsePort),
    tftpPort: check('tftp-port', parsePort),
    httpsPort: check('https-port', parsePort),
    syslogPort: check('syslog-port', parsePort),
    advertise: check('advertise', parseIpv4),
    dhcp: check('dhcp', parseDhcp) ?? 'off',
    dhcpInterface: check('dhcp-interface', parseInterface),
    dhcpForce: check('dhcp-force', parseYesNo) ?? false,
    logLevel: check('log-level', parseLogLevel) ?? 'info',
  };
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'settings', settings };
}

function defaultSite(place: SettingsPlace): string {
  const own = place.fromHome('site.yaml');
  return place.exists(own) ? own : place.fromHome('site.example.yaml');
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 0 && port <= 65_535))
    throw new RangeError(`${JSON.stringify(text)} is no port: give a number from 0 to 65535`);
  return port;
}

function parseDhcp(text: string): Settings['dhcp'] {
  const modes: readonly Settings['dhcp'][] = ['off', 'proxy', 'server'];
  const mode = modes.find((known) => known === text);
  if (mode === undefined) throw new RangeError(`${JSON.stringify(text)} is no mode: ${modes.join(', ')}`);
  return mode;
}

/** What Linux takes for a name (net/core/dev.c, dev_valid_name), and of that only what can be printed. */
function parseInterface(text: string): string {
  if (/^[!-~]{1,15}$/.test(text) && !/[/:]/.test(text) && text !== '.' && text !== '..') return text;
  throw new RangeError(`${JSON.stringify(text)} is no network interface: give a name such as eth0`);
}

function parseYesNo(text: string): boolean {
  if (/^(?:yes|true|1)$/i.test(text)) return true;
  if (/^(?:no|false|0)$/i.test(text)) return false;
  throw new RangeError(`${JSON.stringify(text)} is neither yes nor no`);
}

function parseLogLevel(text: string): LogLevel {
  const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];
  const level = levels.find((known) => known === text);
  if (level === undefined) throw new RangeError(`${JSON.stringify(text)} is no level: ${levels.join(', ')}`);
  return level;
}
