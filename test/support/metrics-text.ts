// Reads the Prometheus text format and OpenMetrics strictly: what their specifications forbid throws. For tests.

export type ReadMetrics = {
  /** By the series as written: `name{label="value"}`. */
  readonly values: ReadonlyMap<string, number>;
  /** The names of samples. */
  readonly names: ReadonlySet<string>;
};

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/;
const NUMBER = /^(?:NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

/** Each family: HELP, TYPE, its samples in one piece, no series twice. */
export function readMetrics(text: string, format: 'prometheus' | 'openmetrics' = 'prometheus'): ReadMetrics {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('no # EOF at the end');
  const values = new Map<string, number>();
  const names = new Set<string>();
  const families = new Set<string>();
  let family = { name: '', type: '' };
  let helped = '';
  for (const line of lines) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (word === 'HELP') {
      if (families.has(name)) throw new Error(`${name} twice`);
      families.add(name);
      helped = name;
    } else if (word === 'TYPE') {
      if (name !== helped) throw new Error(`the type of ${name} without its help`);
      family = { name, type: rest };
    } else {
      const [, sample = '', , value = ''] = SAMPLE.exec(line) ?? [];
      if (sample === '' || !NUMBER.test(value)) throw new Error(`cannot be read: ${line}`);
      if (!suffixes(family.type, format).some((suffix) => sample === family.name + suffix))
        throw new Error(`${sample} is not of ${family.type} ${family.name}`);
      const series = line.slice(0, -value.length - 1);
      if (values.has(series)) throw new Error(`${series} twice`);
      values.set(series, Number(value.replace('Inf', 'Infinity')));
      names.add(sample);
    }
  }
  checkHistograms(values);
  return { values, names };
}

function suffixes(type: string, format: 'prometheus' | 'openmetrics'): readonly string[] {
  const isOpen = format === 'openmetrics';
  const known: Readonly<Record<string, readonly string[]>> = {
    gauge: [''],
    counter: [isOpen ? '_total' : ''],
    histogram: ['_bucket', '_sum', '_count'],
    info: isOpen ? ['_info'] : [],
  };
  return known[type] ?? [];
}

/** Buckets only rise, and the last of them is the count. */
function checkHistograms(values: ReadonlyMap<string, number>): void {
  const last = new Map<string, number>();
  for (const [series, value] of values) {
    const [, name, labels = ''] = /^(.+)_bucket\{(?:(.*),)?le="[^"]+"\}$/.exec(series) ?? [];
    if (name === undefined) continue;
    const key = `${name}_count${labels === '' ? '' : `{${labels}}`}`;
    if (value < (last.get(key) ?? 0)) throw new Error(`${series} falls`);
    last.set(key, value);
  }
  for (const [key, value] of last) if (values.get(key) !== value) throw new Error(`${key} is not its last bucket`);
}
