// Which operating system fits which role, and which hypervisor which CloudStack. Pure; used by checks and by resolve.

import type { CloudStackOptions, Os, Role } from '../domain.ts';
import { cloudstackGeneration, cloudstackOsFault, isCloudStackRole } from '../cloudstack.ts';
import type { Fault } from './finding.ts';
import { formatOs } from '../os.ts';

/** Is this a XenServer-like system, installed by an answerfile? */
export function isXen(os: Os): boolean {
  return os.family === 'xenserver' || os.family === 'xcp-ng';
}

/** What speaks against giving `role` to a machine with `os`, or undefined. */
export function checkRole(role: Role, os: Os): Fault | undefined {
  if ((role === 'xenserver') === isXen(os)) return undefined;
  const wanted = role === 'xenserver' ? 'a XenServer or XCP-ng tree' : 'a Linux tree';
  return { message: `the role ${role} cannot be installed from ${formatOs(os)}`, remedy: `name ${wanted}` };
}

/** What speaks against a part of a CloudStack on `os`, or undefined: its packages are made for certain majors. */
export function checkCloudStackOs(
  { role, version }: { readonly role: Role | undefined; readonly version: string | undefined },
  os: Os,
): Fault | undefined {
  if (role === undefined || version === undefined || !isCloudStackRole(role) || isXen(os)) return undefined;
  return cloudstackOsFault(role, version, os);
}

/**
 * What speaks against hosts of `os` under a CloudStack with `options`, or undefined. CloudStack 4.0 knows XenServer
 * 5.6.x, 6.0 and 6.0.2 and refuses 6.1 and 6.2 (XcpServerDiscoverer; its installation guide, XenServer chapter). Current
 * versions list XenServer from 7.0 and XCP-ng from 7.4; 8.4 and 8.3 of them since 4.20.1 (release notes, compatibility).
 */
export function checkHypervisor(options: Pick<CloudStackOptions, 'version' | 'hypervisor'>, os: Os): Fault | undefined {
  if (options.hypervisor !== 'xenserver' || !isXen(os)) return undefined;
  const { version } = options;
  const name = `${os.family === 'xenserver' ? 'XenServer' : 'XCP-ng'} ${os.version}`;
  switch (cloudstackGeneration(version)) {
    case 'first':
      return isAcceptedByFirst(os)
        ? undefined
        : { message: `CloudStack ${version} refuses ${name}`, remedy: 'it accepts XenServer 5.6, 6.0 and 6.0.2' };
    case 'current':
      return checkCurrent(version, os, name);
    case 'renamed':
    case undefined:
      return undefined;
  }
}

function isAcceptedByFirst({ family, version }: Os): boolean {
  return family === 'xenserver' && /^(?:5\.6(?:\.\d+)*|6\.0(?:\.[02])?)$/.test(version);
}

function checkCurrent(version: string, { family, version: release, major }: Os, name: string): Fault | undefined {
  const minor = Number(release.split('.')[1] ?? 0);
  const [oldest, newest] = family === 'xenserver' ? [700, 804] : [704, 803];
  const listed = major * 100 + minor;
  if (listed < oldest) {
    const remedy = 'it knows XenServer from 7.0 and XCP-ng from 7.4';
    return { message: `CloudStack ${version} does not know ${name}`, remedy };
  }
  if (listed < newest || !/^4\.20\.0(?:\.\d+)*$/.test(version)) return undefined;
  return { message: `CloudStack ${version} does not know ${name} yet`, remedy: 'take CloudStack 4.20.1 or later' };
}
