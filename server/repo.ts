// What a site says of one mirrored repository: where it comes from, how it is reached, trusted and filtered. Types only.

import type { SecretRef } from './secret.ts';

/**
 * A local copy of one upstream RPM repository. `upstream` is an http(s) URL or an absolute directory path; of a `mirrorlist` or
 * `metalink` it is that list's own URL.
 */
export type Repo = {
  readonly name: string;
  readonly upstream: string;
  readonly upstreamKind: 'base' | 'mirrorlist' | 'metalink';
  /** A second path it is served at, with both slashes: `/4.0/`. */
  readonly publish: string | undefined;
  /** A five-field cron expression in the site's time zone. */
  readonly schedule: string | undefined;
  /** How many snapshots to keep, at least 1. */
  readonly keep: number;
  readonly access: RepoAccess;
  readonly trust: RepoTrust;
  readonly filter: RepoFilter;
  /** Mirror what a poor upstream has, with metadata made anew. */
  readonly rescue: boolean;
  /** A dependency that newly nothing provides stops the publishing. */
  readonly strict: boolean;
};

/** How upstream is reached. Relative file names are sought in DATA/keys, then beside the site file. */
export type RepoAccess = {
  readonly proxy: string | undefined;
  /** A PEM file of certificate authorities. */
  readonly ca: string | undefined;
  readonly login: { readonly user: string; readonly password: SecretRef } | undefined;
  readonly connections: number;
  readonly bytesPerSecond: number | undefined;
};

/** Whose OpenPGP signatures must be right. `keys` are files, sought as those of `RepoAccess`; none are needed without a check. */
export type RepoTrust = {
  readonly checks: readonly ('metadata' | 'packages')[];
  readonly keys: readonly string[];
  /** Do signatures of old kinds (MD5, SHA-1, short DSA and RSA keys) count? */
  readonly weakKeys: 'refuse' | 'accept';
};

/** Which packages are mirrored: all where nothing is said. */
export type RepoFilter = {
  readonly architectures: readonly string[] | undefined;
  readonly newest: number | undefined;
  /** Shell patterns of names, NAME.ARCH or NAME-VERSION-RELEASE.ARCH; none includes all. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly sources: boolean;
};
