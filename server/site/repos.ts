// A repo of the site file: its schema, and the value made of it. Pure.

import { z } from 'zod';
import type { Repo } from '../repo.ts';
import { checkCron } from './cron.ts';
import { name, secret, text } from './described.ts';
import * as repoValues from './repo-values.ts';
import * as values from './values.ts';

const CHECKS = ['metadata', 'packages'] as const;

const pattern = text(repoValues.checkPackagePattern, {
  description: 'A name, NAME.ARCH or NAME-VERSION-RELEASE.ARCH with the wildcards of a shell.',
  examples: ['kernel*'],
});

const login = z.strictObject({
  user: text(repoValues.checkUser, { description: "The user's name." }),
  password: secret,
});

const source = {
  upstream: text(values.checkUpstream, {
    description: 'An http(s) URL or an absolute directory to mirror.',
  }).optional(),
  mirrorlist: text(repoValues.checkListUrl, { description: 'The http(s) URL of a list of mirrors.' }).optional(),
  metalink: text(repoValues.checkListUrl, { description: 'The http(s) URL of a metalink.' }).optional(),
};

const access = {
  proxy: text(values.checkUrl, { description: 'The http(s) proxy to go through.' }).optional(),
  ca: text(values.checkFilePath, {
    description: 'A PEM file with the authorities that upstream is believed by.',
  }).optional(),
  login: login.meta({ description: 'Who to be at upstream (HTTP Basic).' }).optional(),
  connections: z.int().min(1).max(32).default(20).meta({ description: 'How many connections to upstream at once.' }),
  rate: text(repoValues.checkRate, {
    description: 'The most to fetch per second, such as 500K or 10M bytes.',
  }).optional(),
};

const trust = {
  gpg: z
    .union([z.enum(['none', ...CHECKS]), z.array(z.enum(CHECKS)).min(1).max(2)])
    .default('none')
    .meta({ description: 'Whose OpenPGP signatures must be right: the metadata, the packages, or both in a list.' }),
  keys: z
    .array(text(values.checkFilePath, { description: 'A file of OpenPGP public keys.' }))
    .max(64)
    .default([]),
  weakKeys: z
    .enum(['refuse', 'accept'])
    .default('refuse')
    .meta({ description: 'accept: signatures with MD5 or SHA-1, DSA below 2048 bits or short RSA keys count.' }),
};

const filter = {
  architectures: z
    .array(
      text(values.shaped(values.ARCHITECTURE, 'no architecture', 'such as x86_64 or noarch'), {
        description: 'An architecture.',
        pattern: values.ARCHITECTURE,
      }),
    )
    .min(1)
    .max(32)
    .optional(),
  newest: z.int().min(1).max(1000).optional().meta({ description: 'How many versions of each package, newest first.' }),
  include: z.array(pattern).max(5000).default([]),
  exclude: z.array(pattern).max(5000).default([]),
  sources: z.boolean().default(true).meta({ description: 'false: source packages are left out.' }),
};

export const repo = z
  .strictObject({
    name: name('What the repo is called, in URLs too.'),
    ...source,
    publish: text(values.checkPublish, {
      description: 'A second path to serve it at.',
      pattern: values.PUBLISH,
    }).optional(),
    schedule: text(checkCron, { description: 'When to sync: five cron fields, or @daily.' }).optional(),
    keep: z.int().min(1).max(1000).default(3).meta({ description: 'How many snapshots to keep.' }),
    ...access,
    ...trust,
    ...filter,
    rescue: z
      .boolean()
      .default(false)
      .meta({ description: 'true: mirror what a poor upstream has, with metadata made anew.' }),
    strict: z
      .boolean()
      .default(false)
      .meta({ description: 'true: a dependency that nothing provides any more stops the publishing.' }),
  })
  .meta({ oneOf: [{ required: ['upstream'] }, { required: ['mirrorlist'] }, { required: ['metalink'] }] });

type RepoFile = z.output<typeof repo>;

/** A repo that passed every check → the value the rest works with. A gap in what the checks have promised is a bug: Error. */
export function buildRepo(file: RepoFile): Repo {
  const { name: called, schedule, publish, keep, rescue, strict } = file;
  return {
    name: called,
    ...sourceOf(file),
    publish,
    schedule,
    keep,
    access: {
      proxy: file.proxy,
      ca: file.ca,
      login: file.login,
      connections: file.connections,
      bytesPerSecond: file.rate === undefined ? undefined : repoValues.readRate(file.rate),
    },
    trust: { checks: checksOf(file.gpg), keys: file.keys, weakKeys: file.weakKeys },
    filter: {
      architectures: file.architectures,
      newest: file.newest,
      include: file.include,
      exclude: file.exclude,
      sources: file.sources,
    },
    rescue,
    strict,
  };
}

function sourceOf({ name: called, upstream, mirrorlist, metalink }: RepoFile): Pick<Repo, 'upstream' | 'upstreamKind'> {
  if (upstream !== undefined) return { upstream, upstreamKind: 'base' };
  if (mirrorlist !== undefined) return { upstream: mirrorlist, upstreamKind: 'mirrorlist' };
  if (metalink !== undefined) return { upstream: metalink, upstreamKind: 'metalink' };
  throw new Error(`the repo ${called} passed its checks without an upstream`);
}

function checksOf(gpg: RepoFile['gpg']): Repo['trust']['checks'] {
  if (gpg === 'none') return [];
  return typeof gpg === 'string' ? [gpg] : CHECKS.filter((check) => gpg.includes(check));
}

/** The repo in the form of its file; what is absent holds undefined. */
export function showRepo(repo: Repo): Readonly<Record<string, unknown>> {
  const { name: called, upstream, upstreamKind, access, trust: trusted, filter: filtered, ...rest } = repo;
  const { bytesPerSecond, ...reached } = access;
  const [check = 'none'] = trusted.checks;
  return {
    name: called,
    [upstreamKind === 'base' ? 'upstream' : upstreamKind]: upstream,
    ...rest,
    ...reached,
    rate: bytesPerSecond === undefined ? undefined : String(bytesPerSecond),
    gpg: trusted.checks.length > 1 ? trusted.checks : check,
    keys: trusted.keys,
    weakKeys: trusted.weakKeys,
    ...filtered,
  };
}
