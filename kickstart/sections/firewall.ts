// The firewall and SELinux lines of a kickstart.

import type { Install } from '../../server/domain.ts';
import { kickstartValue } from '../quote.ts';

/** The lines. A role's own rules come with its configuration files, which name what the profile opens as well. */
export function firewallLines({ custom, role }: Install): readonly string[] {
  const { services, ports } = custom.firewall;
  const opened = ports.map((port) => port.replace('/', ':')).join(',');
  return [
    // CloudStack's set-up refuses to run while SELinux enforces, and its agent was never written for it.
    `selinux --${custom.selinux ?? (PERMISSIVE.has(role) ? 'permissive' : 'enforcing')}`,
    `firewall --enabled --service=${['ssh', ...services].map(kickstartValue).join(',')}${opened === '' ? '' : ` --port=${opened}`}`,
  ];
}

/** The roles whose programs do not run while SELinux enforces. */
export const PERMISSIVE: ReadonlySet<Install['role']> = new Set(['cloudstack-management', 'kvm-agent']);
