// The document that says what a tree at a URL is: .treeinfo, or the list of a XenServer medium that has none. Read, and planned from.

import { SyncFault, type Condition, type Upstream } from '../../sync/upstream.ts';
import { fetchSmall } from '../../sync/small.ts';
import { parseHref, type RelativePath } from '../../rpm/href.ts';
import { parseIni } from '../ini.ts';
import { parseTreeinfo } from '../treeinfo.ts';
import { planTree } from './plan.ts';
import { usualFiles } from './usual.ts';
import { mergeFiles, pathInTree, type TreePlan } from './wanted.ts';

export type TreeRoot = {
  readonly path: RelativePath;
  readonly bytes: Uint8Array;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
};

export const ROOT_LIMIT_BYTES = 512 * 1024;
export const XS_LIST = parseHref('XS-REPOSITORY-LIST', 'tree');
/** In the order that installers ask for them. */
export const ROOT_PATHS: readonly RelativePath[] = [
  parseHref('.treeinfo', 'tree'),
  parseHref('treeinfo', 'tree'),
  XS_LIST,
];

/** What an earlier root document said of itself, and which of them it was. */
export type RootCondition = Condition & { readonly path: RelativePath };

/** Reads the first of the documents that upstream has, or hears that it is the one `condition` tells of. Throws `SyncFault`. */
export async function readRoot(
  upstream: Upstream,
  { signal, condition }: { readonly signal: AbortSignal; readonly condition: RootCondition | undefined },
): Promise<TreeRoot | 'unchanged'> {
  for (const path of ROOT_PATHS) {
    const request = { path, limitBytes: ROOT_LIMIT_BYTES, redirects: 'anywhere', signal } as const;
    const answer = await fetchSmall(upstream, condition?.path === path ? { ...request, condition } : request);
    if (answer.kind === 'unchanged') return 'unchanged';
    if (answer.kind !== 'bytes') continue;
    const { bytes, etag, lastModified } = answer;
    return { path, bytes, etag, lastModified };
  }
  throw new SyncFault(ROOT_PATHS[0] ?? '', 'the upstream has no such file: is it an install tree?', {
    remedy: 'give the URL of the directory that holds .treeinfo, as of .../BaseOS/x86_64/os/',
  });
}

/** What upstream's root document is now where it is another than `before`; undefined where it is the same. */
export async function readRootChange(
  before: TreeRoot,
  { upstream, signal }: { readonly upstream: Upstream; readonly signal: AbortSignal },
): Promise<TreeRoot | undefined> {
  const now = await readRoot(upstream, { signal, condition: undefined });
  if (now === 'unchanged') return undefined;
  return now.path === before.path && Buffer.compare(before.bytes, now.bytes) === 0 ? undefined : now;
}

/** The plan that the document makes. Throws `Malformed`. */
export function planRoot({ path, bytes }: Pick<TreeRoot, 'path' | 'bytes'>): TreePlan {
  if (path === XS_LIST) return planXenServer();
  const keys = parseIni(bytes, path).get('keys');
  return planTree(parseTreeinfo(bytes, path), [...(keys?.values() ?? [])]);
}

/** XenServer to 6.5: no .treeinfo and no RPM repository; its packages come from the list. */
function planXenServer(): TreePlan {
  const named = (need: 'required' | 'usual') => (text: string) => {
    const path = pathInTree(text, XS_LIST);
    return path === undefined ? [] : [{ path, need, checksum: undefined, sizeBytes: undefined }];
  };
  const boot = ['boot/xen.gz', 'boot/vmlinuz', 'install.img'].flatMap(named('required'));
  const usual = usualFiles({ family: 'xenserver', major: 6, arch: 'x86_64' }).flatMap(named('usual'));
  return { files: mergeFiles([...boot, ...usual]), repositories: [], notes: [] };
}
