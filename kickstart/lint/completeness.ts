// What an unattended install needs at all: a root password, a place to install to, packages, and an end.

import { cryptScheme, isPlaceholder } from '../secrets.ts';
import type { CryptScheme } from '../secrets.ts';
import type { Call } from './call.ts';
import { placeOf, valueOf } from './call.ts';
import type { Rule, Whole } from './calls.ts';
import { callsOf, missing, partsOf } from './calls.ts';
import type { Finding } from './finding.ts';
import { senseError, warning } from './finding.ts';

type Found = readonly (Finding | undefined)[];

const ENDS = ['reboot', 'poweroff', 'shutdown', 'halt'];
const SOURCES = ['url', 'nfs', 'cdrom', 'harddrive', 'hmc'];
/** Installs that bring their own system, and no packages. */
const IMAGES = ['liveimg', 'ostreesetup', 'ostreecontainer', 'bootc'];

/** What is missing, and what stands there twice. */
export const completeness: Rule = (whole) => {
  if (callsOf(whole, 'rescue', 'interactive').length > 0) return [];
  return [
    ...accounts(whole),
    ...storage(whole),
    ...ending(whole),
    ...required(whole),
    ...sources(whole),
    ...callsOf(whole, 'rootpw', 'user', 'sshpw').flatMap((call) => passwordFaults(call)),
  ];
};

function accounts(whole: Whole): Found {
  const roots = callsOf(whole, 'rootpw');
  const others = callsOf(whole, 'user', 'sshkey');
  const locked = others.length === 0 ? roots.slice(-1).find(({ options }) => options.has('--lock')) : undefined;
  const repeated = roots.length > 1 ? roots.at(-1) : undefined;
  return [
    roots.length === 0
      ? missing(
          whole,
          'no rootpw: the installer stops and asks for a root password',
          'rootpw --iscrypted and a crypt hash',
        )
      : undefined,
    locked === undefined
      ? undefined
      : warning(placeOf(locked), 'root is locked, and nobody else can log in', 'add a user'),
    repeated === undefined ? undefined : warning(placeOf(repeated), 'another rootpw: only the last one counts'),
  ];
}

function storage(whole: Whole): Found {
  const bare =
    partsOf(whole).length === 0 && callsOf(whole, 'autopart', 'mount', 'raid', 'logvol', 'btrfs').length === 0;
  const noLoader = callsOf(whole, 'bootloader', 'autopart', 'reqpart').length === 0;
  return [
    bare
      ? missing(whole, 'no partitioning: the installer stops and asks where to install', 'autopart, or part lines')
      : undefined,
    noLoader ? missing(whole, 'no bootloader: its place is left to chance', 'bootloader --location=mbr') : undefined,
  ];
}

function ending(whole: Whole): Found {
  const ends = callsOf(whole, ...ENDS);
  const last = ends.at(-1);
  if (last === undefined) {
    const message = 'no reboot, poweroff, shutdown or halt: the installer waits for a key at its end';
    return [missing(whole, message, 'add reboot')];
  }
  return [
    ends.length > 1 ? warning(placeOf(last), `only this ${last.name} counts: another end stands above`) : undefined,
  ];
}

function required(whole: Whole): Found {
  const names = whole.release.major === 6 ? ['lang', 'keyboard', 'timezone'] : ['timezone'];
  const absent = names.filter((name) => callsOf(whole, name).length === 0);
  const hasPackages = whole.sections.some(({ name }) => name === '%packages') || callsOf(whole, ...IMAGES).length > 0;
  return [
    ...absent.map((name) => missing(whole, `no ${name}: the installer stops and asks for it`, `add ${name}`)),
    hasPackages
      ? undefined
      : missing(whole, 'no %packages: the installer stops and asks what to install', 'add %packages'),
  ];
}

function sources(whole: Whole): Found {
  const all = callsOf(whole, ...SOURCES, ...IMAGES);
  const last = all.at(-1);
  if (all.length < 2 || last === undefined) return [];
  return [warning(placeOf(last), `only this ${last.name} counts: another source stands above`)];
}

/** A hash where plain text is meant locks everybody out as surely as plain text where a hash is meant. */
function passwordFaults(call: Call): Found {
  const password = call.name === 'user' ? valueOf(call, '--password') : call.args[0]?.text;
  if (password === undefined || isPlaceholder(password)) return [];
  // A key is no password, and a locked account needs none: `!` and `*` are how shadow(5) writes that.
  if (call.options.has('--sshkey') || call.options.has('--lock') || /^[!*]/.test(password)) return [];
  const column = call.name === 'user' ? placeOf(call, '--password').column : call.args[0]?.column;
  const at = { line: call.line, column };
  const looksHashed = /^\$(?:1|5|6|2[aby]|y|gy)\$/.test(password);
  if (!call.options.has('--iscrypted')) {
    const message = `${call.name} takes this crypt hash for the password itself`;
    return [looksHashed ? senseError(at, message, 'add --iscrypted') : undefined];
  }
  const remedy = 'openssl passwd -6 makes one';
  if (!looksHashed)
    return [senseError(at, `${call.name} --iscrypted is no crypt hash: nobody can log in with it`, remedy)];
  const whole = cryptScheme(password) !== undefined;
  return [whole ? undefined : warning(at, `the crypt hash of ${call.name} is not whole, or not of its form`, remedy)];
}

/** Hashes that a release's own libraries do not check. */
export const hashSchemes: Rule = (whole) =>
  callsOf(whole, 'rootpw', 'user').map((call) => {
    const hash = call.name === 'user' ? valueOf(call, '--password') : call.args[0]?.text;
    const scheme = hash === undefined ? undefined : cryptScheme(hash);
    if (scheme === undefined || readable(scheme, whole.release.major)) return undefined;
    const message = `RHEL ${whole.release.major} does not check a password hashed like this`;
    return warning(placeOf(call), message, 'use a $6$ hash, which every release checks');
  });

function readable(scheme: CryptScheme, major: number): boolean {
  if (scheme === '2') return major >= 8;
  if (scheme === 'y') return major >= 9;
  return scheme !== '1' || major < 9;
}
