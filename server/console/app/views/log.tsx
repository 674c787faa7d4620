// What a host's installer and scripts said: the newest lines as they come, or all of them from the beginning, page by page.

import { useEffect, useRef, useState } from 'preact/hooks';
import { complaintOf } from '../api/answers.ts';
import type { LogLine, LogPage } from '../api/types.ts';
import { useApp } from '../parts/app.ts';
import { Card, Complaint } from '../parts/pieces.tsx';
import { hostPath } from '../route.ts';
import { clockWords } from '../words.ts';

const PAGE_LINES = 500;
/** More are let go from the top: a page that follows for days does not grow. */
const MOST_LINES = 5000;
const FOLLOW_MS = 2000;
/** RFC 5424 §6.2.1: errors and what is worse. */
const ERROR = 3;

export function LogView({ host }: { readonly host: string }) {
  const { lines, complaint, follows, follow, fromBeginning, more } = useLog(host);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (follows) box.current?.scrollTo(0, box.current.scrollHeight);
  }, [follows, lines.at(-1)?.id]);
  return (
    <Card
      title="Installer log"
      aside={
        <span class="actions">
          <button aria-pressed={follows} onClick={() => follow(!follows)}>
            Follow
          </button>
          <button onClick={fromBeginning}>From the beginning</button>
          {follows ? undefined : <button onClick={more}>More</button>}
        </span>
      }
    >
      <Complaint text={complaint} />
      <div class="log" ref={box} tabIndex={0} role="group" aria-label="Lines of the log">
        {lines.length === 0 ? <p class="muted">Nothing was heard of it.</p> : undefined}
        {lines.map((line) => (
          <p key={line.id} class={line.severity <= ERROR ? 'bad' : undefined}>
            <time dateTime={new Date(line.at).toISOString()}>{clockWords(line.at)}</time>{' '}
            {line.source === '' ? '' : `${line.source}: `}
            {line.text}
          </p>
        ))}
      </div>
    </Card>
  );
}

type Read = { readonly lines: readonly LogLine[]; readonly next: number | undefined };
const NOTHING: Read = { lines: [], next: undefined };

/** The lines that were read, and ways to read others. */
function useLog(host: string) {
  const { client, live } = useApp();
  const [read, setRead] = useState<Read>(NOTHING);
  const [complaint, setComplaint] = useState<string>();
  const [follows, follow] = useState(true);
  /** `from` with the lines behind it; `from` itself where they are not to be had. */
  const readOn = async (from: Read, start: 'newest' | 'beginning'): Promise<Read> => {
    const after = from.next ?? (start === 'beginning' ? 0 : undefined);
    const query = `limit=${PAGE_LINES}${after === undefined ? '' : `&after=${after}`}`;
    const answer = await client.ask<LogPage>(`/api/v1${hostPath(host)}/log?${query}`);
    setComplaint(complaintOf(answer));
    if (answer.kind !== 'ok') return from;
    const { lines, next } = answer.value;
    return { lines: [...from.lines, ...lines].slice(-MOST_LINES), next };
  };
  useEffect(() => {
    if (!follows) return undefined;
    let isOver = false;
    let callOff = (): void => undefined;
    const step = async (from: Read): Promise<void> => {
      const now = await readOn(from, 'newest');
      if (isOver) return;
      setRead(now);
      callOff = live.after(FOLLOW_MS, () => void step(now));
    };
    void step(NOTHING);
    return () => {
      isOver = true;
      callOff();
    };
  }, [follows]);
  return {
    lines: read.lines,
    complaint,
    follows,
    follow,
    fromBeginning: () => {
      follow(false);
      void readOn(NOTHING, 'beginning').then(setRead);
    },
    more: () => void readOn(read, 'beginning').then(setRead),
  };
}
