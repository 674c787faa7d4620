// Boot decisions of known installs, for the tests of boot scripts: as `decideBoot` makes them, with the real arguments.

import { installerArguments } from '../../kickstart/kernel-arguments.ts';
import type { BootDecision, Install } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import { cs40, hypervisor, minimal, xs01 } from './installs.ts';

export type InstallDecision = Extract<BootDecision, { kind: 'install' }>;

export function installing(install: Install): InstallDecision {
  const args = installerArguments(install);
  if (isNo(args)) throw new Error(args.reason);
  return { kind: 'install', install, arguments: args };
}

/** The decision with other arguments: for Linux its kernel's, for Xen those of the kernel it starts. */
export function told(decision: InstallDecision, kernel: readonly string[]): InstallDecision {
  return { ...decision, arguments: { ...decision.arguments, kernel } };
}

/** One install of each way to start an installer, by the name of its golden. */
export const everyInstall: readonly (readonly [string, InstallDecision])[] = [
  ['rhel-6.2', installing(cs40)],
  ['rhel-7.9', installing(minimal('7.9'))],
  ['rhel-9.6', installing(minimal('9.6'))],
  ['xenserver-6.0.2', installing(xs01)],
  ['xcp-ng-8.3', installing(hypervisor('xcp-ng', '8.3'))],
];

/** A local boot whose reason tries every loader's syntax. */
export const hostileLocal: BootDecision = {
  kind: 'local',
  host: 'x',
  cause: 'not-armed',
  reason: 'a\nexit\r\u2028DEFAULT evil\\ \' " `reboot` ${x} $(y) ; halt && z || w } # <é',
};
