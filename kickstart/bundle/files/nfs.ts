// The NFS server on a CloudStack management host: what it exports, its fixed ports, and the domain of its user names.

import type { ConfigFile, Install } from '../../../server/domain.ts';
import { networkName } from './names.ts';
import { NFS_PORTS } from './ports.ts';

/** Primary and secondary storage. */
export const STORAGE_DIRECTORIES = ['/export/primary', '/export/secondary'] as const;

/** Primary and secondary storage lie below /export; hypervisors mount them as root. exports(5). */
export function exportsFile(): ConfigFile {
  return { path: '/etc/exports', mode: 0o644, text: '/export *(rw,async,no_root_squash)\n' };
}

/** Fixed ports, because a firewall cannot follow the ones that rpcbind hands out: sysconfig up to EL7, nfs.conf(5) from EL8. */
export function nfsPortFiles(install: Install): readonly ConfigFile[] {
  return install.os.major >= 8 ? [nfsConf(), rquotad(), lockdSysctl()] : [sysconfigNfs()];
}

/** Must name the same domain on server and clients, or NFSv4 shows every owner as nobody. idmapd.conf(5). */
export function idmapdFile(install: Install): ConfigFile {
  const lines = [
    '[General]',
    `Domain = ${networkName(install.host.domain)}`,
    '',
    '[Mapping]',
    'Nobody-User = nobody',
    'Nobody-Group = nobody',
    '',
    '[Translation]',
    'Method = nsswitch',
  ];
  return { path: '/etc/idmapd.conf', mode: 0o644, text: `${lines.join('\n')}\n` };
}

function sysconfigNfs(): ConfigFile {
  const lines = [
    `LOCKD_TCPPORT=${NFS_PORTS.lockdTcp}`,
    `LOCKD_UDPPORT=${NFS_PORTS.lockdUdp}`,
    `MOUNTD_PORT=${NFS_PORTS.mountd}`,
    `RQUOTAD_PORT=${NFS_PORTS.rquotad}`,
    `STATD_PORT=${NFS_PORTS.statd}`,
    `STATD_OUTGOING_PORT=${NFS_PORTS.statdOutgoing}`,
  ];
  return { path: '/etc/sysconfig/nfs', mode: 0o644, text: `${lines.join('\n')}\n` };
}

// The gssd line is the stock file's own only setting, kept because this file replaces that one.
function nfsConf(): ConfigFile {
  const lines = [
    '[gssd]',
    'use-gss-proxy=1',
    '',
    '[lockd]',
    `port=${NFS_PORTS.lockdTcp}`,
    `udp-port=${NFS_PORTS.lockdUdp}`,
    '',
    '[mountd]',
    `port=${NFS_PORTS.mountd}`,
    '',
    '[statd]',
    `port=${NFS_PORTS.statd}`,
    `outgoing-port=${NFS_PORTS.statdOutgoing}`,
  ];
  return { path: '/etc/nfs.conf', mode: 0o644, text: `${lines.join('\n')}\n` };
}

// lockd is a part of the kernel and reads no file: nfs-utils sets these when the module is loaded (Linux, fs/lockd/svc.c).
function lockdSysctl(): ConfigFile {
  const text = `fs.nfs.nlm_tcpport = ${NFS_PORTS.lockdTcp}\nfs.nfs.nlm_udpport = ${NFS_PORTS.lockdUdp}\n`;
  return { path: '/etc/sysctl.d/60-nfs-ports.conf', mode: 0o644, text };
}

function rquotad(): ConfigFile {
  const text = `RPCRQUOTADOPTS="-p ${NFS_PORTS.rquotad}"\n`;
  return { path: '/etc/sysconfig/rpc-rquotad', mode: 0o644, text };
}
