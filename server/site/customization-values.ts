// Checks of the texts that only a profile's customization has: interfaces, accounts, keys, ports, arguments, scripts. Pure.

import { OPERATOR_SECRET } from '../secret.ts';
import type { Fault } from './finding.ts';
import { quoted } from './finding.ts';
import { checkSecretName } from './values.ts';

/** A network interface: IFNAMSIZ leaves 15 characters, and a VLAN on it wants five of them. */
export const INTERFACE = '^[A-Za-z][A-Za-z0-9_-]{0,9}$';
/** useradd(8) on RHEL; no dot and no dollar, so that it is a word everywhere. */
export const ACCOUNT = '^[a-z_][a-z0-9_-]{0,30}$';
export const UNIT = '^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$';
export const PORT = '^[1-9]\\d{0,4}(?:-[1-9]\\d{0,4})?/(?:tcp|udp)$';
/** As the stage of a report, with room for `post.` before it. */
export const STEP = '^[a-z][a-z0-9-]{0,31}$';

/** sshd(8), AUTHORIZED_KEYS: a type, the key in base64 and a comment. Options are not taken: they may hold commands. */
const SSH_KEY =
  /^(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp(?:256|384|521)|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]{40,4000}={0,2}(?: [ -~]{1,200})?$/;

const MOST_SCRIPT = 64 * 1024;

/** A bridge. Names that the kernel or an installer gives to cards are not free. */
export function checkInterface(text: string): Fault | undefined {
  if (!new RegExp(INTERFACE).test(text)) {
    return {
      message: `${quoted(text)} is no name of a bridge`,
      remedy: 'up to ten letters and digits, such as cloudbr0',
    };
  }
  return /^(?:eth|en[ospx]|em|bond|lo|wlan)\d*$/.test(text)
    ? { message: `${text} is the name of another kind of interface`, remedy: 'such as cloudbr0' }
    : undefined;
}

/** An account beside root. */
export function checkUser(text: string): Fault | undefined {
  if (!new RegExp(ACCOUNT).test(text)) {
    return {
      message: `${quoted(text)} is no name of an account`,
      remedy: 'lower-case letters, digits, dashes and underscores',
    };
  }
  return text === 'root'
    ? {
        message: 'root is there already',
        remedy: 'its keys stand in sshKeys of the profile, its password in rootPassword of the site',
      }
    : undefined;
}

/** A public key. A private one that was pasted by mistake is not repeated. */
export function checkSshKey(text: string): Fault | undefined {
  if (SSH_KEY.test(text)) return undefined;
  const remedy = 'one line as in id_ed25519.pub: the type, the key, a comment';
  return text.includes('PRIVATE KEY')
    ? { message: 'is a private key', remedy: 'give the public one, from the file that ends in .pub' }
    : { message: 'is no public key of ssh', remedy };
}

/** `8443/tcp`, `5900-6100/tcp`. */
export function checkPort(text: string): Fault | undefined {
  const [low = 0, high = low] = (/^[\d-]+/.exec(text)?.[0] ?? '').split('-').map(Number);
  return new RegExp(PORT).test(text) && low <= high && high <= 65_535
    ? undefined
    : { message: `${quoted(text)} is no port`, remedy: 'such as 8443/tcp or 5900-6100/tcp' };
}

/** One argument: printable ASCII without blanks, quotes, backslashes. */
export function checkKernelArgument(text: string): Fault | undefined {
  if (/^[!#-&(-[\]-_a-~]{1,200}$/.test(text)) return undefined;
  return { message: `${quoted(text)} is no kernel argument`, remedy: 'one word without quotes, such as console=ttyS0' };
}

/** A secret that a template may ask for. */
export function checkAskedSecret(text: string): Fault | undefined {
  if (text !== OPERATOR_SECRET) return checkSecretName(text);
  return { message: `the secret ${text} opens the appliance itself`, remedy: 'no template may have it' };
}

/** A script: text without NUL or carriage returns, which no shell here would take well. */
export function checkScript(text: string): Fault | undefined {
  if (text.trim() === '') return { message: 'is empty', remedy: 'write what the step does, or remove it' };
  if (text.length > MOST_SCRIPT)
    return { message: `is longer than ${MOST_SCRIPT} characters`, remedy: 'put it into a package' };
  return /[\u0000\r]/.test(text)
    ? { message: 'holds NUL or carriage returns', remedy: 'write its lines with plain line feeds' }
    : undefined;
}
