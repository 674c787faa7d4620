// Which room a request is counted for, and what is counted of its answer; stages of boots likewise.

import { describe, expect, test } from 'vitest';
import { createBootMeter } from '../../../server/metrics/boots.ts';
import type { Family } from '../../../server/metrics/family.ts';
import { createRequestMeter, roomOf } from '../../../server/metrics/requests.ts';
import { renderMetrics } from '../../../server/metrics/text.ts';
import { readMetrics } from '../../support/metrics-text.ts';

const valuesOf = (families: readonly Family[]) => readMetrics(renderMetrics(families, 'prometheus')).values;

test.each([
  ['/repos/cloudstack/x.rpm', 'content', 'repos'],
  ['/4.0/x.rpm', 'content', 'repos'],
  ['/trees/rhel6/.treeinfo', 'content', 'trees'],
  ['/repo-files/cloudstack.repo', 'no-content', 'repos'],
  ['/boot/pxelinux.0', 'no-content', 'boot'],
  ['/EFI/BOOT/grub.cfg', 'no-content', 'boot'],
  ['/kickstart/cs40?token=secret', 'no-content', 'kickstart'],
  ['/answerfile/xs-01', 'no-content', 'kickstart'],
  ['/hosts/cs40', 'no-content', 'console'],
  ['/hosts/cs40/events?stage=installed', 'no-content', 'reports'],
  ['/api/v1/hosts', 'no-content', 'api'],
  ['/healthz?strict', 'no-content', 'api'],
  ['/', 'no-content', 'console'],
  ['/?x', 'no-content', 'console'],
  ['/assets/page.css', 'no-content', 'console'],
  ['/constructor', 'no-content', 'other'],
  ['/__proto__/x', 'no-content', 'other'],
  [`/${'x'.repeat(100_000)}`, 'no-content', 'other'],
  ['', 'no-content', 'console'],
] as const)('%s (%s) belongs to %s', (target, isContent, room) => {
  expect(roomOf(target, isContent)).toBe(room);
});

describe('requests', () => {
  test('count when they end, and their bytes while they are sent', () => {
    let nowMs = 1000;
    const meter = createRequestMeter(() => nowMs);
    const socket = { bytesWritten: 500 };
    const answering = meter.begin(socket);
    answering.as('repos');
    socket.bytesWritten = 1500;
    const sent = 'kickstand_http_sent_bytes_total{room="repos"}';
    const requests = 'kickstand_http_requests_total{room="repos",status="2xx"}';
    const open = 'kickstand_http_requests_open{room="repos"}';
    const during = valuesOf(meter.read());
    expect([during.get(sent), during.get(requests), during.get(open)]).toEqual([1000, 0, 1]);
    socket.bytesWritten = 2500;
    nowMs = 1300;
    answering.end(206, 'cut');
    answering.end(206, 'cut');
    const after = valuesOf(meter.read());
    expect([after.get(sent), after.get(requests), after.get(open)]).toEqual([2000, 1, 0]);
    expect(after.get('kickstand_http_cut_answers_total{room="repos"}')).toBe(1);
    expect(after.get('kickstand_http_request_duration_seconds_sum{room="repos"}')).toBe(0.3);
  });

  test('that follow each other on a connection share no byte', () => {
    const meter = createRequestMeter(() => 0);
    const socket = { bytesWritten: 0 };
    for (const room of ['trees', 'api'] as const) {
      const answering = meter.begin(socket);
      answering.as(room);
      socket.bytesWritten += 100;
      answering.end(200, 'whole');
    }
    const values = valuesOf(meter.read());
    expect(values.get('kickstand_http_sent_bytes_total{room="trees"}')).toBe(100);
    expect(values.get('kickstand_http_sent_bytes_total{room="api"}')).toBe(100);
  });

  test('that were answered at once count with their bytes', () => {
    const meter = createRequestMeter(() => 0);
    meter.ready('trees', { status: 200, bytes: 42 });
    const values = valuesOf(meter.read());
    expect(values.get('kickstand_http_sent_bytes_total{room="trees"}')).toBe(42);
    expect(values.get('kickstand_http_requests_total{room="trees",status="2xx"}')).toBe(1);
  });
});

describe('boots', () => {
  const counted = (name: string, labels: string): string => `kickstand_${name}_total{${labels}}`;

  test('take no word of a stranger for a label', () => {
    const meter = createBootMeter();
    meter.stage({ kind: 'report', stage: 'made-up-by-a-script', message: '' });
    meter.stage({ kind: 'report', stage: 'installed', message: '' });
    meter.stage({ kind: 'instructions', what: 'kickstart', outcome: 'refused', reason: 'secret reason' });
    const text = renderMetrics(meter.read(), 'prometheus');
    expect(text).not.toMatch(/made-up|secret/);
    const { values } = readMetrics(text);
    expect(values.get(counted('boot_stages', 'stage="report",outcome="under-way"'))).toBe(1);
    expect(values.get(counted('boot_stages', 'stage="report",outcome="installed"'))).toBe(1);
    expect(values.get(counted('boot_stages', 'stage="instructions",outcome="refused"'))).toBe(1);
  });

  test('count transfers, what they sent, and what went out again', () => {
    const meter = createBootMeter();
    meter.transfer({ outcome: 'sent', bytes: 100, durationMs: 400, retransmits: 2 });
    meter.transfer({ outcome: 'timed-out', bytes: 7, durationMs: 9000, retransmits: 5 });
    const values = valuesOf(meter.read());
    expect(values.get(counted('tftp_requests', 'outcome="timed-out"'))).toBe(1);
    expect(values.get('kickstand_tftp_retransmits_total')).toBe(7);
    expect(values.get('kickstand_tftp_sent_bytes_total')).toBe(107);
    expect(values.get('kickstand_tftp_transfer_duration_seconds_count')).toBe(1);
  });
});
