// What a host's installer would be told, line by line, with what its release would say of each.

import { useState } from 'preact/hooks';
import type { Finding, Instructions } from '../api/types.ts';
import { useLive } from '../parts/app.ts';
import { Await, Card, Field } from '../parts/pieces.tsx';
import { hostPath } from '../route.ts';
import { countWords } from '../words.ts';

const SLOW_MS = 30_000;
const FORMS = [
  ['', 'what its installer reads'],
  ['pxelinux', 'PXELINUX script'],
  ['ipxe', 'iPXE script'],
  ['grub', 'GRUB script'],
] as const;

export function InstructionsView({ host }: { readonly host: string }) {
  const [form, setForm] = useState('');
  const query = form === '' ? '' : `?form=${form}`;
  const seen = useLive<Instructions>(`/api/v1${hostPath(host)}/instructions${query}`, SLOW_MS);
  return (
    <Card title="Instructions">
      <Field label="Form" hint="Secrets and the token are left out.">
        <select value={form} onChange={({ currentTarget }) => setForm(currentTarget.value)}>
          {FORMS.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </Field>
      <Await for={seen}>{(instructions) => <Listing instructions={instructions} />}</Await>
    </Card>
  );
}

function Listing({ instructions: { form, text, findings } }: { readonly instructions: Instructions }) {
  const byLine = Map.groupBy(findings, ({ line }) => line);
  return (
    <>
      <p>
        {findings.length === 0
          ? `The ${form}: nothing is wrong with it.`
          : `The ${form}: ${countWords(findings.length, 'finding')}.`}
      </p>
      <ol class="listing" tabIndex={0} aria-label={`The ${form}`}>
        {text.split('\n').map((line, index) => (
          <li key={index} class={classOf(byLine.get(index + 1))}>
            <code>{line === '' ? ' ' : line}</code>
            {(byLine.get(index + 1) ?? []).map(({ severity, message, remedy }) => (
              <p class="finding">
                <strong>{severity}</strong> {message}
                {remedy === undefined ? '' : ` — ${remedy}`}
              </p>
            ))}
          </li>
        ))}
      </ol>
    </>
  );
}

function classOf(findings: readonly Finding[] | undefined): string | undefined {
  if (findings === undefined) return undefined;
  return findings.some(({ severity }) => severity === 'error') ? 'is-error' : 'is-warning';
}
