// Which requests are an installer's, by their first line and their path; and what a connection may open with.

import { describe, expect, test } from 'vitest';
import { audienceOf, audienceOfTarget, isInstallerPath } from '../../../server/http/audience.ts';
import { OPENING_LIMIT, readOpening } from '../../../server/http/opening.ts';

const PUBLISH = ['/4.0/', '/pub/os/', '/', '/api/'];
const isInstaller = (path: string): boolean => isInstallerPath(path, PUBLISH);

describe('audienceOfTarget', () => {
  test.each([
    ['/repos/base/repodata/repomd.xml', 'installer'],
    ['/repos', 'installer'],
    ['/repo-files/base.repo?snapshot=1', 'installer'],
    ['/trees/rhel6/images/install.img', 'installer'],
    ['/boot/pxelinux.0', 'installer'],
    ['/kickstart/cs40?token=t', 'installer'],
    ['/answerfile/xs-01?token=t', 'installer'],
    ['/hosts/cs40/events?token=t', 'installer'],
    ['/4.0/x', 'installer'],
    ['/4.0', 'installer'],
    ['/pub/os/', 'installer'],
    ['//repos///x', 'installer'],
    ['/%72epos/x', 'installer'],
    ['http://h/repos/x', 'installer'],
    ['/', 'operator'],
    ['/api/v1/hosts', 'operator'],
    ['/bundles/site.tar.gz', 'operator'],
    ['/healthz', 'operator'],
    ['/metrics', 'operator'],
    ['/templates/x', 'operator'],
    ['/hosts/cs40', 'operator'],
    ['/hosts/cs40/', 'operator'],
    ['/hosts/events', 'operator'],
    ['/pub/x', 'operator'],
    ['/4.00', 'operator'],
    ['/reposx', 'operator'],
    ['/Repos/x', 'operator'],
    // unreadable, or climbing: nobody's but the strict parser's
    ['/repos/../api/v1', 'operator'],
    ['/repos/%2e%2e/api/v1', 'operator'],
    ['/repos/..%2fapi', 'operator'],
    ['/api/../repos/x', 'operator'],
    ['/repos/%zz', 'operator'],
    ['/repos/é', 'operator'],
    ['*', 'operator'],
    ['', 'operator'],
  ])('%s is an %s', (target, side) => {
    expect(audienceOfTarget(target, isInstaller)).toBe(side);
  });
});

describe('audienceOf a request line', () => {
  test.each([
    ['GET /repos/x HTTP/1.1', 'installer'],
    ['GET /repos/x HTTP/1.0', 'installer'],
    ['POST /hosts/a/events HTTP/1.1', 'installer'],
    ['GET http://h/trees/x HTTP/1.1', 'installer'],
    ['GET /api HTTP/1.1', 'operator'],
    ['GET /repos/x', 'operator'],
    ['GET  /repos/x HTTP/1.1', 'operator'],
    ['GET /repos/x HTTP/1.1 x', 'operator'],
    ['GET /repos /x HTTP/1.1', 'operator'],
    ['/repos/x', 'operator'],
    ['\u0000\u0001', 'operator'],
    ['', 'operator'],
  ])('%j is an %s', (line, side) => {
    expect(audienceOf(line, isInstaller)).toBe(side);
  });
});

describe('readOpening', () => {
  test.each([
    ['', { kind: 'partial' }],
    ['GET /', { kind: 'partial' }],
    ['GET / HTTP/1.1\r', { kind: 'partial' }],
    ['GET / HTTP/1.1\r\n', { kind: 'line', line: 'GET / HTTP/1.1' }],
    ['GET / HTTP/1.1\nHost: h\n', { kind: 'line', line: 'GET / HTTP/1.1' }],
    ['\r\n\r\nGET / HTTP/1.1\r\n', { kind: 'line', line: 'GET / HTTP/1.1' }],
    ['\r\n\r\n', { kind: 'partial' }],
    ['\u0016\u0003\u0001', { kind: 'tls' }],
    ['\u0000\n', { kind: 'line', line: '\u0000' }],
    ['x'.repeat(OPENING_LIMIT - 1), { kind: 'partial' }],
    ['x'.repeat(OPENING_LIMIT), { kind: 'too-long' }],
    [`${'x'.repeat(OPENING_LIMIT)}\n`, { kind: 'too-long' }],
    ['\n'.repeat(OPENING_LIMIT), { kind: 'too-long' }],
  ])('%j', (text, opening) => {
    expect(readOpening(Buffer.from(text, 'latin1'))).toEqual(opening);
  });
});
