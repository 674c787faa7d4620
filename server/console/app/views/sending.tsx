// A file sent from this page: one at a time, its progress, and going on where it broke off.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../api/fetcher.ts';
import type { Upload } from '../api/content-types.ts';
import type { Page } from '../api/types.ts';
import { useApp, useLive } from '../parts/app.ts';
import { Bar } from '../parts/pieces.tsx';
import { byteWords, percentOf } from '../words.ts';

export const TEMPLATES = '/api/v1/templates';
const UPLOADS = '/api/v1/template-uploads';
const UPLOADS_MS = 5000;

export type Sending = {
  /** What is on its way. */
  readonly sent: { readonly bytes: number; readonly of: number } | undefined;
  readonly unfinished: readonly Upload[];
  /** Sends all of it; `paused` where that was ended here. */
  readonly send: (file: File) => Promise<Answer<string> | 'paused'>;
  readonly pause: () => void;
};

/** What is sent from a view goes on only as long as that one is open. */
export function useSending(): Sending {
  const { upload, live } = useApp();
  const unfinished = useLive<Page<Upload>>(UPLOADS, UPLOADS_MS).value?.items ?? [];
  const [sent, setSent] = useState<Sending['sent']>();
  const stopper = useRef<AbortController | undefined>(undefined);
  const pause = (): void => stopper.current?.abort();
  useEffect(() => pause, []);
  const send = async (file: File): Promise<Answer<string> | 'paused'> => {
    const { signal } = (stopper.current = new AbortController());
    const told = (bytes: number): void => setSent({ bytes, of: file.size });
    told(0);
    const same = unfinished.filter(({ name, sizeBytes }) => name === file.name && sizeBytes === file.size);
    const answer = await upload(file, { unfinished: same.map(({ id }) => id), signal, onSent: told });
    setSent(undefined);
    live.refresh(TEMPLATES);
    live.refresh(UPLOADS);
    return answer.kind !== 'ok' && signal.aborted ? 'paused' : answer;
  };
  return { sent, unfinished, send, pause };
}

export const PAUSED = 'Paused. Choose the same file again to go on.';

/** How far it is, with a button to pause it. */
export function SendingBar({ sending: { sent, pause } }: { readonly sending: Sending }) {
  if (sent === undefined) return <></>;
  return (
    <span class="bar">
      <Bar percent={percentOf(sent.bytes, sent.of)} label="Upload" />
      {byteWords(sent.bytes)} of {byteWords(sent.of)}{' '}
      <button type="button" onClick={pause}>
        Pause
      </button>
    </span>
  );
}
