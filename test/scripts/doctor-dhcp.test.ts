// What the doctor says of other DHCP servers on the wire: one must be alone with its addresses, the other needs somebody who gives them.

import { describe, expect, test } from 'vitest';
import { othersCheck } from '../../scripts/cli/doctor-dhcp.ts';
import { parseIpv4 } from '../../server/address.ts';

const nothing = { server: parseIpv4('10.0.0.2'), offered: undefined, nextServer: undefined, bootFile: undefined };
const company = { ...nothing, offered: parseIpv4('10.0.0.200') };
const wds = { ...nothing, bootFile: 'wdsnbp.com' };

describe('other DHCP servers', () => {
  test.each<[string, Parameters<typeof othersCheck>, RegExp]>([
    ['a server that is alone', ['server', []], /^ok none answers$/],
    ['a server beside another', ['server', [company]], /^PROBLEM 10\.0\.0\.2 \(offers 10\.0\.0\.200\).*--dhcp proxy/],
    ['a server beside a boot server', ['server', [wds]], /^PROBLEM .*wdsnbp\.com.*file name away/],
    ['a proxy beside the company', ['proxy', [company]], /^ok 10\.0\.0\.2 \(offers 10\.0\.0\.200\)$/],
    ['a proxy without anybody', ['proxy', []], /^PROBLEM none answers.*--dhcp server/],
    [
      'a proxy beside a company that names a boot file',
      ['proxy', [{ ...company, bootFile: 'other.0' }]],
      /^PROBLEM .*the boot file other\.0.*file name away/,
    ],
  ])('%s', (_name, args, told) => {
    const { ok, found, remedy } = othersCheck(...args);
    expect(`${ok ? 'ok' : 'PROBLEM'} ${found}${remedy === undefined ? '' : ` — ${remedy}`}`).toMatch(told);
  });
});
