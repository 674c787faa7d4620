// What every view is given, and the hooks by which it keeps up to date and does things. Touches nothing itself.

import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useState } from 'preact/hooks';
import { complaintOf } from '../api/answers.ts';
import type { Answer, Client } from '../api/fetcher.ts';
import { ROLES } from '../api/types.ts';
import type { Problem, Role, Session } from '../api/types.ts';
import type { Navigation } from '../history/listener.ts';
import { UNSEEN } from '../live/listener.ts';
import type { Live, Seen } from '../live/listener.ts';
import type { Sending } from '../uploads/fetcher.ts';
import type { Theme } from '../theme/store.ts';

/** The edges of the console. */
export type Parts = {
  readonly client: Client;
  readonly live: Live;
  readonly upload: (file: File, sending: Sending) => Promise<Answer<string>>;
  readonly navigation: Navigation;
  readonly session: Session;
  /** The appliance's time, ms since 1970. */
  readonly now: () => number;
  readonly site: string;
  readonly onSign: (hear: (sign: 'answers' | 'silent') => void) => () => void;
  readonly theme: { readonly read: () => Theme; readonly apply: (theme: Theme) => void };
  /** To the page to log in by. */
  readonly leave: () => void;
};

/** What views are given: the edges, and a line to say what was done. */
export type App = Parts & {
  readonly say: (words: string) => void;
  /** The site text as it is being changed: it outlasts a look at another view. */
  readonly draft: { current: Draft | undefined };
};

/** A text that is not saved, and what it was made from. */
export type Draft = {
  readonly text: string;
  readonly base: string;
  readonly etag: string | undefined;
};

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error('a view stands outside the console');
  return app;
}

/** What the API says at `path`, asked again every `everyMs`; nothing where `path` is undefined. */
export function useLive<T>(path: string | undefined, everyMs: number): Seen<T> {
  const { live } = useApp();
  const [seen, setSeen] = useState<{ readonly path: string | undefined; readonly of: Seen<T> }>({ path, of: UNSEEN });
  useEffect(() => {
    if (path === undefined) return undefined;
    return live.watch<T>(path, everyMs, (of) => setSeen({ path, of }));
  }, [live, path, everyMs]);
  // What was seen of another path is nothing of this one.
  return seen.path === path ? seen.of : UNSEEN;
}

/** The appliance's time, every second anew. */
export function useNow(): number {
  const { live, now } = useApp();
  const [at, setAt] = useState(now);
  useEffect(() => live.every(1000, () => setAt(now())), [live, now]);
  return at;
}

/** May who is logged in do what needs `role`? The server decides; this spares buttons that would be refused. */
export function useMay(role: Role): boolean {
  const { session } = useApp();
  return ROLES.indexOf(session.role) >= ROLES.indexOf(role);
}

export type Task = {
  readonly isBusy: boolean;
  /** Why the last one was refused. */
  readonly complaint: string | undefined;
  /** All that was wrong with what it sent, where the appliance told it one by one. */
  readonly problems: readonly Problem[];
  /** Does it, and `then` where it went well. */
  readonly run: <T>(work: () => Promise<Answer<T>>, then?: (value: T) => void) => void;
  /** Forgets the refusal. */
  readonly clear: () => void;
};

/** One thing at a time that a button does. */
export function useTask(): Task {
  const [isBusy, setBusy] = useState(false);
  const [complaint, setComplaint] = useState<string>();
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const run = useCallback(<T>(work: () => Promise<Answer<T>>, then?: (value: T) => void): void => {
    setBusy(true);
    setComplaint(undefined);
    setProblems([]);
    void work().then((answer) => {
      setBusy(false);
      setComplaint(complaintOf(answer));
      setProblems(answer.kind === 'refused' ? answer.problems : []);
      if (answer.kind === 'ok') then?.(answer.value);
    });
  }, []);
  const clear = (): void => {
    setComplaint(undefined);
    setProblems([]);
  };
  return { isBusy, complaint, problems, run, clear };
}
