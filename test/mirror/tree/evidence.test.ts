// What single files of a tree tell about the system it installs.

import { describe, expect, test } from 'vitest';
import {
  discinfoEvidence,
  familyOf,
  mediaRepoEvidence,
  packagesEvidence,
  xsRepositoryEvidence,
} from '../../../mirror/tree/evidence.ts';
import { Malformed } from '../../../server/malformed.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('evidence', () => {
  test.each([
    ['1323744006.213092\n6.2\ni386\n1\n', undefined, '6.2', 'i386'],
    ['1414159991.958686\r\n6.6\r\nx86_64\r\nALL\r\n', undefined, '6.6', 'x86_64'],
    ['1594058514.631616\nCentOS Linux 8\nx86_64\nALL\n', 'centos', '8', 'x86_64'],
    ['1244124926.342471\nFedora development\nx86_64\nALL\n', 'fedora', undefined, 'x86_64'],
    ['1084442255.364550\nFedora Core 2\nx86_64\n1,2,3,4\nFedora/base\n', 'fedora', '2', 'x86_64'],
    ['1410862421.480768\nFedora-Server 21_Alpha\nx86_64\n', 'fedora', '21', 'x86_64'],
    ['1342048155.100268\nRHEL Server 7.0\nx86_64\n', 'rhel', '7.0', 'x86_64'],
    ['1449699925.1\n151209\nx86_64\n', undefined, undefined, 'x86_64'],
  ])('.discinfo %j', (text, family, version, arch) => {
    expect(discinfoEvidence(bytesOf(text))).toMatchObject({ family, version, arch });
  });

  test('a .discinfo without time stamp is Malformed', () => {
    expect(() => discinfoEvidence(bytesOf('hello\nCentOS 6\nx86_64\n'))).toThrow(Malformed);
  });

  test.each([
    ['redhat-release-server-6Server-6.2.0.3.el6.x86_64.rpm', 'rhel', '6.2'],
    ['redhat-release-workstation-6Workstation-6.5.0.2.el6.x86_64.rpm', 'rhel', '6.5'],
    ['redhat-release-server-7.9-8.el7_9.x86_64.rpm', 'rhel', '7.9'],
    ['redhat-release-8.10-0.3.el8.x86_64.rpm', 'rhel', '8.10'],
    ['redhat-release-10.0-29.el10.x86_64.rpm', 'rhel', '10.0'],
    ['centos-release-6-2.el6.centos.7.x86_64.rpm', 'centos', '6.2'],
    ['centos-release-6-10.el6.centos.12.3.x86_64.rpm', 'centos', '6.10'],
    ['centos-release-7-9.2009.0.el7.centos.x86_64.rpm', 'centos', '7.9'],
    ['centos-linux-release-8.5-1.2111.el8.noarch.rpm', 'centos', '8.5'],
    ['centos-stream-release-9.0-26.el9.noarch.rpm', 'centos', '9'],
    ['rocky-release-9.3-1.2.el9.noarch.rpm', 'rocky', '9.3'],
    ['almalinux-release-8.10-1.el8.x86_64.rpm', 'almalinux', '8.10'],
    ['oraclelinux-release-7.9-1.0.9.el7.x86_64.rpm', 'oracle', '7.9'],
    ['oraclelinux-release-6Server-5.0.2.x86_64.rpm', 'oracle', '6.5'],
    ['sl-release-7.8-1.sl7.x86_64.rpm', 'scientific', '7.8'],
    ['fedora-release-common-41-29.noarch.rpm', 'fedora', '41'],
    ['redhat-release-eula-8.10-0.3.el8.x86_64.rpm', undefined, undefined],
    ['centos-release-scl-2-3.el7.centos.noarch.rpm', undefined, undefined],
  ])('%s', (name, family, version) => {
    expect(packagesEvidence(['bash-4.1.2-8.el6.x86_64.rpm', name])).toMatchObject({ family, version, arch: 'x86_64' });
  });

  test('a rebuild that ships redhat-release too is itself', () => {
    const names = ['redhat-release-9.3-1.0.1.el9.x86_64.rpm', 'oraclelinux-release-9.3-1.0.13.el9.x86_64.rpm'];
    expect(packagesEvidence(names)).toMatchObject({ family: 'oracle', version: '9.3' });
  });

  test.each([
    ['Red Hat Enterprise Linux', 'rhel'],
    ['RHEL Server', 'rhel'],
    ['CentOS Stream', 'centos'],
    ['AlmaLinux', 'almalinux'],
    ['Oracle Linux Server', 'oracle'],
    ['Citrix XenServer', 'xenserver'],
    ['XCP-ng', 'xcp-ng'],
    ['Red Hat', undefined],
    ['RHELX', undefined],
    ['My CentOS', undefined],
  ])('the name %s means %s', (name, family) => {
    expect(familyOf(name)).toBe(family);
  });

  test('media.repo of a hand-made repository tells nothing', () => {
    const text = '[AppStream]\nname=Red Hat Enterprise Linux 8.3.0\nbaseurl=http://192.168.1.128/AppStream/\n';
    expect(mediaRepoEvidence(bytesOf(text))).toMatchObject({ family: undefined, version: undefined });
  });

  test.each([
    ['no XML', 'XenServer 6.0.2', /not XML/],
    ['another document', '<html/>', /a <html> instead of a <repository>/],
    ['a document type', '<!DOCTYPE r [<!ENTITY a "b">]><repository/>', /a document type is not accepted/],
    ['half a document', '<repository product="XenServer"', /not XML/],
  ])('XS-REPOSITORY with %s is Malformed', (_, text, message) => {
    expect(() => xsRepositoryEvidence(bytesOf(text), 'XS-REPOSITORY')).toThrow(Malformed);
    expect(() => xsRepositoryEvidence(bytesOf(text), 'XS-REPOSITORY')).toThrow(message);
  });
});
