// Stages of boots and TFTP transfers, counted. Of what machines say only words that are known here become labels.

import type { Stage } from '../stages.ts';
import type { Counter, Family } from './family.ts';
import { createCounter, createHistogram } from './family.ts';

/** A TFTP request that has ended, as far as it is counted. */
export type EndedTransfer = {
  readonly outcome: string;
  readonly bytes: number;
  readonly durationMs: number;
  readonly retransmits: number;
};

export type BootMeter = {
  stage(stage: Stage): void;
  transfer(ended: EndedTransfer): void;
  read(): readonly Family[];
};

const TRANSFER_BOUNDS = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300];

/** Nothing counted yet. */
export function createBootMeter(): BootMeter {
  const stages = createCounter({
    name: 'kickstand_boot_stages',
    help: 'Stages of network boots that were seen, by what came of them.',
    labels: ['stage', 'outcome'],
  });
  const tftp = openTftp();
  for (const [stage, outcome] of ALWAYS) stages.of(stage, outcome);
  return {
    stage: (stage) => countStage(stages, stage),
    transfer: ({ outcome, bytes, durationMs, retransmits }) => {
      tftp.requests.of(outcome).add(1);
      tftp.bytes.add(bytes);
      tftp.retransmits.add(retransmits);
      if (outcome === 'sent') tftp.durations.observe(durationMs / 1000);
    },
    read: () => [stages.read(), ...tftp.read()],
  };
}

/** What is watched for is there from the start, so that its first rise is seen. */
const ALWAYS = [
  ['dhcp-asked', 'discover'],
  ['dhcp-answered', 'file'],
  ['loader', 'sent'],
  ['kernel', 'sent'],
  ['initrd', 'sent'],
  ['script', 'install'],
  ['script', 'local'],
  ['instructions', 'given'],
  ['instructions', 'refused'],
  ['report', 'installed'],
  ['report', 'failed'],
] as const;

function openTftp() {
  const requests = createCounter({
    name: 'kickstand_tftp_requests',
    help: 'TFTP requests that have ended, by how: timed-out is a client that fell silent.',
    labels: ['outcome'],
  });
  const bytes = createCounter({
    name: 'kickstand_tftp_sent_bytes',
    help: 'Bytes of files that TFTP clients acknowledged.',
    labels: [],
  });
  const retransmits = createCounter({
    name: 'kickstand_tftp_retransmits',
    help: 'Windows and options that went out again, in TFTP transfers that have ended.',
    labels: [],
  });
  const durations = createHistogram({
    name: 'kickstand_tftp_transfer_duration_seconds',
    help: 'How long whole TFTP transfers took.',
    labels: [],
    bounds: TRANSFER_BOUNDS,
  });
  for (const outcome of ['sent', 'timed-out', 'failed']) requests.of(outcome);
  const families = [requests, bytes, retransmits, durations];
  return {
    requests,
    bytes: bytes.of(),
    retransmits: retransmits.of(),
    durations: durations.of(),
    read: () => families.map((family) => family.read()),
  };
}

function countStage(stages: Counter, stage: Stage): void {
  const [name, outcome] = labelsOf(stage);
  stages.of(name, outcome).add(1);
}

/** A script may report any word: only the ends of an install are told apart. */
function labelsOf(stage: Stage): readonly [stage: string, outcome: string] {
  switch (stage.kind) {
    case 'dhcp-asked':
      return [stage.kind, stage.type];
    case 'dhcp-answered':
      return [stage.kind, stage.file === undefined ? 'no-file' : 'file'];
    case 'dhcp-foreign':
      return [stage.kind, stage.mode];
    case 'file':
      return [stage.role, stage.outcome];
    case 'script':
      return [stage.kind, stage.told];
    case 'instructions':
      return [stage.kind, stage.outcome];
    case 'content':
      return [stage.what === 'other' ? 'content' : stage.what, stage.outcome];
    case 'report':
      return [stage.kind, ENDS.has(stage.stage) ? stage.stage : 'under-way'];
  }
}

const ENDS: ReadonlySet<string> = new Set(['installed', 'failed']);
