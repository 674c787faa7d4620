// The stages of a network boot as they are seen from the appliance: what each room reports and the boot doctor reads. Types only.

import type { Firmware } from './domain.ts';

/** Who it was: as much as is known at that stage. A machine's MAC is often learnt only after its first questions. */
export type StageMachine = { readonly mac: string | undefined; readonly address: string | undefined };

/**
 * How one file ended. `probed`: only its size was wanted; `closed`: the client wanted no more of it. `sending`: it has begun;
 * its end takes this stage's place (worth noting of kernels and initrds, which may take minutes).
 */
export type FileOutcome = 'sending' | 'sent' | 'probed' | 'closed' | 'timed-out' | 'failed' | 'not-found' | 'refused';

/** What a boot client or an installer did, or was told. All texts that come from it are bounded, printable ASCII. */
export type Stage =
  /** It asked over DHCP for network boot. `port` 4011: for the boot file alone. */
  | {
      readonly kind: 'dhcp-asked';
      readonly type: 'discover' | 'request';
      readonly port: 67 | 4011;
      readonly firmware: Firmware;
      readonly archCode: number;
      readonly vendorClass: string;
      readonly userClass: string;
    }
  /** It was answered. `file` undefined: nothing to boot, for `reason`. */
  | {
      readonly kind: 'dhcp-answered';
      readonly mode: 'proxy' | 'server';
      readonly port: 67 | 4011;
      readonly address: string | undefined;
      readonly file: string | undefined;
      readonly reason: string;
    }
  /** It took another DHCP server's offer. Expected beside a proxy, a rogue beside a server. */
  | { readonly kind: 'dhcp-foreign'; readonly server: string; readonly mode: 'proxy' | 'server' }
  /** A file of the boot namespace. `gave`: what the name meant (`loader grubx64.efi of tree rhel9`, `kernel of tree rhel6`). */
  | {
      readonly kind: 'file';
      readonly via: 'tftp' | 'http';
      readonly name: string;
      readonly role: FileRole;
      readonly gave: string;
      readonly outcome: FileOutcome;
      readonly sizeBytes: number;
      readonly bytes: number;
      readonly durationMs: number;
      /** The options asked for and granted, where TFTP had any: `blksize=1468 windowsize=4`. */
      readonly asked: string;
      readonly granted: string;
      readonly reason: string;
    }
  /** A boot script was made for it. */
  | {
      readonly kind: 'script';
      readonly loader: 'pxelinux' | 'grub' | 'ipxe';
      readonly told: 'install' | 'local';
      readonly reason: string;
    }
  /** Its installer read its kickstart, answerfile or one of its scripts. */
  | {
      readonly kind: 'instructions';
      readonly what: string;
      readonly outcome: 'given' | 'refused';
      readonly reason: string;
    }
  /**
   * Its installer fetched content. Noted once a file with `count` 1; kept as one stage for each kind and boot, where `count`
   * and `bytes` go on, `name` is the newest (of what was not sent: the first) and the stage's time that of the newest.
   */
  | {
      readonly kind: 'content';
      readonly what: 'treeinfo' | 'stage2' | 'metadata' | 'package' | 'other';
      readonly name: string;
      readonly outcome: 'sent' | 'broken-off' | 'not-found';
      readonly count: number;
      readonly bytes: number;
      /** When the first of them came (ms since 1970): set where they are kept. */
      readonly firstAt?: number | undefined;
    }
  /** Its installer, or the system it installed, reported. */
  | { readonly kind: 'report'; readonly stage: string; readonly message: string };

/** What a file is for. `probe`: a name that loaders try and do without; `own-disk`: not there, so that firmware goes on to its disk. */
export type FileRole =
  'loader' | 'second-loader' | 'module' | 'config' | 'kernel' | 'initrd' | 'xen' | 'probe' | 'own-disk' | 'unknown';

/** A stage with its time (ms since 1970) and who it was. */
export type StageRecord = { readonly at: number; readonly machine: StageMachine; readonly stage: Stage };

/** Takes a stage note of; never throws, never waits. */
export type NoteStage = (machine: StageMachine, stage: Stage) => void;

/** What the boot doctor says of a machine's last boot. `certainty`: `seen` is on the wire, `likely` is inferred. */
export type Verdict = {
  readonly health: 'fine' | 'waiting' | 'wrong';
  readonly summary: string;
  readonly remedy: string | undefined;
  readonly certainty: 'seen' | 'likely';
  /** The rule that spoke, for tests and links: `secure-boot-rejected-grub`. */
  readonly rule: string;
};
