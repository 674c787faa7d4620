// Site file text → Site, or ALL problems of the file at once, each with its line, path and remedy. Pure.

import type { Ipv4 } from '../address.ts';
import type { Site } from '../domain.ts';
import type { Problem } from '../malformed.ts';
import { buildSite } from './build.ts';
import { checkContents } from './contents.ts';
import { checkDuplicates } from './duplicates.ts';
import type { Finding } from './finding.ts';
import { formatPath } from './finding.ts';
import { knownNetworks } from './known.ts';
import { COUNTED, SUGGESTED, TOLD, restOf } from './limits.ts';
import type { HostLines } from './lines.ts';
import { checkNetworks } from './networks.ts';
import { placeHosts } from './placement.ts';
import { checkCustomization } from './customization-rules.ts';
import { checkProfiles } from './profiles.ts';
import { checkReferences } from './references.ts';
import type { SiteFile } from './schema.ts';
import type { Reading, Shape } from './shape.ts';
import { readShape } from './shape.ts';
import { readYaml } from './yaml.ts';
import type { YamlText } from './yaml.ts';

export type SiteProblems = { readonly kind: 'problems'; readonly problems: readonly Problem[] };
export type ParsedSite = { readonly kind: 'site'; readonly site: Site } | SiteProblems;

/**
 * Reads a site file. `fileName` is only for messages about the file as a whole. Never throws: whatever is wrong with the
 * text comes back as problems, in the order of their lines. Text that is no YAML is not looked into any further.
 */
export function parseSite(text: string, fileName: string): ParsedSite {
  const read = readSite(text, fileName);
  return read.kind === 'problems' ? read : { kind: 'site', site: read.site };
}

/** A site, and what it was made from: where the reading of a text that differs a little can begin. */
export type SiteReading = {
  readonly kind: 'reading';
  readonly site: Site;
  readonly text: string;
  /** The text as plain values, and these in their right shape. */
  readonly value: unknown;
  readonly file: SiteFile;
  readonly lines: HostLines | undefined;
  /** The text has at most so many words and signs. */
  readonly signs: number;
};

/** Reads a site file as `parseSite` does. */
export function readSite(text: string, fileName: string): SiteReading | SiteProblems {
  const yaml = readYaml(text);
  if (yaml.kind === 'problems') return yaml;
  if (yaml.value === null || yaml.value === undefined) return emptyFile(fileName);
  const shape = readShape(yaml);
  if (shape.findings.length > TOLD) return toProblems(shape, yaml);
  const { addresses, findings } = check(shape);
  const all = { findings: [...shape.findings, ...findings], stopped: shape.stopped };
  const { value, file } = shape;
  if (all.findings.length > 0 || file === undefined) return toProblems(all, yaml);
  const { hosts: lines, signs } = yaml;
  return { kind: 'reading', site: buildSite(file, addresses), text, value, file, lines, signs };
}

/** The site of a file whose shape is right; undefined where anything speaks against what it says. */
export function siteOf(value: unknown, file: SiteFile): Site | undefined {
  const { addresses, findings } = check({ draft: file, value });
  return findings.length > 0 ? undefined : buildSite(file, addresses);
}

/** All that must hold between the values of a file. `spliceHosts` knows which of it is between one host and another. */
function check(reading: Reading): { readonly addresses: readonly (Ipv4 | undefined)[]; readonly findings: Finding[] } {
  const networks = knownNetworks(reading.draft);
  const placement = placeHosts(reading, networks);
  const findings = [
    ...checkDuplicates(reading.draft),
    ...checkReferences(reading),
    ...checkNetworks(reading.draft, networks),
    ...checkContents(reading),
    ...checkProfiles(reading),
    ...checkCustomization(reading),
    ...placement.findings,
  ];
  return { addresses: placement.addresses, findings };
}

function emptyFile(fileName: string): SiteProblems {
  const remedy = 'begin with site: { name: …, domain: …, appliance: … }';
  return { kind: 'problems', problems: [{ path: '', line: 1, message: `${fileName} is empty`, remedy }] };
}

type Findings = Pick<Shape, 'findings' | 'stopped'>;

/** With lines, in their order; what two checks say in the same words is said once. All past the first are only counted. */
function toProblems({ findings, stopped }: Findings, yaml: YamlText): SiteProblems {
  const said = new Map<string, Finding>();
  for (const one of findings) {
    const key = `${formatPath(one.path)}\n${one.message}`;
    if (!said.has(key)) said.set(key, one);
    if (said.size > COUNTED) break;
  }
  const told = [...said.values()].slice(0, TOLD).map((one, index) => toProblem(one, index, yaml));
  const inOrder = told.toSorted((one, other) => one.line - other.line);
  const rest = restOf(said.size - TOLD, stopped || said.size > COUNTED ? 'stopped' : 'whole');
  return { kind: 'problems', problems: [...inOrder, ...rest] };
}

function toProblem(
  { path, message, remedy }: Finding,
  index: number,
  yaml: YamlText,
): Problem & { readonly line: number } {
  const guessed = typeof remedy === 'function' && index < SUGGESTED ? remedy() : undefined;
  const said = typeof remedy === 'string' ? remedy : guessed;
  return { path: formatPath(path), line: yaml.lineOf(path), message, remedy: said };
}
