// What a hypervisor's first boot does, step by step: what only xapi can, and what its answerfile has no word for. Shell text.

import type { Install } from '../../server/domain.ts';
import type { HypervisorOptions, NetworkLabel } from '../../server/hypervisor.ts';
import { NO_HYPERVISOR_OPTIONS } from '../../server/hypervisor.ts';
import { hypervisorDialect } from '../../server/hypervisor-versions.ts';
import { heredoc, shellWord } from '../quote.ts';
import type { Step } from '../sections/steps.ts';
import { hostFileUrl } from '../urls.ts';
import { poolStep } from './pool-step.ts';
import { joiningOf } from './pool.ts';

/** The steps in their order. Between `before` and `after` the host is restarted where `restarts` says so. */
export type JobSteps = {
  readonly before: readonly Step[];
  readonly restarts: boolean;
  readonly after: readonly Step[];
};

/** The steps for `install`; `password` is that of the master's root. */
export function jobSteps(install: Install, password: string): JobSteps {
  const options = install.xenserver ?? NO_HYPERVISOR_OPTIONS;
  const joining = joiningOf(install);
  const restarting = [...packSteps(install, options), ...memorySteps(options)];
  return {
    before: [
      ...labelSteps(options),
      ...licenseSteps(install, options),
      ...bridgeSteps(install, options),
      ...restarting,
    ],
    restarts: restarting.length > 0,
    // Last: a pool takes hosts with the same packs alone, and xapi finds out about packs when the host starts.
    after: joining === undefined ? [] : [poolStep(joining, password)],
  };
}

/** Is there anything to do at its first boot? */
export function hasJob(install: Install): boolean {
  const { before, after } = jobSteps(install, '');
  return before.length + after.length > 0;
}

function labelSteps({ labels }: HypervisorOptions): readonly Step[] {
  if (labels.length === 0) return [];
  const nameOne = ({ device, label }: NetworkLabel) => `name_network ${device} ${shellWord(label)}`;
  const why = "The networks' names, which the zone's traffic types refer to.";
  return [{ name: 'networks', why, commands: labels.map(nameOne).join('\n') }];
}

const LICENSE = '/root/kickstand-license';

function licenseSteps(install: Install, { license }: HypervisorOptions): readonly Step[] {
  if (license === undefined) return [];
  const commands = `trap 'rm -f ${LICENSE}' EXIT
fetch_file ${shellWord(hostFileUrl(install, 'license'))} ${LICENSE}
xe host-license-add host-uuid="$(host_uuid)" license-file=${LICENSE}`;
  return [{ name: 'license', why: 'The licence; without one the free edition ends after thirty days.', commands }];
}

const BRIDGE_SYSCTL = `net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 0
net.bridge.bridge-nf-call-arptables = 1
`;

/** CloudStack's installation guide, XenServer with basic networking: security groups filter what crosses a bridge. */
function bridgeSteps(install: Install, { backend }: HypervisorOptions): readonly Step[] {
  const dialect = hypervisorDialect(install.os);
  if (backend !== 'bridge' || dialect?.bridgeSysctl !== true) return [];
  const why = 'Security groups filter with iptables what crosses a bridge.';
  if (dialect.init === 'systemd') {
    const file = '/etc/sysctl.d/90-kickstand.conf';
    return [
      {
        name: 'bridge',
        why,
        commands: `mkdir -p /etc/sysctl.d\n${heredoc(BRIDGE_SYSCTL, `> ${file}`)}sysctl -e -p ${file}`,
      },
    ];
  }
  const commands = `touch /etc/sysctl.conf
sed -i '/^ *net\\.bridge\\.bridge-nf-call-/d' /etc/sysctl.conf
${heredoc(BRIDGE_SYSCTL, '>> /etc/sysctl.conf')}sysctl -e -p /etc/sysctl.conf`;
  return [{ name: 'bridge', why, commands }];
}

const PACK = '/root/kickstand-pack.iso';

function packSteps(install: Install, { packs }: HypervisorOptions): readonly Step[] {
  return packs.map((_, index): Step => {
    const name = `pack-${index + 1}` as const;
    // Some releases ask whether to go on.
    const commands = `trap 'rm -f ${PACK}' EXIT
fetch_file ${shellWord(hostFileUrl(install, name))} ${PACK}
yes 2>/dev/null | xe-install-supplemental-pack ${PACK}`;
    return { name, why: 'A supplemental pack.', commands };
  });
}

function memorySteps({ dom0MemoryMb }: HypervisorOptions): readonly Step[] {
  if (dom0MemoryMb === undefined) return [];
  const memory = `dom0_mem=${dom0MemoryMb}M,max:${dom0MemoryMb}M`;
  const commands = `/opt/xensource/libexec/xen-cmdline --set-xen ${memory}`;
  return [{ name: 'dom0-memory', why: 'Memory of the control domain, from the next start on.', commands }];
}
