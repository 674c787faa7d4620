// The site file: changed with its problems beside it, saved over nobody's change; below it, what it said before.

import { useEffect, useState } from 'preact/hooks';
import type { SiteText } from '../api/types.ts';
import type { Draft, Task } from '../parts/app.ts';
import { useApp, useLive, useMay, useTask } from '../parts/app.ts';
import { Await, Card, Complaint } from '../parts/pieces.tsx';
import { ReviewDialog } from './review.tsx';
import { SiteHistory, TakeBack } from './site-history.tsx';
import { useProblems } from './site-problems.ts';
import { TextEditor } from './text-editor.tsx';

const TEXT = '/api/v1/site/text';
const TEXT_MS = 5000;

export function SiteEditor() {
  const mayAct = useMay('operator');
  const seen = useLive<SiteText>(mayAct ? TEXT : undefined, TEXT_MS);
  return (
    <>
      <h1>Site</h1>
      {mayAct ? (
        <Await for={seen}>
          {(value) => (
            <>
              <Editor theirs={value.text} etag={seen.etag} />
              <SiteHistory standing={{ text: value.text, etag: seen.etag }} />
            </>
          )}
        </Await>
      ) : (
        <p>Operators and admins see and change the site file.</p>
      )}
    </>
  );
}

/** `theirs` is what the file says now; the draft begins with it. */
function Editor({ theirs, etag }: { readonly theirs: string; readonly etag: string | undefined }) {
  const [draft, setDraft] = useDraft(theirs, etag);
  const { text, base } = draft;
  const { problems, complaint } = useProblems(text);
  const [isReviewed, setReviewed] = useState(false);
  const { task, save } = useSave(draft, (saved) => {
    setDraft(saved);
    setReviewed(false);
  });
  const close = (): void => {
    task.clear();
    setReviewed(false);
  };
  const isChanged = text !== base;
  return (
    <>
      {isChanged && theirs !== base ? (
        <Moved onCompare={() => setDraft({ ...draft, base: theirs, etag })} />
      ) : undefined}
      <Card
        title={isChanged ? 'site.yaml, changed' : 'site.yaml'}
        aside={
          <span class="actions">
            {isChanged ? undefined : <TakeBack standing={{ text: theirs, etag }} />}
            <button disabled={!isChanged} onClick={() => setDraft({ ...draft, text: theirs, base: theirs, etag })}>
              Discard
            </button>
            <button class="main" disabled={!isChanged} onClick={() => setReviewed(true)}>
              Review and save …
            </button>
          </span>
        }
      >
        <Complaint text={complaint} />
        <TextEditor
          label="The site file"
          text={text}
          problems={problems}
          onChange={(changed) => setDraft({ ...draft, text: changed })}
        />
      </Card>
      {isReviewed ? (
        <ReviewDialog
          title="Save this change?"
          action="Save the site file"
          from={base}
          to={text}
          problems={problems}
          task={task}
          onSave={save}
          onClose={close}
        />
      ) : undefined}
    </>
  );
}

/** Saves the draft where the file still is what it was made from. */
function useSave(draft: Draft, onSaved: (draft: Draft) => void): { readonly task: Task; readonly save: () => void } {
  const app = useApp();
  const task = useTask();
  const { text, etag } = draft;
  const save = (): void =>
    task.run(
      async () => {
        const answer = await app.client.ask(TEXT, { method: 'PUT', body: { text }, ifMatch: etag });
        if (answer.kind === 'refused' && answer.status === 412) app.live.refresh(TEXT);
        return answer.kind === 'ok' ? { ...answer, value: answer.etag } : answer;
      },
      (saved) => {
        app.say('The site file is saved.');
        app.live.refresh('/api/v1/');
        onSaved({ text, base: text, etag: saved });
      },
    );
  return { task, save };
}

/** The draft, which follows the file as long as nothing in it is changed. */
function useDraft(theirs: string, etag: string | undefined): readonly [Draft, (draft: Draft) => void] {
  const { draft: kept } = useApp();
  const [draft, setDraft] = useState<Draft>(kept.current ?? { text: theirs, base: theirs, etag });
  const isChanged = draft.text !== draft.base;
  const keep = (changed: Draft): void => {
    kept.current = changed;
    setDraft(changed);
  };
  useEffect(() => {
    if (!isChanged && draft.etag !== etag) keep({ ...draft, text: theirs, base: theirs, etag });
  }, [theirs, etag]);
  useEffect(() => {
    if (!isChanged) return undefined;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isChanged]);
  return [draft, keep];
}

function Moved({ onCompare }: { readonly onCompare: () => void }) {
  return (
    <p class="complaint" role="alert">
      The site file was changed by somebody else meanwhile. To save what stands here over it, look at the difference to
      what it says now: <button onClick={onCompare}>Compare with theirs</button>
    </p>
  );
}
