// The console in the browser: puts its edges together and shows itself. The one place that knows them all. Edge.

import { h, render } from 'preact';
import type { Client } from './api/fetcher.ts';
import { createClient } from './api/fetcher.ts';
import type { Session } from './api/types.ts';
import { openNavigation } from './history/listener.ts';
import { openLive } from './live/listener.ts';
import { Shell } from './shell.tsx';
import { applyTheme, readTheme } from './theme/store.ts';
import { sendFile } from './uploads/fetcher.ts';

const AGAIN_MS = 2000;

applyTheme(readTheme());
void start(document.getElementById('app'));

async function start(root: HTMLElement | null): Promise<void> {
  if (root === null) return;
  const signs = new Set<(sign: 'answers' | 'silent') => void>();
  let aheadMs = 0;
  const client = createClient({
    onLoggedOut: toLogin,
    onSign: (sign) => signs.forEach((hear) => hear(sign)),
    onClock: (atMs) => {
      aheadMs = atMs - Date.now();
    },
  });
  const session = await firstSession(client, root);
  if (session === undefined) return;
  const parts = {
    client,
    live: openLive(client),
    upload: sendFile,
    navigation: openNavigation(),
    session,
    // Ages are told by the appliance's clock: that of this machine may be wrong.
    now: () => Date.now() + aheadMs,
    site: root.dataset['site'] ?? 'Kickstand',
    onSign: (hear: (sign: 'answers' | 'silent') => void) => {
      signs.add(hear);
      return () => signs.delete(hear);
    },
    theme: { read: readTheme, apply: applyTheme },
    leave: toLogin,
  };
  root.replaceChildren();
  render(h(Shell, { parts }), root);
}

/** Who is logged in. An appliance that is just starting is waited for. */
async function firstSession({ ask }: Client, root: HTMLElement): Promise<Session | undefined> {
  for (;;) {
    const answer = await ask<Session>('/api/v1/session');
    if (answer.kind === 'ok') return answer.value;
    if (answer.kind === 'refused' && answer.status === 401) return undefined;
    root.textContent = 'The appliance does not answer. Trying again …';
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** The page that was wanted is gone back to after the login. */
function toLogin(): void {
  if (location.pathname === '/login') return;
  location.assign(`/login?to=${encodeURIComponent(`${location.pathname}${location.search}`)}`);
}
