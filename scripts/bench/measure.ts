// What a bench has in common: the order of its runs, medians, and a table of ratios against bars. Measures nothing itself.

import { table } from '../cli/output.ts';

/** One run: its figure in the bench's unit, and the CPU that the server spent on each megabyte it sent, where that is known. */
export type Run = { readonly value: number; readonly cpuMsPerMb?: number };

/** Who is measured: `run` is one whole run, and rejects where the work was not done whole. */
export type Contestant = { readonly name: string; readonly run: () => Promise<Run> };

export type Row = {
  readonly name: string;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  readonly cpuMsPerMb: number | undefined;
  readonly runs: readonly Run[];
};

/** What one median is to another, and what the ratio has to be. `bar` is undefined where it is told for information only. */
export type Ratio = { readonly what: string; readonly ratio: number; readonly bar: Bar | undefined };
export type Bar = { readonly kind: 'at-least' | 'at-most'; readonly ratio: number };

export type Report = {
  readonly title: string;
  /** What was done to get the figures, so that a reader can judge them. */
  readonly how: string;
  readonly unit: string;
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
  /** Facts that are no ratio: `1000 of 1000 sessions open at once`. */
  readonly facts: readonly string[];
};

/**
 * Runs each contestant `rounds` times, in turns, so that what else the machine does falls on all alike. Each round begins with
 * another one: none always runs in the wake of the same other.
 */
export async function alternate(contestants: readonly Contestant[], rounds: number): Promise<readonly Row[]> {
  const runs = new Map<string, Run[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contestants.length;
    for (const { name, run } of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      runs.get(name)?.push(await run());
    }
  }
  return [...runs].map(([name, all]) => rowOf(name, all));
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The ratio of two rows' medians. */
export function ratioOf(
  rows: readonly Row[],
  { of, against, bar }: { of: string; against: string; bar?: Bar | undefined },
): Ratio {
  const medianOf = (name: string): number => rows.find((row) => row.name === name)?.median ?? Number.NaN;
  return { what: `${of} / ${against}`, ratio: medianOf(of) / medianOf(against), bar };
}

/** Is the ratio as the bar wants it? Undefined without a bar. */
export function isMet({ ratio, bar }: Ratio): boolean | undefined {
  if (bar === undefined) return undefined;
  return bar.kind === 'at-least' ? ratio >= bar.ratio : ratio <= bar.ratio;
}

/** A report as people read it. */
export function formatReport(report: Report): string {
  const figures = report.rows.length === 0 ? '' : figuresOf(report);
  const ratios = report.ratios.map((ratio) => `${ratio.what} = ${formatRatio(ratio.ratio)} ×${formatBar(ratio)}\n`);
  const facts = report.facts.map((fact) => `${fact}\n`);
  return `${report.title}\n  ${report.how}\n\n${indent([figures, ...ratios, ...facts].join(''))}\n`;
}

function figuresOf(report: Report): string {
  return table(
    ['', `median ${report.unit}`, 'lowest', 'highest', 'server CPU ms/MB', 'runs'],
    report.rows.map((row) => [
      row.name,
      formatNumber(row.median),
      formatNumber(row.lowest),
      formatNumber(row.highest),
      row.cpuMsPerMb === undefined ? '-' : formatNumber(row.cpuMsPerMb),
      String(row.runs.length),
    ]),
  );
}

/** The row of one contestant's runs. */
export function rowOf(name: string, runs: readonly Run[]): Row {
  const values = runs.map(({ value }) => value);
  const costs = runs.flatMap(({ cpuMsPerMb }) => (cpuMsPerMb === undefined ? [] : [cpuMsPerMb]));
  return {
    name,
    median: median(values),
    lowest: Math.min(...values),
    highest: Math.max(...values),
    cpuMsPerMb: costs.length === 0 ? undefined : median(costs),
    runs,
  };
}

function formatBar(ratio: Ratio): string {
  if (ratio.bar === undefined) return '';
  const wanted = `${ratio.bar.kind === 'at-least' ? '≥' : '≤'} ${formatRatio(ratio.bar.ratio)}`;
  return ` (wanted ${wanted}: ${isMet(ratio) === true ? 'met' : 'MISSED'})`;
}

/** Three decimals where two would round a bar's neighbour onto it. */
function formatRatio(ratio: number): string {
  return ratio.toFixed(ratio < 0.1 ? 3 : 2);
}

function formatNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
