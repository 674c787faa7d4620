// Which secrets an install needs, what form each must have, and the redacting look-up for previews and bundles.

import type { Install, SecretLookup } from '../server/domain.ts';
import type { No } from '../server/malformed.ts';
import { isNo, no } from '../server/malformed.ts';

export type SecretForm = 'crypt-hash' | 'cloudstack-password' | 'root-password' | 'text';

/** A secret an install needs. `generated`: the appliance makes one up when the operator has set none. */
export type RequiredSecret = {
  readonly name: string;
  readonly form: SecretForm;
  readonly generated: boolean;
  readonly why: string;
};

const CLOUDSTACK_SECRETS: readonly RequiredSecret[] = [
  cloudstackSecret('cloud-db', "the password of CloudStack's own database user"),
  cloudstackSecret('mysql-root', "the password of the database's root user"),
  cloudstackSecret('cloud-management-key', "the key that encrypts passwords in CloudStack's configuration"),
  cloudstackSecret('cloud-database-key', "the key that encrypts passwords in CloudStack's database"),
];

/** What tells which secrets there must be. */
export type SecretNeeds = Pick<Install, 'role' | 'rootPassword' | 'custom' | 'xenserver'> & {
  readonly host: { readonly name: string };
};

/** The secrets of `install`, the operator's own first. */
export function requiredSecrets(install: SecretNeeds): readonly RequiredSecret[] {
  const root: RequiredSecret = {
    name: install.rootPassword.secret,
    form: 'crypt-hash',
    generated: false,
    why: `the root password of ${install.host.name}, as a crypt hash`,
  };
  const users = install.custom.users.flatMap(({ name, password }): readonly RequiredSecret[] =>
    password === undefined
      ? []
      : [
          {
            name: password.secret,
            form: 'crypt-hash',
            generated: false,
            why: `the password of ${name}, as a crypt hash`,
          },
        ],
  );
  const asked = install.custom.secrets.map((name): RequiredSecret => ({
    name,
    form: 'text',
    generated: false,
    why: 'what the template of its profile asks for',
  }));
  return install.role === 'cloudstack-management'
    ? [root, ...users, ...CLOUDSTACK_SECRETS, ...asked]
    : [root, ...users, ...poolSecrets(install), ...asked];
}

/** The master of a pool opens it by itself. */
function poolSecrets({ role, xenserver, host }: SecretNeeds): readonly RequiredSecret[] {
  const pool = role === 'xenserver' ? xenserver?.pool : undefined;
  if (pool === undefined || pool.master === host.name) return [];
  const why = `root's password on ${pool.master}, as clear text, for joining its pool`;
  return [{ name: pool.password.secret, form: 'root-password', generated: false, why }];
}

/** Each crypt scheme's whole hash, so that one cut short while pasting is found before it locks everybody out. crypt(5). */
const CRYPT_FORMS: readonly { readonly scheme: CryptScheme; readonly form: RegExp }[] = [
  { scheme: '1', form: /^\$1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}$/ },
  { scheme: '5', form: /^\$5\$(?:rounds=[1-9]\d{3,8}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{43}$/ },
  { scheme: '6', form: /^\$6\$(?:rounds=[1-9]\d{3,8}\$)?[./0-9A-Za-z]{1,16}\$[./0-9A-Za-z]{86}$/ },
  { scheme: '2', form: /^\$2[aby]\$\d\d\$[./0-9A-Za-z]{53}$/ },
  { scheme: 'y', form: /^\$(?:y|gy)\$[./0-9A-Za-z]+\$[./0-9A-Za-z]{1,86}\$[./0-9A-Za-z]{43}$/ },
];

/** MD5, SHA-256, SHA-512, bcrypt, yescrypt (and gost-yescrypt). */
export type CryptScheme = '1' | '5' | '6' | '2' | 'y';

/** The scheme of a crypt hash, or undefined for anything that is no complete hash. */
export function cryptScheme(hash: string): CryptScheme | undefined {
  return CRYPT_FORMS.find(({ form }) => form.test(hash))?.scheme;
}

/**
 * What is wrong with a secret's value, or undefined. cloud-setup-databases splits its arguments at `@` and `:`, and pastes
 * passwords and keys unquoted into command lines of a shell and quoted into SQL: a CloudStack password is made only of
 * characters that mean nothing to any of them.
 */
export function secretProblem(form: SecretForm, value: string): string | undefined {
  if (isPlaceholder(value)) return 'it is the placeholder of a redacted secret';
  if (form === 'crypt-hash') {
    return cryptScheme(value) === undefined
      ? 'it is no complete crypt hash ($6$SALT$… with 86 characters after the salt is the portable one)'
      : undefined;
  }
  if (value === '') return 'it is empty';
  if (form === 'text')
    return value.length > 4096 || value.includes('\0') ? 'it is no text of at most 4096 characters' : undefined;
  if (form === 'root-password') return rootPasswordProblem(value);
  if (value.length > 64) return 'it is longer than 64 characters';
  if (!/^[A-Za-z0-9%+,./=^_-]+$/.test(value)) {
    return 'cloud-setup-databases takes only letters, digits and % + , . / = ^ _ -';
  }
  return value.startsWith('-') ? 'it starts with a dash and would be taken for an option' : undefined;
}

// xe takes it from a list in its environment, where commas part and backslashes escape; XenServer asks for six characters.
function rootPasswordProblem(value: string): string | undefined {
  if (cryptScheme(value) !== undefined) return 'it is a crypt hash: a host joins a pool by the password itself';
  if (!/^[!-~]+$/.test(value) || /[,\\]/.test(value))
    return 'xe takes only printable ASCII without blanks, commas, backslashes';
  if (value.length > 64) return 'it is longer than 64 characters';
  return value.length < 6 ? 'it is shorter than six characters' : undefined;
}

/** Answers a visible placeholder for every name: for previews and bundles without secrets. */
export const redactedSecrets: SecretLookup = (name) => `@SECRET:${name}@`;

/** Is `value` what `redactedSecrets` answers? */
export function isPlaceholder(value: string): boolean {
  return /^@SECRET:[^@]*@$/.test(value);
}

/** The values of all secrets `install` needs, by name; or why there is one that it cannot have. Placeholders pass. */
export function secretsOf(install: Install, secrets: SecretLookup): ReadonlyMap<string, string> | No {
  const values = new Map<string, string>();
  for (const required of requiredSecrets(install)) {
    const value = secretOf(required, secrets);
    if (isNo(value)) return value;
    values.set(required.name, value);
  }
  return values;
}

function secretOf({ name, form, why }: RequiredSecret, secrets: SecretLookup): string | No {
  const value = secrets(name);
  const remedy = `kickstand secret set ${name}`;
  if (value === undefined) return no(`the secret ${name} is not set: ${why}`, remedy);
  const problem = isPlaceholder(value) ? undefined : secretProblem(form, value);
  return problem === undefined ? value : no(`the secret ${name} cannot be used: ${problem}`, remedy);
}

function cloudstackSecret(name: string, why: string): RequiredSecret {
  return { name, form: 'cloudstack-password', generated: true, why };
}
