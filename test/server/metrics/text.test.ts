// Metrics as text: both formats as their specifications have them, whatever a site's names are.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { counted, createCounter, createHistogram, gauge, info, SERIES_LIMIT } from '../../../server/metrics/family.ts';
import { formatFor, renderMetrics } from '../../../server/metrics/text.ts';
import { readMetrics } from '../../support/metrics-text.ts';

const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

test.each([
  [undefined, 'prometheus'],
  ['*/*', 'prometheus'],
  ['text/plain', 'prometheus'],
  ['application/openmetrics-text', 'openmetrics'],
  ['application/openmetrics-text; version=1.0.0, text/plain', 'openmetrics'],
  ['application/openmetrics-text; version=9.0.0', 'prometheus'],
  ['application/openmetrics-text; q=0', 'prometheus'],
  ['application/openmetrics-text; q=0.1, text/plain; q=0.9', 'prometheus'],
  ['application/openmetrics-text; q=many', 'prometheus'],
  [PROMETHEUS, 'openmetrics'],
])('who accepts %s is given %s', (accept, format) => {
  expect(formatFor(accept)).toBe(format);
});

describe('a family', () => {
  const hits = createCounter({ name: 'hits', help: 'A "line"\nand \\ more.', labels: ['room'] });
  hits.of('a').add(2);
  hits.of('b');
  const took = createHistogram({ name: 'took_seconds', help: 'Time.', labels: [], bounds: [0.1, 1] });
  for (const value of [0.1, 0.5, 7]) took.of().observe(value);
  const families = [
    hits.read(),
    took.read(),
    gauge({ name: 'left', help: 'Left.' }, [{ value: undefined }]),
    gauge({ name: 'odd', help: 'Odd.' }, [{ value: Number.POSITIVE_INFINITY }]),
    counted({ name: 'came', help: 'Came.' }, [{ value: 3 }]),
    info({ name: 'build', help: 'Build.' }, [['version', '1']]),
  ];

  test('in the older format', () => {
    const text = renderMetrics(families, 'prometheus');
    expect(text).toBe(
      [
        '# HELP hits_total A "line"\\nand \\\\ more.\n# TYPE hits_total counter\nhits_total{room="a"} 2\nhits_total{room="b"} 0',
        '# HELP took_seconds Time.\n# TYPE took_seconds histogram\ntook_seconds_bucket{le="0.1"} 1',
        'took_seconds_bucket{le="1.0"} 2\ntook_seconds_bucket{le="+Inf"} 3\ntook_seconds_sum 7.6\ntook_seconds_count 3',
        '# HELP odd Odd.\n# TYPE odd gauge\nodd +Inf',
        '# HELP came_total Came.\n# TYPE came_total counter\ncame_total 3',
        '# HELP build_info Build.\n# TYPE build_info gauge\nbuild_info{version="1"} 1\n',
      ].join('\n'),
    );
    readMetrics(text);
  });

  test('in OpenMetrics', () => {
    const text = renderMetrics(families, 'openmetrics');
    expect(text).toContain('# HELP hits A \\"line\\"\\nand \\\\ more.\n# TYPE hits counter\nhits_total{room="a"} 2\n');
    expect(text).toContain('# TYPE build info\nbuild_info{version="1"} 1\n# EOF\n');
    readMetrics(text, 'openmetrics');
  });

  test('has no more series than whoever scrapes can keep', () => {
    const many = createCounter({ name: 'many', help: 'Many.', labels: ['name'] });
    for (let at = 0; at < SERIES_LIMIT + 500; at += 1) many.of(`n${at}`).add(1);
    const { values } = readMetrics(renderMetrics([many.read()], 'prometheus'));
    expect([values.size, values.get('many_total{name="other"}')]).toEqual([SERIES_LIMIT + 1, 500]);
  });
});

test('no value of a label ends it early, or is taken for another', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 8 }),
      (names) => {
        const counter = createCounter({ name: 'any', help: 'Any.', labels: ['name'] });
        for (const name of names) counter.of(name).add(1);
        for (const format of ['prometheus', 'openmetrics'] as const) {
          const { values } = readMetrics(renderMetrics([counter.read()], format), format);
          expect([...values.values()]).toEqual(names.map(() => 1));
        }
      },
    ),
  );
});
