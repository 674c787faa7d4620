// Which operating system fits which role, and which hypervisor which CloudStack. Pure; used by checks and by resolve.

import type { CloudStackOptions, Os, Role } from '../domain.ts';
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

/**
 * What speaks against hosts of `os` under a CloudStack with `options`, or undefined. CloudStack 4.0 knows XenServer
 * 5.6.x, 6.0 and 6.0.2 and refuses 6.1 and 6.2 (XcpServerDiscoverer; its installation guide, XenServer chapter).
 */
export function checkHypervisor(options: Pick<CloudStackOptions, 'version' | 'hypervisor'>, os: Os): Fault | undefined {
  if (options.hypervisor !== 'xenserver' || !isXen(os) || !/^4\.0(?:\.|$)/.test(options.version)) return undefined;
  const accepted = os.family === 'xenserver' && /^(?:5\.6(?:\.\d+)*|6\.0(?:\.[02])?)$/.test(os.version);
  if (accepted) return undefined;
  return {
    message: `CloudStack ${options.version} refuses ${os.family === 'xenserver' ? 'XenServer' : 'XCP-ng'} ${os.version}`,
    remedy: 'it accepts XenServer 5.6, 6.0 and 6.0.2',
  };
}
