// How a hypervisor's first-boot job is started: its place, what starts it, and the text around its steps. By init system.

import type { HypervisorDialect } from '../../server/hypervisor-versions.ts';
import { FIRST_BOOT_NAME } from '../once.ts';

/** The job itself: root's alone, as it holds a password. */
export const JOB = '/opt/kickstand/first-boot';

/** A link in the new system: from where to what. */
export type Link = { readonly from: string; readonly to: string };

/** What makes the job run at every start until it is done: links and, for systemd, a unit. */
export type JobService = {
  readonly unit: { readonly path: string; readonly text: string } | undefined;
  readonly links: readonly Link[];
  /** The link without which it does not start by itself. */
  readonly autostart: string;
  /** How an operator starts it again. */
  readonly startCommand: string;
};

/**
 * 6.x would run what lies in /etc/firstboot.d once and wait for its end: the job restarts the host in its midst, and may wait
 * long for its pool's master. So it is an init script of its own, the last of its runlevel, that goes on in the background.
 */
export function jobService(init: HypervisorDialect['init']): JobService {
  return init === 'sysv' ? SYSV : SYSTEMD;
}

const SYSV: JobService = {
  unit: undefined,
  links: [
    { from: `/etc/rc.d/init.d/${FIRST_BOOT_NAME}`, to: JOB },
    { from: `/etc/rc.d/rc3.d/S99${FIRST_BOOT_NAME}`, to: `../init.d/${FIRST_BOOT_NAME}` },
  ],
  autostart: `/etc/rc.d/rc3.d/S99${FIRST_BOOT_NAME}`,
  startCommand: `service ${FIRST_BOOT_NAME} start`,
};

/** What sets up networks and local storage at the first boot: 7.x has the one, 8.x the others. Units that are not there are no matter. */
const BEFORE = [
  'network.target',
  'xapi.service',
  'xs-firstboot.service',
  'network-init.service',
  'storage-init.service',
  'control-domain-params-init.service',
];

const UNIT = `/etc/systemd/system/${FIRST_BOOT_NAME}.service`;
const WANTED = `/etc/systemd/system/multi-user.target.wants/${FIRST_BOOT_NAME}.service`;

const SYSTEMD: JobService = {
  unit: {
    path: UNIT,
    text: `[Unit]
Description=Finishes this hypervisor once after its installation, by Kickstand
After=${BEFORE.join(' ')}
ConditionPathExists=${JOB}

[Service]
Type=simple
ExecStart=${JOB} run

[Install]
WantedBy=multi-user.target
`,
  },
  links: [{ from: WANTED, to: UNIT }],
  autostart: WANTED,
  startCommand: `systemctl start ${FIRST_BOOT_NAME}`,
};
