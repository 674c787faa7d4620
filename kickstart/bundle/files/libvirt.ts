// libvirt on a KVM host, as CloudStack's agent and the management server want it.

import { cloudstackGeneration } from '../../../server/cloudstack.ts';
import type { ConfigFile, Install } from '../../../server/domain.ts';
import { LIBVIRT_PORTS } from './ports.ts';

/** The files; stock ones hold nothing but comments. The agent's own agent.properties is written when the host is added. */
export function libvirtFiles(install: Install): readonly ConfigFile[] {
  return [
    libvirtd(install),
    file('/etc/sysconfig/libvirtd', ['LIBVIRTD_ARGS="--listen"']),
    // The console proxy, a system VM, opens the screens of guests from elsewhere.
    file('/etc/libvirt/qemu.conf', ['vnc_listen = "0.0.0.0"']),
    // EL9's clients look for one daemon for each driver unless told otherwise.
    ...(install.os.major >= 9 ? [file('/etc/libvirt/libvirt.conf', ['remote_mode = "legacy"'])] : []),
  ];
}

// Guests move from host to host through libvirt. 4.0 knows but plain TCP without a password, which only the firewall keeps
// from strangers; current versions set TLS up when they add the host, and are given no such door (their manual, KVM chapter).
function libvirtd({ cloudstack }: Install): ConfigFile {
  const isCurrent = cloudstackGeneration(cloudstack?.version ?? '') === 'current';
  return file('/etc/libvirt/libvirtd.conf', [
    'listen_tls = 0',
    `listen_tcp = ${isCurrent ? 0 : 1}`,
    ...(isCurrent ? [`tls_port = "${LIBVIRT_PORTS.tls}"`] : []),
    `tcp_port = "${LIBVIRT_PORTS.tcp}"`,
    'auth_tcp = "none"',
    'mdns_adv = 0',
  ]);
}

function file(path: string, lines: readonly string[]): ConfigFile {
  return { path, mode: 0o644, text: `${lines.join('\n')}\n` };
}
