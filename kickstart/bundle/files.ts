// Which configuration files a host gets, by its role and OS; their texts are the business of files/*.ts.

import type { ConfigFile, Install, SecretLookup } from '../../server/domain.ts';
import { firstBootFiles } from '../first-boot.ts';
import { mirrorFiles } from '../mirror-on-host.ts';
import { jobFiles } from '../hypervisor/job.ts';
import { AGENT_RULES, firewallFile, managementRules, NFS_RULES } from './files/firewall.ts';
import { hostnameFile } from './files/hostname.ts';
import { hostsFile } from './files/hosts.ts';
import { interfaceFiles } from './files/interface.ts';
import { libvirtFiles } from './files/libvirt.ts';
import { limitsFile } from './files/limits.ts';
import { mysqlFile } from './files/mysql.ts';
import { exportsFile, idmapdFile, nfsPortFiles } from './files/nfs.ts';
import { ownRepoFiles } from './files/repos.ts';
import { resolvConfFile } from './files/resolv-conf.ts';
import { selinuxFile } from './files/selinux.ts';
import { timeFile } from './files/time.ts';

/** All files of `install`, sorted by path, as its bundle holds them: for a system installed by hand. */
export function configFiles(install: Install, secrets: SecretLookup): readonly ConfigFile[] {
  return sorted([...installerFiles(install), ...placedFiles(install, secrets)]);
}

/** The files that the kickstart's %post places, sorted by path. */
export function placedFiles(install: Install, secrets: SecretLookup): readonly ConfigFile[] {
  switch (install.role) {
    case 'minimal':
      return sorted(baseFiles(install));
    case 'kvm-agent':
      return sorted([...baseFiles(install), ...agentFiles(install)]);
    case 'nfs-storage':
      return sorted([...baseFiles(install), ...nfsFiles(install), firewallFile(install, NFS_RULES)]);
    case 'cloudstack-management':
      return sorted([...baseFiles(install), ...managementFiles(install), ...firstBootFiles(install, secrets)]);
    case 'xenserver':
      // Its answerfile sets name, network, name servers and time; there is no package repository and no %post.
      return sorted(jobFiles(install, secrets));
  }
}

/**
 * The files that say what the installer has been told and writes by itself. From the kickstart's network line it makes the
 * card's profile under the name that the card has there; with a second one for the same card EL6 loses its network.
 */
export function installerFiles(install: Install): readonly ConfigFile[] {
  return install.role === 'xenserver' ? [] : interfaceFiles(install);
}

function sorted(files: readonly ConfigFile[]): readonly ConfigFile[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function baseFiles(install: Install): readonly ConfigFile[] {
  return [
    hostsFile(install),
    hostnameFile(install),
    resolvConfFile(install),
    ...ownRepoFiles(install),
    ...present(timeFile(install)),
  ];
}

function managementFiles(install: Install): readonly ConfigFile[] {
  return [
    mysqlFile(install),
    ...nfsFiles(install),
    firewallFile(install, managementRules(install)),
    selinuxFile(install),
    limitsFile(),
    ...mirrorFiles(install),
  ];
}

function agentFiles(install: Install): readonly ConfigFile[] {
  return [...libvirtFiles(install), firewallFile(install, AGENT_RULES), selinuxFile(install)];
}

function nfsFiles(install: Install): readonly ConfigFile[] {
  return [exportsFile(), ...nfsPortFiles(install), idmapdFile(install)];
}

function present(file: ConfigFile | undefined): readonly ConfigFile[] {
  return file === undefined ? [] : [file];
}
