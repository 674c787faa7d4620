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
        dhcp: 'off',
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
    ['an empty value counts as not given', { 'http-port': '' }, [], { httpPort: undefined }],
    ['an address to advertise', { advertise: '192.168.168.26' }, [], { advertise: '192.168.168.26' }],
  ])('%s', (_name, raw, files, expected) => {
    expect(parse(raw, files)).toMatchObject({ kind: 'settings', settings: expected });
  });

  test('all problems at once', () => {
    const result = parse({
      'http-port': '70000',
      'tftp-port': 'x',
      listen: '010.0.0.1',
      dhcp: 'proxy',
      'log-level': 'loud',
      advertise: 'me',
    });
    expect(result.kind === 'problems' ? result.problems.map((problem) => problem.split(':')[0]) : []).toEqual([
      '--listen',
      '--http-port',
      '--tftp-port',
      '--advertise',
      '--dhcp',
      '--log-level',
    ]);
  });

  test('each flag has its variable', () => {
    expect(environmentName('dhcp-interface')).toBe('KICKSTAND_DHCP_INTERFACE');
  });
});
