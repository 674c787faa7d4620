// What each single value of the site file may look like: one check per kind of value, each with its remedy. Pure.

import { parseIpv4, parseMac, parseSubnet } from '../address.ts';
import { readDuration } from '../duration.ts';
import { Malformed } from '../malformed.ts';
import { parseOs } from '../os.ts';
import { SECRET_NAME } from '../secret.ts';
import type { Fault } from './finding.ts';
import { quoted } from './finding.ts';
import { nearest } from './suggest.ts';

/** Looks at one text; undefined when it is right. */
export type ValueCheck = (text: string) => Fault | undefined;

/** Names of repos, trees … stand in URLs and file names, so they keep to a safe alphabet. */
export const NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';
/** One label of a host name: RFC 1123 section 2.1. */
export const LABEL = '^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$';
export const DOMAIN = '^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z0-9-]{1,63}$';
export const LANGUAGE = '^(?:C|POSIX|[a-z]{2,3}(?:_[A-Z]{2})?)(?:\\.[A-Za-z0-9-]{1,20})?(?:@[a-z]{1,20})?$';
export const KEYBOARD = '^[A-Za-z0-9][A-Za-z0-9_-]{0,40}$';
export const PUBLISH = '^/(?:[A-Za-z0-9._~-]+/)+$';
/** An architecture as RPM writes it. */
export const ARCHITECTURE = '^[a-z][a-z0-9_]{1,31}$';
export const DISK = '^[A-Za-z0-9][A-Za-z0-9/_.:+-]{0,120}$';
export const PACKAGE =
  '^-?(?:@\\^?[A-Za-z0-9](?:[A-Za-z0-9 ._+-]{0,100}[A-Za-z0-9+])?|[A-Za-z0-9][A-Za-z0-9._+*-]{0,120})$';
export const CLOUDSTACK_VERSION = '^[1-9]\\d?(?:\\.\\d{1,3}){1,3}$';

/** `192.168.168.2`. */
export const checkIpv4 = reading(parseIpv4, 'an address is four numbers from 0 to 255, such as 192.168.168.2');
/** `52:54:00:a8:a8:02`. */
export const checkMac = reading(parseMac, 'a MAC address is six pairs of hex digits, such as "52:54:00:a8:a8:02"');
/** `192.168.168.0/24`. */
export const checkSubnet = reading(parseSubnet, 'a subnet is a network address and a prefix, such as 192.168.168.0/24');
/** `rhel-6.2-x86_64`. */
export const checkOs = reading(parseOs, 'such as rhel-6.2-x86_64');

/** A text in a fixed shape. */
export function shaped(pattern: string, what: string, remedy: string): ValueCheck {
  const expression = new RegExp(pattern);
  return (text) => (expression.test(text) ? undefined : { message: `${quoted(text)} is ${what}`, remedy });
}

/** The name of a network, range, repo, tree or profile. */
export const checkName = shaped(
  NAME,
  'no name',
  'letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 63 characters',
);

/** The name of a secret. What stands there may be the secret itself: it is not repeated. */
export function checkSecretName(text: string): Fault | undefined {
  if (new RegExp(SECRET_NAME).test(text)) return undefined;
  const remedy = 'lower-case letters, digits and dashes, as in kickstand secret set NAME; at most 64 characters';
  return { message: 'is no name of a secret', remedy };
}

/** A host's own name. Digits alone would read as part of an address. */
export function checkHostName(text: string): Fault | undefined {
  if (!new RegExp(LABEL).test(text)) {
    return {
      message: `${quoted(text)} is no host name`,
      remedy: 'letters, digits and inner dashes, without the domain',
    };
  }
  if (/^\d+$/.test(text)) return { message: `${quoted(text)} is a number, not a host name`, remedy: 'add a letter' };
  // `/bundles/site.tar.gz` is the whole site's bundle.
  if (['site', 'localhost'].includes(text.toLowerCase())) {
    return { message: `no host can be called ${quoted(text)}`, remedy: 'choose another name' };
  }
  return undefined;
}

/** The domain behind every host name, with a dot in it: cloud-setup-management refuses a host without a full name. */
export function checkDomain(text: string): Fault | undefined {
  const remedy = 'two or more labels of letters, digits and inner dashes, such as cs-cloud.com';
  if (text.length > 253 || !new RegExp(DOMAIN).test(text)) return { message: `${quoted(text)} is no domain`, remedy };
  const last = text.slice(text.lastIndexOf('.') + 1);
  if (!new RegExp(LABEL).test(last) || /^\d+$/.test(last)) return { message: `${quoted(text)} is no domain`, remedy };
  return undefined;
}

/** A time server: an address or a host name. Four numbers are always an address. */
export function checkServer(text: string): Fault | undefined {
  if (/^[\d.]+$/.test(text)) return checkIpv4(text);
  return new RegExp(LABEL).test(text) ? undefined : checkServerDomain(text);
}

function checkServerDomain(text: string): Fault | undefined {
  if (checkDomain(text) === undefined) return undefined;
  return {
    message: `${quoted(text)} is neither an address nor a host name`,
    remedy: 'such as 192.168.168.1 or ntp.example.com',
  };
}

/** A name of the time zone database, spelt as its file is: installers on Linux tell `Asia` from `asia`. */
export function checkTimezone(text: string): Fault | undefined {
  const known = Intl.supportedValuesOf('timeZone');
  if (known.includes(text)) return undefined;
  const near = nearest(text, known);
  const remedy =
    near === undefined ? 'a name of the time zone database, such as Asia/Shanghai' : `did you mean ${near}?`;
  const misspelt = { message: `${quoted(text)} is no time zone`, remedy };
  if (near?.toLowerCase() === text.toLowerCase()) return misspelt;
  // Older names (Asia/Calcutta, UTC) are not in the list; the engine knows them all the same.
  return /^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Z][A-Za-z0-9_+-]*){0,2}$/.test(text) && isTimezone(text) ? undefined : misspelt;
}

function isTimezone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** An http(s) URL without user, query or fragment. */
export function checkUrl(text: string): Fault | undefined {
  const remedy = 'such as http://cloudstack.apt-get.eu/rhel/4.0/';
  if (/[\s"'<>\\^`{|}\u0000-\u001f\u007f]/.test(text) || !/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) {
    return { message: `${quoted(text)} is no http or https URL`, remedy };
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') {
    return {
      message: 'the URL holds a user or password',
      remedy: 'keep it with kickstand secret set and write login: { user: …, password: { secret: … } }',
    };
  }
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    return { message: 'the URL has a query or a fragment', remedy: 'give the address of the directory' };
  }
  return undefined;
}

/** Where a repo comes from: an http(s) URL or an absolute directory. */
export function checkUpstream(text: string): Fault | undefined {
  if (!text.startsWith('/')) return checkUrl(text);
  return checkFilePath(text);
}

/** A file or directory. `..` is refused: a relative path is sought in two places and must not leave either. */
export function checkFilePath(text: string): Fault | undefined {
  if (text === '' || text.length > 1024 || /[\u0000-\u001f\u007f]/.test(text)) {
    return { message: `${quoted(text)} is no path`, remedy: 'such as /media or RHEL6.2-DVD1.iso' };
  }
  if (text.split('/').includes('..')) {
    return { message: `the path ${quoted(text)} leads upwards`, remedy: 'give an absolute path' };
  }
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
    ? { message: `${quoted(text)} is a URL, not a path`, remedy: 'write upstream: for what is fetched' }
    : undefined;
}

/** First segments the appliance serves itself (contract: HTTP). */
const RESERVED = new Set(
  'api repos repo-files trees boot kickstart answerfile hosts bundles templates healthz metrics assets console favicon.ico'.split(
    ' ',
  ),
);

/** A second place to serve a repo at: `/4.0/`. */
export function checkPublish(text: string): Fault | undefined {
  const segments = text.split('/').slice(1, -1);
  if (!new RegExp(PUBLISH).test(text) || segments.some((segment) => segment === '.' || segment === '..')) {
    return { message: `${quoted(text)} cannot be published at`, remedy: 'begin and end with a slash, such as /4.0/' };
  }
  const first = segments[0]?.toLowerCase() ?? '';
  if (!RESERVED.has(first)) return undefined;
  return { message: `/${first}/ is the appliance's own`, remedy: 'choose another path' };
}

/** A whole disk as the installer names it, under /dev: `sda`, `cciss/c0d0`, `disk/by-path/…`. */
export function checkDisk(text: string): Fault | undefined {
  const bare = text.replace(/^\/dev\//, '');
  if (!new RegExp(DISK).test(bare) || bare.split('/').some((part) => ['', '.', '..'].includes(part))) {
    return { message: `${quoted(text)} is no disk`, remedy: 'its name under /dev, such as sda' };
  }
  if (bare !== text) return { message: `a disk is named without /dev/`, remedy: `write ${bare}` };
  const whole = /^((?:[shv]|xv)d[a-z]{1,3})\d+$|^((?:nvme\d+n\d+|mmcblk\d+|cciss\/c\d+d\d+))p\d+$/.exec(bare);
  if (whole === null) return undefined;
  return { message: `${bare} is a partition, not a disk`, remedy: `did you mean ${whole[1] ?? whole[2] ?? ''}?` };
}

/** A network with shorter leases is busy with nothing else; after longer ones an address that was left stays lost too long. */
const LEASE_MS = { shortest: 2 * 60_000, longest: 7 * 86_400_000 } as const;

/** How long a DHCP lease lasts: `1h`. */
export function checkLease(text: string): Fault | undefined {
  const ms = readDuration(text);
  if (ms === undefined)
    return { message: `${quoted(text)} is no length of time`, remedy: 'write it like 30m, 12h or 1d' };
  if (ms >= LEASE_MS.shortest && ms <= LEASE_MS.longest) return undefined;
  return { message: `a lease of ${text} is too ${ms < LEASE_MS.shortest ? 'short' : 'long'}`, remedy: 'from 2m to 7d' };
}

/** A check that is some parser's: its `Malformed` becomes the fault. */
function reading(parse: (text: string) => unknown, remedy: string): ValueCheck {
  return (text) => {
    try {
      parse(text);
      return undefined;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return { message: error.message.slice(0, -` (${error.where})`.length), remedy };
    }
  };
}
