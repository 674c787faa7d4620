// Flags and environment: defaults, their order, and every problem at once.

import { describe, expect, test } from 'vitest';
import type { RawSettings } from '../../server/settings.ts';
import { environmentName, parseSettings } from '../../server/settings.ts';

const parse = (raw: RawSettings, files: readonly string[] = []) =>
  parseSettings(raw, {
    fromHere: (path) => `/here/${path}`,
    fromHome: (path) => `/home/${path}`,
    exists: (path) => files.includes(path),
  });

describe('settings', () => {
  test.each<[string, RawSettings, readonly string[], Record<string, unknown>]>([
    [
      'with nothing said: the example site',
      {},
      [],
      {
        siteFile: '/home/site.example.yaml',
        dataDirectory: '/home/data',
        listen: '0.0.0.0',
        httpPort: undefined,
        syslogPort: undefined,
        httpsPort: undefined,
        dhcp: 'off',
        dhcpInterface: undefined,
        dhcpForce: false,
        logLevel: 'info',
      },
    ],
    ["the operator's own site where there is one", {}, ['/home/site.yaml'], { siteFile: '/home/site.yaml' }],
    [
      'paths from where the operator stands',
      { site: 'a.yaml', data: 'd' },
      [],
      { siteFile: '/here/a.yaml', dataDirectory: '/here/d' },
    ],
    ['any free port', { 'http-port': '0', 'tftp-port': '0' }, [], { httpPort: 0, tftpPort: 0 }],
    ['logs are received where a port is named', { 'syslog-port': '514' }, [], { syslogPort: 514 }],
    ['an empty value counts as not given', { 'http-port': '' }, [], { httpPort: undefined }],
    ['an address to advertise', { advertise: '192.168.168.26' }, [], { advertise: '192.168.168.26' }],
    ['DHCP beside another server', { dhcp: 'proxy' }, [], { dhcp: 'proxy', dhcpForce: false }],
    [
      'DHCP on one interface, whoever else answers there',
      { dhcp: 'server', 'dhcp-interface': 'br-lan.100', 'dhcp-force': 'yes' },
      [],
      { dhcp: 'server', dhcpInterface: 'br-lan.100', dhcpForce: true },
    ],
    ['a variable that is 1', { 'dhcp-force': '1' }, [], { dhcpForce: true }],
    ['a no', { 'dhcp-force': 'no' }, [], { dhcpForce: false }],
    ['the longest name Linux gives', { 'dhcp-interface': 'a234567890bcdef' }, [], { dhcpInterface: 'a234567890bcdef' }],
  ])('%s', (_name, raw, files, expected) => {
    expect(parse(raw, files)).toMatchObject({ kind: 'settings', settings: expected });
  });

  test('all problems at once', () => {
    const result = parse({
      'http-port': '70000',
      'tftp-port': 'x',
      listen: '010.0.0.1',
      dhcp: 'on',
      'dhcp-interface': 'eth0/..',
      'dhcp-force': 'maybe',
      'log-level': 'loud',
      advertise: 'me',
    });
    expect(result.kind === 'problems' ? result.problems.map((problem) => problem.split(':')[0]) : []).toEqual([
      '--listen',
      '--http-port',
      '--tftp-port',
      '--advertise',
      '--dhcp',
      '--dhcp-interface',
      '--dhcp-force',
      '--log-level',
    ]);
  });

  test.each(['.', '..', 'a b', 'a/b', 'eth0:1', 'a234567890bcdefg', 'käbel', 'eth0\n', '\u001b[2J'])(
    'no interface is called %j',
    (name) => {
      expect(parse({ 'dhcp-interface': name })).toEqual({
        kind: 'problems',
        problems: [`--dhcp-interface: ${JSON.stringify(name)} is no network interface: give a name such as eth0`],
      });
    },
  );

  test('each flag has its variable', () => {
    expect(environmentName('dhcp-interface')).toBe('KICKSTAND_DHCP_INTERFACE');
  });
});
