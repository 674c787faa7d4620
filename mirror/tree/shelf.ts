// The site's trees as they are now: opened once, recognised once, and looked at anew when their medium changes. Running: opening is handed in.

import type { Os, Tree, TreeFacts, TreeStatus } from '../../server/domain.ts';
import type { No } from '../../server/malformed.ts';
import { codeOf, isNo, Malformed, messageOf, no } from '../../server/malformed.ts';
import { formatOs, sameOs } from '../../server/os.ts';
import type { FilePlace, Spot, TreeFiles } from '../content/place.ts';

/** A complete path where a tree's medium may lie. */
export type MediumPath = { readonly kind: 'iso' | 'directory'; readonly path: string };

export type ShelfParts = {
  readonly open: (medium: MediumPath) => Promise<OpenedTree>;
  readonly detect: (files: TreeFiles) => Promise<TreeFacts | No>;
  readonly expected: (os: Os) => TreeFacts;
  /**
   * Where to look for a tree's medium, best first, or for what was published of a tree from a URL; `mediaDirectory` is where
   * an operator is told to put a medium.
   */
  readonly candidates: (tree: Tree) => readonly MediumPath[];
  readonly mediaDirectory: string;
};

/** A tree's files; one from an image can give the image itself, for proving the whole of it. */
export type OpenedTree = TreeFiles & {
  /** Is its medium still the one that was opened? Asked at every look-up: facts are kept only as long as it is. */
  isCurrent(): Promise<boolean>;
  image?(): Promise<FilePlace | No>;
};

type Opened = { readonly medium: MediumPath; readonly files: OpenedTree; readonly facts: TreeFacts };

/** The trees of one appliance. */
export type Shelf = {
  /** What `tree` is, or what is missing. */
  status(tree: Tree): Promise<TreeStatus>;
  /** The files of a tree that is ready. */
  files(tree: Tree): Promise<TreeFiles | No>;
  /** Where the file at `path` of a tree that is open must lie; undefined where the tree has to be looked up first. Looks at no disk. */
  spot(tree: Tree, path: string): Spot | undefined;
  /** The image a ready tree was opened from; a `No` for a directory. */
  image(tree: Tree): Promise<FilePlace | No>;
  close(): Promise<void>;
};

/** A shelf with nothing opened yet. */
export function openShelf(parts: ShelfParts): Shelf {
  const opened = new Map<string, Opened>();
  const looking = new Map<string, Promise<Opened | No>>();
  const keys = new WeakMap<Tree, string>();
  const keyOf = (tree: Tree): string => {
    const known = keys.get(tree);
    if (known !== undefined) return known;
    const key = `${tree.name} ${JSON.stringify(tree.source)} ${tree.os === undefined ? '' : formatOs(tree.os)}`;
    keys.set(tree, key);
    return key;
  };
  const look = async (tree: Tree, key: string): Promise<Opened | No> => {
    const known = opened.get(key);
    const found = await takeDown(parts, tree, known);
    if (found === known) return found;
    if (isNo(found)) opened.delete(key);
    else opened.set(key, found);
    await known?.files.close();
    return found;
  };
  const lookUp = (tree: Tree): Promise<Opened | No> => {
    const key = keyOf(tree);
    const running = looking.get(key);
    if (running !== undefined) return running;
    const started = look(tree, key).finally(() => looking.delete(key));
    looking.set(key, started);
    return started;
  };
  return {
    status: async (tree) => statusOf(parts, tree, await lookUp(tree)),
    files: async (tree) => {
      const found = await lookUp(tree);
      return isNo(found) ? found : found.files;
    },
    spot: (tree, path) => {
      const known = opened.get(keyOf(tree));
      // A medium that is not the tree's first choice gives way to a better one as soon as that is there: the long way sees to it.
      if (known === undefined || parts.candidates(tree)[0]?.path !== known.medium.path) return undefined;
      return known.files.spot?.(path);
    },
    image: async (tree) => {
      const found = await lookUp(tree);
      if (isNo(found)) return found;
      return (await found.files.image?.()) ?? no('not an image');
    },
    close: async () => {
      for (const { files } of opened.values()) await files.close();
      opened.clear();
    },
  };
}

function statusOf(parts: ShelfParts, tree: Tree, found: Opened | No): TreeStatus {
  if (!isNo(found)) return { kind: 'ready', facts: found.facts };
  const expected = tree.os === undefined ? undefined : parts.expected(tree.os);
  return {
    kind: 'absent',
    reason: found.reason,
    remedy: found.remedy ?? `kickstand tree add ${tree.name} FILE`,
    expected,
  };
}

/** Opens the tree's first medium that is there, or answers `known` where that is it, unchanged. */
async function takeDown(parts: ShelfParts, tree: Tree, known: Opened | undefined): Promise<Opened | No> {
  for (const medium of parts.candidates(tree)) {
    if (known?.medium.path === medium.path && (await known.files.isCurrent())) return known;
    const files = await openMedium(parts, medium);
    if (files === undefined) continue;
    if (isNo(files)) return files;
    const facts = await recognise(parts, tree, files);
    if (!isNo(facts)) return { medium, files, facts };
    await files.close();
    return facts;
  }
  if (tree.source.kind === 'upstream') {
    return no('it was not fetched from its upstream yet', `kickstand tree sync ${tree.name}`);
  }
  const name = tree.source.path;
  return no(`${name} is not there`, `put it into ${parts.mediaDirectory}, or: kickstand tree add ${tree.name} FILE`);
}

/** Undefined where nothing lies at that path. */
async function openMedium(parts: ShelfParts, medium: MediumPath): Promise<OpenedTree | No | undefined> {
  try {
    return await parts.open(medium);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    if (error instanceof Malformed)
      return no(`${medium.path} cannot be used: ${error.message}`, 'fetch the whole image again');
    return no(`${medium.path} cannot be opened: ${messageOf(error)}`, 'let the appliance read it');
  }
}

async function recognise(parts: ShelfParts, tree: Tree, files: TreeFiles): Promise<TreeFacts | No> {
  try {
    const facts = await parts.detect(files);
    if (isNo(facts) || tree.os === undefined || sameOs(facts.os, tree.os)) return facts;
    const remedy = `give the right medium, or correct the tree's os in the site file`;
    return no(`the medium holds ${formatOs(facts.os)}, the site says ${formatOs(tree.os)}`, remedy);
  } catch (error) {
    if (error instanceof Malformed)
      return no(`the medium cannot be read: ${error.message}`, 'fetch the whole image again');
    throw error;
  }
}
