// The frame of every view: where one is, who one is, whether the appliance answers, and what was just done.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { App, Parts } from './parts/app.ts';
import { AppContext } from './parts/app.ts';
import { Link } from './parts/pieces.tsx';
import type { Route, Section } from './route.ts';
import { pathOf } from './route.ts';
import type { Theme } from './theme/store.ts';
import { THEMES } from './theme/store.ts';
import { Account } from './views/account.tsx';
import { Activity } from './views/activity.tsx';
import { Content } from './views/content.tsx';
import { HostPage } from './views/host.tsx';
import { Hosts } from './views/hosts.tsx';
import { NetworkPlan } from './views/network.tsx';
import { Overview } from './views/overview.tsx';
import { SiteEditor } from './views/site.tsx';

const NAMES: Readonly<Record<Section, string>> = {
  overview: 'Overview',
  hosts: 'Hosts',
  network: 'Network',
  content: 'Content',
  site: 'Site',
  activity: 'Activity',
  account: 'Account',
};

/** The console. */
export function Shell({ parts }: { readonly parts: Parts }) {
  const route = useRoute(parts);
  const [said, setSaid] = useState('');
  const app: App = useMemo(() => ({ ...parts, say: setSaid, draft: { current: undefined } }), [parts]);
  const main = useRef<HTMLElement>(null);
  const place = route.view === 'host' ? `hosts/${route.host}` : route.view;
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${titleOf(route)} · ${parts.site} · Kickstand`;
    // Who goes to another view by keyboard or by ear begins at its top.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
    setSaid('');
  }, [place]);
  return (
    <AppContext.Provider value={app}>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Top route={route} />
      <Silence parts={parts} />
      <main id="main" tabIndex={-1} ref={main} key={place}>
        <View route={route} />
      </main>
      <div class="said" role="status">
        {said === '' ? undefined : (
          <p>
            {said} <button onClick={() => setSaid('')}>Dismiss</button>
          </p>
        )}
      </div>
    </AppContext.Provider>
  );
}

function useRoute({ navigation }: Parts): Route {
  const [route, setRoute] = useState(navigation.current);
  useEffect(() => navigation.onChange(() => setRoute(navigation.current())), [navigation]);
  return route;
}

function titleOf(route: Route): string {
  if (route.view === 'host') return route.host;
  return route.view === 'nowhere' ? 'Not found' : NAMES[route.view];
}

function Top({ route }: { readonly route: Route }) {
  const inBar = ['overview', 'hosts', 'network', 'content', 'site', 'activity'] as const;
  const here = route.view === 'host' ? 'hosts' : route.view;
  return (
    <AppContext.Consumer>
      {(app) => (
        <header class="top">
          <p class="brand">
            <Link to="/">
              <strong>{app?.site}</strong> <span>Kickstand</span>
            </Link>
          </p>
          <nav aria-label="Views">
            {inBar.map((section) => (
              <Link key={section} to={pathOf(section)} current={here === section}>
                {NAMES[section]}
              </Link>
            ))}
          </nav>
          {app === undefined ? undefined : <Person app={app} isHere={here === 'account'} />}
        </header>
      )}
    </AppContext.Consumer>
  );
}

function Person({ app, isHere }: { readonly app: App; readonly isHere: boolean }) {
  const { session, theme, client, leave } = app;
  const [chosen, setChosen] = useState<Theme>(theme.read);
  const choose = (): void => {
    const next = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length] ?? 'auto';
    theme.apply(next);
    setChosen(next);
  };
  const logOut = async (): Promise<void> => {
    const answer = await client.ask('/api/v1/session', { method: 'DELETE' });
    if (answer.kind === 'ok') leave();
    else app.say('Logging out failed: the appliance does not answer.');
  };
  return (
    <div class="person">
      <button class="quiet" onClick={choose} aria-label={`Colours: ${chosen}. Change them`}>
        {chosen === 'auto' ? '◐' : chosen === 'dark' ? '●' : '○'}
      </button>
      <Link to="/account" current={isHere}>
        {session.name} <span class="muted">({session.role})</span>
      </Link>
      <button class="quiet" onClick={() => void logOut()}>
        Log out
      </button>
    </div>
  );
}

/** Says that the appliance is silent, as long as it is: what is shown is old then. */
function Silence({ parts }: { readonly parts: Parts }) {
  const [isSilent, setSilent] = useState(false);
  useEffect(() => parts.onSign((sign) => setSilent(sign === 'silent')), [parts]);
  return (
    <div role="alert">
      {isSilent ? (
        <p class="silence">The appliance does not answer. What is shown here is what it said last; trying again …</p>
      ) : undefined}
    </div>
  );
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'overview':
      return <Overview />;
    case 'hosts':
      return <Hosts search={route.search} />;
    case 'host':
      return <HostPage name={route.host} search={route.search} />;
    case 'network':
      return <NetworkPlan />;
    case 'content':
      return <Content search={route.search} />;
    case 'site':
      return <SiteEditor />;
    case 'activity':
      return <Activity search={route.search} />;
    case 'account':
      return <Account />;
    case 'nowhere':
      return (
        <>
          <h1>Not found</h1>
          <p>
            There is no view at this address. <Link to="/">To the overview</Link>
          </p>
        </>
      );
  }
}
