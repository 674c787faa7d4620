// The form that makes a host of a machine that asked: its name and profile are there already, to be changed.

import { useState } from 'preact/hooks';
import type { Discovered, Host, Site } from '../api/types.ts';
import { useApp, useLive, useTask } from '../parts/app.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Await, Field } from '../parts/pieces.tsx';
import type { Suggestion } from '../suggestion.ts';
import { claimsOf, suggestEnrolment } from '../suggestion.ts';

const SITE_MS = 60_000;
/** The site is read again a moment after it was saved. */
const REREAD_MS = 1500;

type EnrolProps = {
  /** One, or several to choose from. */
  readonly machines: readonly Discovered[];
  readonly hosts: readonly Host[];
  /** Where it is to be; the next free one where undefined. */
  readonly address: string | undefined;
  readonly onClose: () => void;
};

/** Makes a host of a machine: an entry in the site file. It arms nothing. */
export function EnrolDialog({ machines, hosts, address, onClose }: EnrolProps) {
  const app = useApp();
  const task = useTask();
  const [mac, setMac] = useState(machines[0]?.mac ?? '');
  const site = useLive<Site>('/api/v1/site', SITE_MS);
  const enrol = ({ name = '', profile = '', place = '' }: Readonly<Record<string, string>>): void => {
    const body = { name: name.trim(), profile, ...(place.trim() === '' ? {} : { address: place.trim() }) };
    task.run(
      () => app.client.ask<Host>(`/api/v1/discovered/${encodeURIComponent(mac)}/enroll`, { method: 'POST', body }),
      (host) => {
        app.say(`${host.name} is enrolled at ${host.address}. It is not armed.`);
        app.live.after(REREAD_MS, () => app.live.refresh('/api/v1/'));
        onClose();
      },
    );
  };
  return (
    <FormDialog
      title={machines.length === 1 ? `Enrol ${mac}` : 'Enrol a machine'}
      onClose={onClose}
      task={task}
      action="Enrol"
      onSubmit={enrol}
    >
      {machines.length > 1 ? <MachineSelect machines={machines} mac={mac} onChange={setMac} /> : undefined}
      <Await for={site}>
        {({ profiles }) => {
          const names = profiles.map(({ name }) => name);
          const machine = machines.find((one) => one.mac === mac) ?? { mac };
          return (
            <Fields key={mac} profiles={names} suggested={suggestEnrolment(machine, hosts, names)} address={address} />
          );
        }}
      </Await>
    </FormDialog>
  );
}

type SelectProps = {
  readonly machines: readonly Discovered[];
  readonly mac: string;
  readonly onChange: (mac: string) => void;
};

function MachineSelect({ machines, mac, onChange }: SelectProps) {
  return (
    <Field label="Machine">
      <select value={mac} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {machines.map((one) => (
          <option key={one.mac} value={one.mac}>
            {one.mac} {claimsOf(one)}
          </option>
        ))}
      </select>
    </Field>
  );
}

type FieldsProps = {
  readonly profiles: readonly string[];
  readonly suggested: Suggestion;
  readonly address: string | undefined;
};

/** What was suggested first stays: a list that is told anew under the fingers changes no field. */
function Fields({ profiles, suggested, address }: FieldsProps) {
  const [first] = useState(suggested);
  return (
    <>
      <Field label="Name">
        <input name="name" required maxLength={63} defaultValue={first.name} autocomplete="off" />
      </Field>
      <Field label="Profile">
        <select name="profile">
          {profiles.map((name) => (
            <option key={name} value={name} selected={name === first.profile}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Address" hint="Empty: the next free one of the profile's hosts.">
        <input name="place" defaultValue={address} autocomplete="off" />
      </Field>
    </>
  );
}
