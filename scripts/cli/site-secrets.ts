// What speaks against the secrets that a site names, where this appliance has them: found at `site check`, not by an installer.

import { requiredSecrets, secretProblem } from '../../kickstart/secrets.ts';
import type { SecretLookup, Site } from '../../server/domain.ts';
import { codeOf } from '../../server/malformed.ts';
import type { Problem } from '../../server/malformed.ts';
import type { Path } from '../../server/site/finding.ts';
import { formatPath } from '../../server/site/finding.ts';
import { ROOT_SECRET } from '../../server/site/resolve.ts';

/**
 * The secrets that are set and cannot be used: a root password that is no crypt hash, a CloudStack password outside the
 * alphabet of cloud-setup-databases. `lineOf` tells where a path stands in the site file. No value is ever repeated. One
 * that is not set is no problem of the file: arming asks for it, or makes it up.
 */
export function secretProblems(
  site: Site,
  { secrets, lineOf }: { readonly secrets: SecretLookup; readonly lineOf: (path: Path) => number | undefined },
): readonly Problem[] {
  const rootPassword = site.rootPassword ?? { secret: ROOT_SECRET };
  const found = new Map<string, Problem>();
  for (const [index, { name, role, custom, xenserver }] of site.profiles.entries()) {
    for (const secret of requiredSecrets({ role, custom, xenserver, rootPassword, host: { name } })) {
      const value = readable(secrets, secret.name);
      const wrong = value === undefined ? undefined : secretProblem(secret.form, value);
      if (wrong === undefined || found.has(secret.name)) continue;
      const below = secret.form === 'root-password' ? ['xenserver', 'pool', 'password'] : ['role'];
      const path = secret.name === rootPassword.secret ? rootPath(site) : ['profiles', index, ...below];
      const message = `the secret ${secret.name} cannot be used: ${wrong}`;
      const remedy = `kickstand secret set ${secret.name}${secret.form === 'crypt-hash' ? ' --hash' : ''}`;
      found.set(secret.name, { path: formatPath(path), line: lineOf(path), message, remedy });
    }
  }
  return [...found.values()].toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
}

function rootPath(site: Site): Path {
  return site.rootPassword === undefined ? ['site'] : ['site', 'rootPassword'];
}

/** A site is checked by people too who may not read the appliance's secrets: for them it has none. */
function readable(secrets: SecretLookup, name: string): string | undefined {
  try {
    return secrets(name);
  } catch (error) {
    if (codeOf(error) === 'EACCES') return undefined;
    throw error;
  }
}
