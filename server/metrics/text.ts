// Families of metrics as text: the Prometheus text format 0.0.4, or OpenMetrics 1.0 for who prefers it. Pure.

import type { Family, Labels, Sample } from './family.ts';

export type Format = 'prometheus' | 'openmetrics';

/** What `Content-Type` says of each. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** The format that an `Accept` header asks for (RFC 9110 §12.5.1): OpenMetrics only where it is named, and liked at least as much. */
export function formatFor(accept: string | undefined): Format {
  const wishes = (accept ?? '').slice(0, 2000).split(',').map(readWish);
  const liking = (types: readonly string[]): number =>
    Math.max(0, ...wishes.filter(({ type }) => types.includes(type)).map(({ quality }) => quality));
  const openMetrics = liking(['application/openmetrics-text']);
  return openMetrics > 0 && openMetrics >= liking(['text/plain']) ? 'openmetrics' : 'prometheus';
}

type Wish = { readonly type: string; readonly quality: number };

/** A version of OpenMetrics that is not written here is no wish that can be met. */
function readWish(text: string): Wish {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const values = new Map(parameters.map((one): [string, string] => [before(one, '='), after(one, '=')]));
  const isKnown = type !== 'application/openmetrics-text' || ['1.0.0', undefined].includes(values.get('version'));
  const quality = Number(values.get('q') ?? '1');
  return { type, quality: isKnown && quality >= 0 && quality <= 1 ? quality : 0 };
}

function before(text: string, mark: string): string {
  return text.split(mark, 1)[0] ?? '';
}

function after(text: string, mark: string): string {
  return text.slice(before(text, mark).length + 1).replaceAll('"', '');
}

/** The text of `families`. A family without series is left out: nothing is known of it. */
export function renderMetrics(families: readonly Family[], format: Format): string {
  const shown = families.filter(({ samples }) => samples.length > 0).map((family) => renderFamily(family, format));
  return shown.join('') + (format === 'openmetrics' ? '# EOF\n' : '');
}

/** The older format has no info, and names a counter with its suffix where OpenMetrics leaves it to the samples. */
function renderFamily(family: Family, format: Format): string {
  const { kind, help, samples } = family;
  const isOpen = format === 'openmetrics';
  const name = isOpen ? family.name : `${family.name}${OLD_SUFFIX[kind]}`;
  const lines = [
    `# HELP ${name} ${isOpen ? quoted(help) : help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
    `# TYPE ${name} ${!isOpen && kind === 'info' ? 'gauge' : kind}`,
    ...samples.map((sample) => renderSample(family.name, sample)),
  ];
  return `${lines.join('\n')}\n`;
}

const OLD_SUFFIX: Readonly<Record<Family['kind'], string>> = {
  counter: '_total',
  info: '_info',
  gauge: '',
  histogram: '',
};

function renderSample(name: string, { suffix, labels, value }: Sample): string {
  return `${name}${suffix}${renderLabels(labels)} ${renderNumber(value)}`;
}

function renderLabels(labels: Labels): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${quoted(value)}"`).join(',')}}`;
}

/** Names are a site's own, and still none of them ends a line or a label early. */
function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function renderNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
