// How a system is told which services run, now and at every boot: SysV init up to EL6, systemd from EL7. Shell text.

import type { Os } from '../server/domain.ts';

/** One command line each, for a service's name. */
export type Init = {
  readonly kind: 'sysv' | 'systemd';
  readonly enable: (service: string) => string;
  readonly disable: (service: string) => string;
  readonly start: (service: string) => string;
  readonly isRunning: (service: string) => string;
};

const SYSV: Init = {
  kind: 'sysv',
  enable: (service) => `chkconfig ${service} on`,
  disable: (service) => `chkconfig ${service} off`,
  start: (service) => `service ${service} start`,
  isRunning: (service) => `service ${service} status`,
};

const SYSTEMD: Init = {
  kind: 'systemd',
  enable: (service) => `systemctl enable ${service}`,
  disable: (service) => `systemctl disable ${service}`,
  start: (service) => `systemctl start ${service}`,
  isRunning: (service) => `systemctl is-active ${service}`,
};

/** The one of `os`. */
export function initOf(os: Pick<Os, 'major'>): Init {
  return os.major >= 7 ? SYSTEMD : SYSV;
}
