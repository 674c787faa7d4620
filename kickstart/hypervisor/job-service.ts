// How a hypervisor's first-boot job is started: its place, what starts it, and the text around its steps. By init system.

import type { HypervisorDialect } from '../../server/hypervisor-versions.ts';

/** The service's name, as service and systemctl know it. */
export const JOB_NAME = 'kickstand-firstboot';

/** The job itself: root's alone, as it holds a password. */
export const JOB = '/opt/kickstand/first-boot';

/** The steps that are done, one empty file each. */
export const DONE = '/var/lib/kickstand/first-boot';

export const JOB_LOG = '/root/kickstand-firstboot.log';

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
    { from: `/etc/rc.d/init.d/${JOB_NAME}`, to: JOB },
    { from: `/etc/rc.d/rc3.d/S99${JOB_NAME}`, to: `../init.d/${JOB_NAME}` },
  ],
  autostart: `/etc/rc.d/rc3.d/S99${JOB_NAME}`,
  startCommand: `service ${JOB_NAME} start`,
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

const UNIT = `/etc/systemd/system/${JOB_NAME}.service`;
const WANTED = `/etc/systemd/system/multi-user.target.wants/${JOB_NAME}.service`;

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
  startCommand: `systemctl start ${JOB_NAME}`,
};
