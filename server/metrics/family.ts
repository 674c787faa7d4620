// Families of metrics as values, and the counters and histograms that gather them. Knows no clock, no text format and no room.

/** In the order they are shown. */
export type Labels = readonly (readonly [name: string, value: string])[];
export type Sample = {
  readonly suffix: '' | '_total' | '_info' | '_bucket' | '_sum' | '_count';
  readonly labels: Labels;
  readonly value: number;
};

/** One metric with its series. `name` is without the suffixes of its samples; units are base units, named at its end. */
export type Family = {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'info';
  readonly help: string;
  readonly samples: readonly Sample[];
};

export type Described = { readonly name: string; readonly help: string };
/** `labels` are names; each series has its values in the same order. */
export type Labelled = Described & { readonly labels: readonly string[] };

/** One series of a counter. */
export type Count = { add(by: number): void };
export type Counter = {
  /** The series of these values, from then on shown, with 0 before anything was added: a rate needs its beginning. */
  of(...values: readonly string[]): Count;
  read(): Family;
};

/**
 * Whoever scrapes keeps every series for weeks: no label takes what a stranger sends, and should one do so after all, what is
 * beyond this goes to one series of the value `other`.
 */
export const SERIES_LIMIT = 1000;
const OTHER = 'other';

/** A counter without series. */
export function createCounter({ name, help, labels }: Labelled): Counter {
  const series = seriesOf(labels, () => ({ value: 0 }));
  return {
    of: (...values) => {
      const one = series.of(values);
      return {
        add: (by) => {
          one.value += by;
        },
      };
    },
    read: () => ({
      name,
      help,
      kind: 'counter',
      samples: series.all().map(([of, { value }]) => ({ suffix: '_total', labels: of, value })),
    }),
  };
}

/** One series of a histogram. */
export type Observations = { observe(value: number): void };
export type Histogram = { of(...values: readonly string[]): Observations; read(): Family };

/** A histogram without series. `bounds` are the upper ends of its buckets, ascending; what is beyond the last is counted too. */
export function createHistogram({ name, help, labels, bounds }: Labelled & { readonly bounds: readonly number[] }) {
  const series = seriesOf(labels, () => ({ buckets: bounds.map(() => 0), sum: 0, count: 0 }));
  const histogram: Histogram = {
    of: (...values) => {
      const one = series.of(values);
      return {
        observe: (value) => {
          one.sum += value;
          one.count += 1;
          const at = bounds.findIndex((bound) => value <= bound);
          if (at !== -1) one.buckets[at] = (one.buckets[at] ?? 0) + 1;
        },
      };
    },
    read: () => ({
      name,
      help,
      kind: 'histogram',
      samples: series.all().flatMap(([of, one]) => histogramSamples(of, bounds, one)),
    }),
  };
  return histogram;
}

type Observed = { readonly buckets: readonly number[]; readonly sum: number; readonly count: number };

/** Each bucket counts what is in those below it too. */
function histogramSamples(labels: Labels, bounds: readonly number[], { buckets, sum, count }: Observed): Sample[] {
  let below = 0;
  const steps = bounds.map((bound, at): Sample => {
    below += buckets[at] ?? 0;
    return { suffix: '_bucket', labels: [...labels, ['le', floatText(bound)]], value: below };
  });
  return [
    ...steps,
    { suffix: '_bucket', labels: [...labels, ['le', '+Inf']], value: count },
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ];
}

/** OpenMetrics wants bounds as floats (§"Canonical numbers"); the older format takes any spelling. */
function floatText(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

type Series<T> = { of(values: readonly string[]): T; all(): readonly (readonly [Labels, T])[] };

function seriesOf<T>(names: readonly string[], create: () => T): Series<T> {
  const known = new Map<string, readonly [Labels, T]>();
  const find = (values: readonly string[]): T => {
    const key = JSON.stringify(values);
    const found = known.get(key);
    if (found !== undefined) return found[1];
    const isFull = known.size >= SERIES_LIMIT && values.some((value) => value !== OTHER);
    if (isFull) return find(names.map(() => OTHER));
    const made = create();
    known.set(key, [names.map((name, at) => [name, values[at] ?? ''] as const), made]);
    return made;
  };
  return { of: find, all: () => [...known.values()] };
}

/** What is read when somebody asks: `undefined` values are left out. */
export type Reading = { readonly labels?: Labels; readonly value: number | undefined };

/** A gauge of these readings. */
export function gauge(described: Described, readings: readonly Reading[]): Family {
  return { ...described, kind: 'gauge', samples: samplesOf('', readings) };
}

/** A counter that somebody else keeps. */
export function counted(described: Described, readings: readonly Reading[]): Family {
  return { ...described, kind: 'counter', samples: samplesOf('_total', readings) };
}

/** Facts that are labels: their value is 1. */
export function info(described: Described, labels: Labels): Family {
  return { ...described, kind: 'info', samples: [{ suffix: '_info', labels, value: 1 }] };
}

function samplesOf(suffix: Sample['suffix'], readings: readonly Reading[]): readonly Sample[] {
  return readings.flatMap(({ labels = [], value }) => (value === undefined ? [] : [{ suffix, labels, value }]));
}
