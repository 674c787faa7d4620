// What machines install from: repos with their snapshots, install trees, VM templates and ISOs.

import type { Job, Repo, Tree } from '../api/content-types.ts';
import type { Page } from '../api/types.ts';
import { useLive } from '../parts/app.ts';
import { Await } from '../parts/pieces.tsx';
import type { Search } from '../route.ts';
import { Repos } from './repos.tsx';
import { Templates } from './templates.tsx';
import { Trees } from './trees.tsx';

/** Events tell of syncs and jobs as they go on; this is for what was missed. */
const CONTENT_MS = 5000;

export function Content({ search }: { readonly search: Search }) {
  const repos = useLive<Page<Repo>>('/api/v1/repos', CONTENT_MS);
  const trees = useLive<Page<Tree>>('/api/v1/trees', CONTENT_MS);
  const jobs = useLive<Page<Job>>('/api/v1/jobs', CONTENT_MS).value?.items ?? [];
  return (
    <>
      <h1>Content</h1>
      <Await for={repos}>{({ items }) => <Repos repos={items} jobs={jobs} open={search['repo']} />}</Await>
      <Await for={trees}>{({ items }) => <Trees trees={items} jobs={jobs} />}</Await>
      <Templates />
    </>
  );
}
