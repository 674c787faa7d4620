// pxelinux.ts: goldens by TFTP and by HTTP.

import { describe, expect, test } from 'vitest';
import { renderPxelinux } from '../../../server/boot/pxelinux.ts';
import { Malformed } from '../../../server/malformed.ts';
import { everyInstall, hostileLocal, installing } from '../../support/boot-decisions.ts';
import { golden } from '../../support/golden.ts';
import { minimal } from '../../support/installs.ts';

const AT = { origin: 'http://192.168.168.26:8080' };

describe('goldens', () => {
  test.each(everyInstall)('%s by TFTP', (name, decision) =>
    golden(`boot/pxelinux-${name}.cfg`, renderPxelinux(decision, { ...AT, http: false })),
  );
  test.each(everyInstall)('%s by HTTP (lpxelinux.0)', (name, decision) =>
    golden(`boot/pxelinux-http-${name}.cfg`, renderPxelinux(decision, { ...AT, http: true })),
  );
  test('boot your own disk', () => golden('boot/pxelinux-local.cfg', renderPxelinux(hostileLocal, AT)));
});

test.each(everyInstall)('%s: without a place it is TFTP', (_, decision) =>
  expect(renderPxelinux(decision)).toBe(renderPxelinux(decision, { ...AT, http: false })),
);

test.each([
  ['a comma would make two initrds of one', 'images/a,b.img'],
  ['a blank would end the name', 'images/a b.img'],
])('by HTTP, %s', (_, initrd) => {
  const { install } = installing(minimal('9.6'));
  const boot = { kind: 'linux', kernel: 'vmlinuz', initrd } as const;
  const odd = { ...install, tree: { ...install.tree, facts: { ...install.tree.facts, boot } } };
  expect(() => renderPxelinux({ ...installing(minimal('9.6')), install: odd }, { ...AT, http: true })).toThrow(
    Malformed,
  );
});
