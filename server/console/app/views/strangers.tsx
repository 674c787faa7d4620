// Machines that asked for a boot and are in no site, each with a way to make a host of it.

import { useState } from 'preact/hooks';
import type { Discovered, Host, Page } from '../api/types.ts';
import { useLive, useMay, useNow } from '../parts/app.ts';
import { Await, Card, Grid } from '../parts/pieces.tsx';
import { claimsOf } from '../suggestion.ts';
import { agoWords } from '../words.ts';
import { EnrolDialog } from './enrol.tsx';

const DISCOVERED_MS = 5000;

/** The machines, each with a button to enrol it; nothing where there is none. */
export function Strangers({ hosts }: { readonly hosts: readonly Host[] }) {
  const seen = useLive<Page<Discovered>>('/api/v1/discovered', DISCOVERED_MS);
  const [asked, setAsked] = useState<Discovered>();
  const mayAct = useMay('operator');
  const now = useNow();
  if (seen.value?.items.length === 0 && asked === undefined) return <></>;
  return (
    <Card title="Machines in no site">
      <p class="muted">They asked for a boot here and were told to boot their own disks.</p>
      <Await for={seen}>
        {({ items }) => (
          <Grid
            label="Machines in no site"
            heads={['MAC', 'Says of itself', 'Address', 'Seen', '']}
            rows={items.map((machine) => [
              machine.mac,
              claimsOf(machine),
              machine.address ?? '',
              agoWords(machine.lastSeen, now),
              mayAct ? (
                <button aria-label={`Enrol ${machine.mac}`} onClick={() => setAsked(machine)}>
                  Enrol …
                </button>
              ) : undefined,
            ])}
          />
        )}
      </Await>
      {asked === undefined ? undefined : (
        <EnrolDialog machines={[asked]} hosts={hosts} address={undefined} onClose={() => setAsked(undefined)} />
      )}
    </Card>
  );
}
