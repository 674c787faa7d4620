// The README.txt of one host's part of a bundle: what lies there, and how to use it without the appliance.

import { formatSubnet } from '../../server/address.ts';
import type { Install } from '../../server/domain.ts';
import { wipedDisks } from '../disks.ts';
import { register } from '../first-boot-service.ts';
import { hasFirstBoot } from '../first-boot.ts';
import { initOf } from '../init.ts';
import { commandsByHand } from '../roles/steps.ts';
import { JOB } from '../hypervisor/job-service.ts';
import { hasJob } from '../hypervisor/job-steps.ts';

/** For an administrator who has this archive and nothing else. */
export function hostReadme(install: Install, secrets: 'redacted' | 'included'): string {
  const sections = [
    about(install),
    secrets === 'included' ? INCLUDED : REDACTED,
    install.role === 'xenserver' ? xenserver(install) : linux(install),
    CHECKING,
  ];
  return sections.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

const REDACTED = [
  'Secrets are not in here. Where the one called NAME belongs it says @SECRET:NAME@; put the real value in its place',
  "before use. To find the places:  grep -r '@SECRET:' .",
];
const INCLUDED = [
  'THIS BUNDLE HOLDS SECRETS: password hashes and passwords. Keep it as you would keep the passwords themselves.',
];
const CHECKING = [
  'manifest.json, at the top of the archive, lists every other file with its mode, size and sha256, and the repo',
  'snapshots that the URLs in here are pinned to. The same site and content always give the same archive.',
];

function about(install: Install): readonly string[] {
  const { host, os, network, storage } = install;
  return [
    `${host.name} of site ${install.site.name}`,
    '',
    `name      ${host.fqdn}`,
    `address   ${host.address} in ${formatSubnet(network.subnet)}`,
    `MACs      ${host.macs.join(', ')}`,
    `becomes   ${install.role} (profile ${install.profile}) on ${os.family} ${os.version} ${os.arch}`,
    `from      ${install.tree.url}`,
    `WIPES     ${[...new Set([...wipedDisks(storage), ...storage.guest])].join(', ')}`,
  ];
}

function linux(install: Install): readonly string[] {
  const argument = install.os.major >= 7 ? 'inst.ks' : 'ks';
  return [
    'kickstart.ks   what the installer reads. Installing by hand: put it on any web server that the machine reaches,',
    `               boot the installation medium, and add ${argument}=http://SERVER/kickstart.ks to the kernel's arguments.`,
    '               It needs the trees and repos at the addresses it names, and it wipes the disks named above. @TOKEN@ in',
    '               it stands for what only arming a host gives: without it, the appliance hears nothing of the machine.',
    'boot/          boot entries for this machine, at their place below a TFTP or HTTP boot server.',
    'files/         configuration files at their place in the installed system. The kickstart writes these, but for the',
    "               network card's (eth0), which the installer makes itself. On a system installed otherwise, first delete",
    '               that one from here where the system has one for this card already: two break the network of RHEL 6.',
    '               Then, as root, where this README lies:',
    ...byHand(install).map((command) => `                 ${command}`),
    'repo-files/    the repositories alone: copy them to /etc/yum.repos.d of any machine on this network.',
    ...(install.role === 'cloudstack-management' ? ZONE : []),
  ];
}

const ZONE = [
  "zone/          the zone that this site's plan amounts to: api-calls.txt to read, build-zone.py to build it by CloudStack's",
  "               API, marvin.json for CloudStack's own test tool. They are there where the plan makes a zone.",
];

// Files alone, so that no directory of the system takes over the owner or the mode of one in here.
function byHand(install: Install): readonly string[] {
  return [
    '(cd files && find . -type f | tar -cf - -T -) | tar --no-same-owner -C / -xpf -',
    'if command -v restorecon >/dev/null; then restorecon -R /etc; fi',
    ...commandsByHand(install),
    ...(hasFirstBoot(install) ? register(initOf(install.os)) : []),
  ];
}

function xenserver(install: Install): readonly string[] {
  return [
    'answerfile.xml what the installer reads: disk, network, name servers, time and password. Installing by hand: put',
    '               it on any web server that the machine reaches, and boot the installer with',
    '               answerfile=http://SERVER/answerfile.xml install among the arguments of its Linux kernel.',
    `               It needs the tree at ${install.tree.url} and wipes the disks named above.`,
    '               Away from the appliance, take its <script> lines out: the installer fails where it cannot fetch one.',
    '               @TOKEN@ stands for what only arming a host gives.',
    'boot/          boot entries for this machine, at their place below a TFTP or HTTP boot server.',
    ...(hasJob(install)
      ? [
          'files/         what finishes it once at its first boot, from the networks to the pool. Installed away from the',
          `               appliance: put files${JOB} there, and run it as root with the word run.`,
        ]
      : ['There are no configuration files: the installer sets everything from the answerfile.']),
  ];
}
