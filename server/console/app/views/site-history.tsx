// What the site file said before: who changed it and how, each change to look at, each version to put back.

import { useState } from 'preact/hooks';
import type { SiteVersion, SiteVersionText } from '../api/site-types.ts';
import type { Page } from '../api/types.ts';
import { useApp, useLive, useTask } from '../parts/app.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Await, Card, Grid, Time } from '../parts/pieces.tsx';
import { DiffTable, ReviewDialog } from './review.tsx';
import { useProblems } from './site-problems.ts';

const VERSIONS = '/api/v1/site/versions';
const VERSIONS_MS = 5000;
/** What was said does not change. */
const TEXT_MS = 600_000;
const FIRST = 10;
const MOST = 200;

/** What the file says now, and its entity tag. */
type Standing = { readonly text: string; readonly etag: string | undefined };

type Asked = { readonly what: 'look' | 'put back'; readonly version: SiteVersion };

export function SiteHistory({ standing }: { readonly standing: Standing }) {
  const [limit, setLimit] = useState(FIRST);
  const seen = useLive<Page<SiteVersion>>(`${VERSIONS}?limit=${limit}`, VERSIONS_MS);
  const [asked, setAsked] = useState<Asked>();
  const close = (): void => setAsked(undefined);
  return (
    <Card title="History">
      <Await for={seen}>
        {({ items, next }) => (
          <>
            <Grid
              label="Versions"
              heads={['Version', 'When', 'Who', 'How', 'Lines', '']}
              rows={items.map((version) => [
                version.id,
                <Time at={version.at} />,
                byWords(version),
                version.operation,
                `+${version.added} −${version.removed}`,
                <VersionButtons version={version} onAsk={setAsked} />,
              ])}
              empty="Nothing is kept yet: the first version comes with the first change."
            />
            {next === undefined ? undefined : <button onClick={() => setLimit(MOST)}>Show all</button>}
          </>
        )}
      </Await>
      {asked?.what === 'look' ? <ChangeDialog version={asked.version} onClose={close} /> : undefined}
      {asked?.what === 'put back' ? <PutBack version={asked.version} standing={standing} onClose={close} /> : undefined}
    </Card>
  );
}

type ButtonsProps = { readonly version: SiteVersion; readonly onAsk: (asked: Asked) => void };

function VersionButtons({ version, onAsk }: ButtonsProps) {
  return (
    <span class="actions">
      <button aria-label={`Show version ${version.id}`} onClick={() => onAsk({ what: 'look', version })}>
        Show
      </button>
      {version.current ? (
        <span class="muted">as it is now</span>
      ) : (
        <button aria-label={`Put back version ${version.id}`} onClick={() => onAsk({ what: 'put back', version })}>
          Put back …
        </button>
      )}
    </span>
  );
}

function byWords({ by, via }: SiteVersion): string {
  return via === 'disk' ? by : `${by} (${via})`;
}

function useVersion(id: number | undefined) {
  return useLive<SiteVersionText>(id === undefined ? undefined : `${VERSIONS}/${id}`, TEXT_MS);
}

type ChangeProps = { readonly version: SiteVersion; readonly onClose: () => void };

/** What a version changed. Of the first one there is, all of it. */
function ChangeDialog({ version, onClose }: ChangeProps) {
  const seen = useVersion(version.id);
  const older = useLive<Page<SiteVersion>>(`${VERSIONS}?limit=1&cursor=${version.id}`, TEXT_MS).value;
  const before = useVersion(older?.items[0]?.id).value?.text;
  const from = older?.items.length === 0 ? '' : before;
  return (
    <Dialog title={`What version ${version.id} changed: ${byWords(version)}`} onClose={onClose}>
      <Await for={seen}>
        {({ text }) => (from === undefined ? <p class="muted">Loading …</p> : <DiffTable from={from} to={text} />)}
      </Await>
      <div class="buttons">
        <button onClick={onClose}>Close</button>
      </div>
    </Dialog>
  );
}

/** Puts what stood before the last change back, whoever made it. */
export function TakeBack({ standing }: { readonly standing: Standing }) {
  const seen = useLive<Page<SiteVersion>>(`${VERSIONS}?limit=${FIRST}`, VERSIONS_MS);
  const [asked, setAsked] = useState<SiteVersion>();
  const before = seen.value?.items.find(({ current }) => !current);
  return (
    <>
      <button disabled={before === undefined} onClick={() => setAsked(before)}>
        Take the last save back …
      </button>
      {asked === undefined ? undefined : (
        <PutBack version={asked} standing={standing} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

type PutBackProps = { readonly version: SiteVersion; readonly standing: Standing; readonly onClose: () => void };

function PutBack({ version, standing, onClose }: PutBackProps) {
  const seen = useVersion(version.id);
  if (seen.value !== undefined)
    return <PutBackText id={version.id} text={seen.value.text} standing={standing} onClose={onClose} />;
  return (
    <Dialog title={`Version ${version.id}`} onClose={onClose}>
      <Await for={seen}>{() => undefined}</Await>
    </Dialog>
  );
}

type TextProps = Omit<PutBackProps, 'version'> & { readonly id: number; readonly text: string };

/** Saved where the file still is what the difference was shown to. */
function PutBackText({ id, text, standing, onClose }: TextProps) {
  const app = useApp();
  const task = useTask();
  const { problems } = useProblems(text);
  const [shown] = useState(standing);
  const save = (): void =>
    task.run(
      async () => {
        const body = { version: id };
        const answer = await app.client.ask('/api/v1/site/undo', { method: 'POST', body, ifMatch: shown.etag });
        app.live.refresh('/api/v1/site');
        return answer;
      },
      () => {
        app.say(`The site file says what version ${id} said.`);
        app.live.refresh('/api/v1/');
        onClose();
      },
    );
  return (
    <ReviewDialog
      title={`Put version ${id} back?`}
      action="Put it back"
      from={shown.text}
      to={text}
      problems={problems}
      task={task}
      onSave={save}
      onClose={onClose}
    />
  );
}
