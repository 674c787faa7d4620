// What each role does in %post beyond placing its files.

import type { Install } from '../../server/domain.ts';
import { STORAGE_DIRECTORIES } from '../bundle/files/nfs.ts';
import { cloudstackNames } from '../cloudstack.ts';
import type { Dialect } from '../dialect.ts';
import { register } from '../first-boot-service.ts';
import type { Init } from '../init.ts';
import { initOf } from '../init.ts';
import { mirrorByHand, mirrorSteps } from '../mirror-on-host.ts';
import type { PostStep } from '../sections/steps.ts';
import { roleServices } from './services.ts';

/** The steps, run after the configuration files are in place and where no daemon can be started. `enable` is %post's own. */
export function roleSteps(install: Install, dialect: Dialect): readonly PostStep[] {
  switch (install.role) {
    case 'minimal':
    case 'xenserver':
      return [];
    case 'nfs-storage':
      return [EXPORTS_STEP, servicesStep(install, dialect)];
    case 'kvm-agent':
      return [...libvirtSteps(install), servicesStep(install, dialect)];
    case 'cloudstack-management':
      return [EXPORTS_STEP, servicesStep(install, dialect), firstBootStep(install), ...mirrorSteps(install)];
  }
}

/** What its role does in %post and a person has to do where the files were placed by hand: what their texts cannot say. */
export function commandsByHand(install: Install): readonly string[] {
  const steps = install.role === 'kvm-agent' ? libvirtSteps(install) : [];
  return [...steps.flatMap(({ commands }) => commands.split('\n')), ...mirrorByHand(install)];
}

const EXPORTS_STEP: PostStep = {
  name: 'exports',
  why: 'The NFS server starts at the first boot, before anything could make what it exports.',
  commands: `mkdir -p ${STORAGE_DIRECTORIES.join(' ')}`,
};

function servicesStep(install: Install, dialect: Dialect): PostStep {
  const { disabled } = install.custom.services;
  const services = roleServices(install, dialect).filter((service) => !disabled.includes(service));
  const commands = services.map((service) => `enable ${service}`);
  return { name: 'services', why: 'What runs from the first boot on.', commands: commands.join('\n') };
}

function firstBootStep({ cloudstack, os }: Install): PostStep {
  const init = initOf(os);
  const names = cloudstack && cloudstackNames(cloudstack.version);
  return {
    name: 'first-boot',
    why: 'What needs running daemons is done once, at the first boot; CloudStack waits until its databases exist.',
    commands: [...register(init), ...(names === undefined ? [] : [init.disable(names.service)])].join('\n'),
  };
}

// libvirtd(8), "System socket activation": with --listen all of its sockets must be masked. The daemons of EL9, one for each
// driver, take the same sockets; cloudstack-setup-agent masks them too when the host is added (apache/cloudstack#7114).
const LIBVIRTD_SOCKETS = ['libvirtd', 'libvirtd-ro', 'libvirtd-admin', 'libvirtd-tls', 'libvirtd-tcp'];
const DRIVER_UNITS = ['virtqemud', 'virtnetworkd', 'virtstoraged'];

function libvirtSteps({ os }: Install): readonly PostStep[] {
  const init = initOf(os);
  if (init.kind === 'sysv') return [];
  const sockets = LIBVIRTD_SOCKETS.map((name) => `${name}.socket`);
  const drivers = DRIVER_UNITS.flatMap((name) => [
    `${name}.service`,
    ...['', '-ro', '-admin'].map((kind) => `${name}${kind}.socket`),
  ]);
  return [
    {
      name: 'libvirt',
      why: 'One libvirtd for everything, listening by itself: what systemd would start in its place is masked.',
      commands: `systemctl mask ${sockets.join(' ')}${os.major >= 9 ? `\nsystemctl mask ${drivers.join(' ')}` : ''}`,
    },
    firewallStep(init),
  ];
}

// CloudStack writes the rules of its guests with iptables. firewalld would reject what those let through: nftables asks
// every table, and one that rejects is enough (CloudStack's manual, database chapter, has it disabled for this).
function firewallStep(init: Init): PostStep {
  return {
    name: 'firewall',
    why: 'Plain iptables instead of firewalld, which would overrule the rules that CloudStack makes for its guests.',
    commands: `${init.disable('firewalld')}\nsystemctl mask firewalld`,
  };
}
