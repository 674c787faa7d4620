// A file sent to the appliance piece by piece (tus 1.0.0), and gone on with where it broke off. Edge.

import type { Answer } from '../api/fetcher.ts';

/** `sent` is told as it grows, in bytes. `unfinished` are the ids of uploads of a file of this name and size. */
export type Sending = {
  readonly unfinished: readonly string[];
  readonly signal: AbortSignal;
  readonly onSent: (sent: number) => void;
};

type Step<T> = { readonly kind: 'done'; readonly value: T } | Exclude<Answer<never>, { readonly kind: 'ok' }>;

const PLACE = '/templates/uploads/';
const PIECE_BYTES = 16 * 1024 * 1024;
const TRIES = 30;
const AGAIN_MS = 2000;

/** Sends all of it. Broken connections are tried again for a minute; what was sent stays for a day. */
export async function sendFile(file: File, sending: Sending): Promise<Answer<string>> {
  const metadata = metadataOf(file);
  const begun = (await resumed(metadata, sending)) ?? (await begin(file, metadata, sending.signal));
  return begun.kind === 'done' ? sendRest({ file, metadata, ...begun.value }, sending) : begun;
}

type Unsent = { readonly file: File; readonly metadata: string; readonly id: string; readonly at: number };

async function sendRest(
  { file, metadata, id, at: first }: Unsent,
  { signal, onSent }: Sending,
): Promise<Answer<string>> {
  let at = first;
  let failed = 0;
  do {
    onSent(at);
    const step = await sendPiece({ file, at, id }, signal);
    if (step.kind === 'done') {
      at = step.value;
      failed = 0;
      continue;
    }
    failed += 1;
    // 409: another part of it was written than was thought; where it stands tells the rest.
    const isFinal = step.kind === 'refused' && step.status !== 409;
    if (isFinal || signal.aborted || failed > TRIES) return step;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    at = (await offsetOf(id, metadata, signal)) ?? at;
  } while (at < file.size);
  return { kind: 'ok', value: file.name, etag: undefined };
}

/** The same file again, as far as a browser may tell: its name, and when it was changed. The server compares the size. */
function metadataOf({ name, lastModified }: File): string {
  const base64 = (text: string): string => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
  return `filename ${base64(name)},lastmodified ${base64(String(lastModified))}`;
}

type Begun = Step<{ readonly id: string; readonly at: number }>;

/** Where an unfinished upload of this very file stands; undefined where there is none. */
async function resumed(metadata: string, { unfinished, signal }: Sending): Promise<Begun | undefined> {
  for (const id of unfinished) {
    const at = await offsetOf(id, metadata, signal);
    if (at !== undefined) return { kind: 'done', value: { id, at } };
  }
  return undefined;
}

async function offsetOf(id: string, metadata: string, signal: AbortSignal): Promise<number | undefined> {
  const answer = await ask(`${PLACE}${id}`, { method: 'HEAD', signal });
  if (answer?.status !== 200 || answer.headers.get('upload-metadata') !== metadata) return undefined;
  return Number(answer.headers.get('upload-offset'));
}

async function begin(file: File, metadata: string, signal: AbortSignal): Promise<Begun> {
  const headers = { 'Upload-Length': String(file.size), 'Upload-Metadata': metadata };
  const answer = await ask('/templates', { method: 'POST', headers, signal });
  const id = answer?.headers.get('location')?.split('/').at(-1);
  return answer?.status === 201 && id !== undefined ? { kind: 'done', value: { id, at: 0 } } : refusalOf(answer);
}

type Piece = { readonly file: File; readonly at: number; readonly id: string };

async function sendPiece({ file, at, id }: Piece, signal: AbortSignal): Promise<Step<number>> {
  const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(at) };
  const answer = await ask(`${PLACE}${id}`, {
    method: 'PATCH',
    headers,
    signal,
    body: file.slice(at, at + PIECE_BYTES),
  });
  if (answer?.status !== 204) return refusalOf(answer);
  return { kind: 'done', value: Number(answer.headers.get('upload-offset')) };
}

type Init = {
  readonly method: string;
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Blob;
};

async function ask(path: string, init: Init): Promise<Response | undefined> {
  try {
    return await fetch(path, { ...init, cache: 'no-store', headers: { ...init.headers, 'Tus-Resumable': '1.0.0' } });
  } catch {
    // Broken off, by the network or by who sends.
    return undefined;
  }
}

async function refusalOf(answer: Response | undefined): Promise<Exclude<Step<never>, { readonly kind: 'done' }>> {
  if (answer === undefined) return { kind: 'unreachable' };
  const text = await answer.text().catch(() => '');
  const said = parsed(text);
  return {
    kind: 'refused',
    status: answer.status,
    detail: said.detail ?? `The appliance answered ${answer.status}.`,
    remedy: said.remedy,
    problems: [],
  };
}

function parsed(text: string): { readonly detail?: string; readonly remedy?: string } {
  try {
    return JSON.parse(text) as { readonly detail?: string };
  } catch {
    return {};
  }
}
