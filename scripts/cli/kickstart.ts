// kickstand kickstart lint: what is wrong with a kickstart for the release that is to read it.

import { open } from 'node:fs/promises';
import type { Finding } from '../../kickstart/lint/finding.ts';
import { lintKickstart } from '../../kickstart/lint/lint.ts';
import type { Release } from '../../kickstart/lint/release.ts';
import { RELEASE_NAMES, parseRelease, releaseTitle } from '../../kickstart/lint/release.ts';
import { CommandFailed, readContext } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { print } from './output.ts';

/** More than lint reads: what is longer is told by lint itself. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/** `kickstart lint FILE --for RELEASE`: every finding and a summary; exit 1 on an error. `-` is standard input. */
export async function lintCommand([file]: Args, flags: Flags): Promise<ExitCode> {
  const { output } = readContext(flags);
  const release = releaseFor(flags['for']);
  const name = String(file);
  const findings = lintKickstart(name === '-' ? await readStandardInput() : await readText(name), release);
  const counts = countsOf(findings);
  const lines = [...findings.map((finding) => findingText(name, finding)), summary(name, counts, release)];
  print(output, { file: name, release: releaseTitle(release), ...counts, findings }, lines.join('\n'));
  return counts.errors === 0 ? 0 : 1;
}

type Counts = { readonly errors: number; readonly deprecated: number; readonly warnings: number };

function releaseFor(name: unknown): Release {
  const release = typeof name === 'string' ? parseRelease(name) : undefined;
  if (release !== undefined) return release;
  const given = typeof name === 'string' ? `no kickstart of ${name} is known` : 'name the release';
  throw new CommandFailed(`kickstand: ${given}: --for takes ${RELEASE_NAMES.join(', ')}`, 2);
}

function findingText(file: string, { line, column, severity, message, remedy }: Finding): string {
  return `${file}:${line}:${column ?? 1} ${severity} ${message}${remedy === undefined ? '' : ` (${remedy})`}`;
}

function countsOf(findings: readonly Finding[]): Counts {
  const count = (severity: Finding['severity']): number => findings.filter((one) => one.severity === severity).length;
  return { errors: count('error'), deprecated: count('deprecated'), warnings: count('warning') };
}

function summary(file: string, { errors, deprecated, warnings }: Counts, release: Release): string {
  const title = releaseTitle(release);
  if (errors + deprecated + warnings === 0) return `${file}: nothing to mend for ${title}`;
  return `${file}: ${plural(errors, 'error')}, ${deprecated} deprecated, ${plural(warnings, 'warning')} for ${title}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

async function readText(path: string): Promise<string> {
  const handle = await open(path);
  try {
    const buffer = Buffer.alloc(LIMIT_BYTES);
    let sizeBytes = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, sizeBytes, LIMIT_BYTES - sizeBytes);
      sizeBytes += bytesRead;
      if (bytesRead === 0) return buffer.toString('utf8', 0, sizeBytes);
    }
  } finally {
    await handle.close();
  }
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    sizeBytes += bytes.length;
    if (sizeBytes > LIMIT_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
