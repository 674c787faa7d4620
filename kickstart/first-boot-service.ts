// How the first-boot script is run once: as a SysV init script up to EL6, from EL7 as a program with a systemd unit.

import type { ConfigFile } from '../server/domain.ts';
import type { Init } from './init.ts';
import { DONE, FIRST_BOOT_LOG, FIRST_BOOT_NAME } from './once.ts';

const PROGRAM = `/usr/local/sbin/${FIRST_BOOT_NAME}`;
const UNIT = `/etc/systemd/system/${FIRST_BOOT_NAME}.service`;

/** Where the script lies. */
export function scriptPath(init: Init): string {
  return init.kind === 'systemd' ? PROGRAM : `/etc/rc.d/init.d/${FIRST_BOOT_NAME}`;
}

/** The commands that make it run at the next boot, its files in place. */
export function register(init: Init): readonly string[] {
  const enable = init.enable(FIRST_BOOT_NAME);
  return init.kind === 'systemd' ? [enable] : [`chkconfig --add ${FIRST_BOOT_NAME}`, enable];
}

/** The command that lets it never run again, and the files to be removed then: the script last, as it is still running. */
export function unregister(init: Init): { readonly remove: string; readonly files: readonly string[] } {
  return init.kind === 'systemd'
    ? { remove: init.disable(FIRST_BOOT_NAME), files: [UNIT, PROGRAM] }
    : { remove: `chkconfig --del ${FIRST_BOOT_NAME}`, files: [scriptPath(init)] };
}

/**
 * The unit. A oneshot has no time limit (systemd.service(5), TimeoutStartSec=). No service may be ordered after this one:
 * those that it starts would wait for its end, and it for them. Without its script it does not run.
 */
export function firstBootUnit(): ConfigFile {
  const text = `[Unit]
Description=Finishes this CloudStack management server once, by Kickstand
Wants=network-online.target
After=network-online.target
ConditionPathExists=${PROGRAM}

[Service]
Type=oneshot
ExecStart=${PROGRAM} start

[Install]
WantedBy=multi-user.target
`;
  return { path: UNIT, mode: 0o644, text };
}

/** The head of the script. */
export function firstBootHeader(init: Init): string {
  return `#!/bin/bash
# Finishes this CloudStack management server after its installation: once, at the first boot, by Kickstand.
#
${init.kind === 'sysv' ? CHKCONFIG : ''}# After a failure it does not run again by itself. Mend the cause (${FIRST_BOOT_LOG}), then:
#   ${init.start(FIRST_BOOT_NAME)}
# Steps that were done are not repeated: setting up the databases a second time would empty them.

case $1 in
  start) ;;
  stop | restart | force-reload) exit 0 ;;
  status) ls ${DONE} 2>/dev/null; exit 0 ;;
  *) echo "Usage: $0 {start|status}"; exit 2 ;;
esac
LC_ALL=C
export LC_ALL
`;
}

// chkconfig(8): runlevels, start and stop priority. Last of all, so that mysqld and the network are up.
const CHKCONFIG = `# chkconfig: 345 99 01
# description: sets up databases, CloudStack, NFS and the firewall once, then disables itself
#
`;
