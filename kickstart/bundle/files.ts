// Which configuration files a host gets, by its role and OS; their texts are the business of files/*.ts.

import type { ConfigFile, Install, SecretLookup } from '../../server/domain.ts';
import { firstBootScript } from '../first-boot.ts';
import { firewallFile } from './files/firewall.ts';
import { hostnameFile } from './files/hostname.ts';
import { hostsFile } from './files/hosts.ts';
import { interfaceFile } from './files/interface.ts';
import { mysqlFile } from './files/mysql.ts';
import { exportsFile, idmapdFile, nfsPortFiles } from './files/nfs.ts';
import { repoFiles } from './files/repos.ts';
import { resolvConfFile } from './files/resolv-conf.ts';
import { selinuxFile } from './files/selinux.ts';
import { timeFile } from './files/time.ts';

/** The files of `install`, sorted by path: exactly those that its kickstart writes and its bundle holds. */
export function configFiles(install: Install, secrets: SecretLookup): readonly ConfigFile[] {
  return filesOfRole(install, secrets).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function filesOfRole(install: Install, secrets: SecretLookup): readonly ConfigFile[] {
  switch (install.role) {
    case 'minimal':
      return baseFiles(install);
    case 'cloudstack-management':
      return [...baseFiles(install), ...managementFiles(install), ...present(firstBootScript(install, secrets))];
    case 'xenserver':
      // Its answerfile sets name, network, name servers and time; there is no package repository and no %post.
      return [];
  }
}

function baseFiles(install: Install): readonly ConfigFile[] {
  return [
    hostsFile(install),
    hostnameFile(install),
    interfaceFile(install),
    resolvConfFile(install),
    ...repoFiles(install),
    ...present(timeFile(install)),
  ];
}

function managementFiles(install: Install): readonly ConfigFile[] {
  return [
    mysqlFile(install),
    exportsFile(),
    ...nfsPortFiles(install),
    idmapdFile(install),
    firewallFile(install),
    selinuxFile(),
  ];
}

function present(file: ConfigFile | undefined): readonly ConfigFile[] {
  return file === undefined ? [] : [file];
}
