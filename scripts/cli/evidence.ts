// kickstand repo snapshots NAME --evidence: what was wrong with a rescued upstream, flaw by flaw, for each snapshot that is kept.

import { parseEvidence, type Evidence } from '../../mirror/rescue/evidence.ts';
import { isNo } from '../../server/malformed.ts';
import { chosen, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, table } from './output.ts';

/** Snapshots of an upstream in which nothing was wrong have no evidence, and are not named. */
export async function evidenceCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async ({ site, content }) => {
    const [repo] = chosen('repo', site().repos, name);
    if (repo === undefined) return 2;
    const found: { readonly snapshot: string; readonly evidence: Evidence }[] = [];
    for (const snapshot of (await content.repoStatus(repo.name)).snapshots) {
      const kept = await content.snapshotEvidence(repo.name, snapshot);
      const evidence = isNo(kept) ? undefined : parseEvidence(kept.value);
      if (evidence !== undefined) found.push({ snapshot, evidence });
    }
    const text = found.map(({ snapshot, evidence }) => evidenceText(snapshot, evidence)).join('\n');
    print(
      context.output,
      found,
      found.length === 0 ? `${repo.name}: no snapshot has evidence of anything wrong` : text,
    );
    return 0;
  });
}

function evidenceText(snapshot: string, { flaws, more, originals, made }: Evidence): string {
  const rows = flaws.map(({ what, where, reason }) => [what, where, reason]);
  const rest = more === 0 ? '' : `and ${more} more\n`;
  const own = originals.length === 0 ? '' : `upstream's own metadata is kept in it, below upstream-repodata/\n`;
  const head = `${snapshot}: its metadata was made here, of ${formatTime(made.atMs)}\n${own}`;
  return rows.length === 0 ? head : `${head}${table(['WHAT', 'WHERE', 'REASON'], rows)}${rest}`;
}
