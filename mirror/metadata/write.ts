// primary.xml, filelists.xml and other.xml of described packages, all three written in one pass. Running: packages and saving are handed in.

import { openDocument, type SaveFile, type SavedDocument } from './document.ts';
import {
  DOCUMENT_TYPES,
  renderEnd,
  renderPackage,
  renderStart,
  type DocumentType,
  type PlacedPackage,
} from './elements.ts';

export type Documents = Readonly<Record<DocumentType, SavedDocument>>;

export type WriteEdges = {
  readonly save: SaveFile;
  /** Lets everything else that waits have its turn; rejects where there is no use in going on. */
  readonly breathe: () => Promise<void>;
};

/** After so much text, others have their turn. */
export const BREATH_CHARACTERS = 256 * 1024;

/**
 * Writes the three documents of `packages`, in their order. `count` is how many there will be: it stands before them, so another
 * number is a fault. Holds one package and what the savers have not taken.
 */
export async function writePackages(
  packages: AsyncIterable<PlacedPackage>,
  count: number,
  edges: WriteEdges,
): Promise<Documents> {
  const documents = DOCUMENT_TYPES.map((type) => ({ type, document: openDocument(edges.save) }));
  try {
    for (const { type, document } of documents) await document.write(renderStart(type, count));
    let [written, unbreathed] = [0, 0];
    for await (const placed of packages) {
      for (const { type, document } of documents) {
        const text = renderPackage(type, placed);
        unbreathed += text.length;
        await document.write(text);
      }
      written += 1;
      if (unbreathed < BREATH_CHARACTERS) continue;
      await edges.breathe();
      unbreathed = 0;
    }
    if (written !== count) throw new Error(`${written} packages were described instead of ${count}`);
    const ended: Partial<Record<DocumentType, SavedDocument>> = {};
    for (const { type, document } of documents) {
      await document.write(renderEnd(type));
      ended[type] = await document.end();
    }
    return requireAll(ended);
  } catch (error) {
    for (const { document } of documents) await document.abandon(error);
    throw error;
  }
}

/** All three, or a fault. */
export function requireAll({ primary, filelists, other }: Partial<Documents>): Documents {
  if (primary === undefined || filelists === undefined || other === undefined) throw new Error('a document is missing');
  return { primary, filelists, other };
}
