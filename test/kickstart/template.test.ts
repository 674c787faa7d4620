// The operator's own kickstarts: what they may ask for, what is refused with its place, and that no code runs in them.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderKickstart } from '../../kickstart/render.ts';
import { redactedSecrets } from '../../kickstart/secrets.ts';
import { readTemplates } from '../../kickstart/template/store.ts';
import { renderTemplate } from '../../kickstart/template/engine.ts';
import type { Install } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import { ROOT_HASH, SECRET_VALUES, TOKEN, cs40, minimal, secrets, secretsBut } from '../support/installs.ts';

const plain = minimal('9.6');

function templated(text: string, snippets: Readonly<Record<string, string>> = {}, install = plain): Install {
  return { ...install, template: { name: 'own', text, snippets } };
}

function rendered(install: Install, look = secrets): string {
  const text = renderKickstart(install, look);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

/** The smallest that lint lets pass. */
const WHOLE = `text
{{ sections.source }}{{ sections.locale }}{{ sections.network }}{{ sections.security }}{{ sections.storage }}reboot
%packages
@^minimal-environment
%end
`;

describe('a template', () => {
  test('is the built-in kickstart, made of its sections', () => {
    const text = `# Kickstand: {{ host.fqdn }}, profile {{ profile }} ({{ role }}), {{ os.family }} {{ os.version }} {{ os.arch }}
text
{{ sections.source }}{{ sections.locale }}{{ sections.network }}{{ sections.security }}firstboot --disabled
skipx
{{ sections.storage }}reboot
%include /tmp/kickstand-checked.ks

{{ sections.packages }}
{{ sections.pre }}
{{ sections.post }}`;
    for (const install of [plain, cs40, minimal('6.2')])
      expect(rendered(templated(text, {}, install))).toBe(rendered(install));
  });

  test.each([plain, minimal('6.2'), minimal('7.9')])('may be a preview that was saved: $host.name', (install) => {
    const preview = rendered({ ...install, token: undefined }, redactedSecrets);
    expect(preview).not.toContain(ROOT_HASH);
    expect(rendered(templated(preview, {}, install))).toBe(rendered(install));
  });

  test('may be the preview of a management server, whose first boot runs then', () => {
    const preview = rendered({ ...cs40, token: undefined }, redactedSecrets);
    const text = rendered(templated(preview, {}, cs40));
    for (const secret of SECRET_VALUES) expect(text).toContain(secret);
    expect(text).not.toMatch(/@SECRET:|@TOKEN@/);
    const check = /^case .* in\n {2}@SECRET\*\).*\nesac$/m.exec(text)?.[0] ?? 'exit 2';
    expect(spawnSync('bash', ['-c', check]).status).toBe(0);
    const redacted = /^case .* in\n {2}@SECRET\*\).*\nesac$/m.exec(preview)?.[0] ?? 'exit 2';
    expect(spawnSync('bash', ['-c', redacted]).status).toBe(1);
  });

  test('fetches secrets and shows placeholders in a preview', () => {
    const install = templated(`${WHOLE}# {{ "activation-key" | secret }} {{ rootSecret | secret }}\n`);
    const asking = { ...install, custom: { ...install.custom, secrets: ['activation-key'] } };
    const look = secretsBut({ 'activation-key': 'abc-123' });
    expect(rendered(asking, look)).toContain(`# abc-123 ${ROOT_HASH}\n`);
    expect(rendered(asking, redactedSecrets)).toContain('# @SECRET:activation-key@ @SECRET:root@\n');
  });

  test('knows the host, its site and its repos', () => {
    const facts =
      '# {{ host.mac }} {{ host.address }} {{ network.netmask }} {{ site.ntp | join: "," }} {% for repo in repos %}{{ repo.url }}{% endfor %}\n';
    expect(rendered(templated(`${WHOLE}${facts}`, {}, { ...cs40, ...pick(plain) }))).toContain(
      `# ${plain.host.macs[0]} ${plain.host.address} 255.255.255.0 ${plain.site.ntp.join(',')} ${cs40.repos[0]?.url}\n`,
    );
  });

  test('includes snippets with what they are given', () => {
    const text = `${WHOLE}{% render 'motd', who: host.name %}`;
    expect(rendered(templated(text, { motd: '%post\necho {{ who | shell_word }}\n%end\n' }))).toContain(
      'echo node-9-6\n',
    );
  });

  test('reports where a report belongs', () => {
    expect(rendered(templated(`${WHOLE}# {{ eventsUrl }}\n`))).toContain(`/hosts/node-9-6/events?token=${TOKEN}\n`);
  });
});

function pick({ os, host, network, storage, role, tree }: Install): Partial<Install> {
  return { os, host, network, storage, role, tree };
}

describe('is refused with line and column', () => {
  test.each([
    ['an unknown variable', '{{ host.nmae }}', /undefined variable: host\.nmae, line:6, col:4/],
    ['an unknown filter', '{{ host.name | frobnicate }}', /undefined filter: frobnicate/],
    ['an unknown tag', '{% system "id" %}', /tag "system" not found/],
    ['a block without an end', '{% if true %}', /not closed/],
    ['a file of the machine', '{% render "/etc/passwd" %}', /\/etc\/passwd/],
    ['a snippet that is not there', "{% render 'nope' %}", /nope/],
    ['a prototype', '{{ host.constructor.constructor }}', /undefined variable/],
    ['a filter of the prototype', '{{ 1 | valueOf }}', /undefined filter/],
    ['a secret that the profile does not name', '{{ "operator" | secret }}', /asks for the secret "operator"/],
    ['its placeholder', '# @SECRET:operator@', /asks for the secret "operator"/],
    ['a value that no kickstart can hold', '{{ "-x" | kickstart_value }}', /cannot start with a dash/],
    ['a loop without end', '{% for a in (1..100000000) %}{{ a }}{% endfor %}', /limit exceeded/],
    ['a snippet that includes itself', "{% render 'self' %}", /./],
  ])('%s', (_, text, wanted) => {
    const refused = renderKickstart(templated(`${WHOLE}${text}`, { self: "{% render 'self' %}" }), secrets);
    expect(refused).toMatchObject({ kind: 'no', reason: expect.stringMatching(wanted) });
    for (const secret of SECRET_VALUES) expect(JSON.stringify(refused)).not.toContain(secret);
  });

  test('what the installer would refuse', () => {
    const refused = renderKickstart(templated(`${WHOLE}frobnicate\n`), secrets);
    expect(refused).toMatchObject({
      kind: 'no',
      reason: expect.stringMatching(/would refuse the kickstart .*line \d+/),
    });
  });

  test('a kickstart that is empty of what an installer needs', () => {
    expect(isNo(renderKickstart(templated('part / --size=1 --raid\n'), secrets))).toBe(true);
  });
});

test('shell text passes as it is', () => {
  const shell = 'echo ${#array[@]} ${v%x} $((1+2)) "${a[0]}" `id` %d {a,b}\n';
  expect(renderTemplate({ name: 'x', text: shell, snippets: {}, context: {}, filters: {} })).toBe(shell);
});

test('whatever the text, it is text or a refusal, and soon', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    'if',
    'for',
    'host',
    '.',
    '|',
    'render',
    "'x'",
    ' ',
    '\n',
    'assign a = ',
    'endif',
    '-',
    '(1..9)',
    'constructor',
    '__proto__',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const result = renderTemplate({
        name: 'x',
        text: pieces.join(''),
        snippets: { x: 'y' },
        context: { host: { name: 'a' } },
        filters: {},
      });
      expect(typeof result === 'string' || isNo(result)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

describe('on disk', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kickstand-templates-'));
    mkdirSync(join(directory, 'snippets'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('kickstarts and snippets by their names; links, odd names, large and other files are not there', async () => {
    writeFileSync(join(directory, 'base.ks'), 'text\n');
    writeFileSync(join(directory, 'notes.txt'), 'no\n');
    writeFileSync(join(directory, '.hidden.ks'), 'no\n');
    writeFileSync(join(directory, 'large.ks'), 'x'.repeat(300 * 1024));
    writeFileSync(join(directory, 'outside'), 'no\n');
    symlinkSync('/etc/passwd', join(directory, 'passwd.ks'));
    mkdirSync(join(directory, 'directory.ks'));
    writeFileSync(join(directory, 'snippets/motd'), 'hello\n');
    const { kickstarts, snippets } = await readTemplates(directory);
    expect([...kickstarts]).toEqual([['base', 'text\n']]);
    expect([...snippets]).toEqual([['motd', 'hello\n']]);
  });

  test('a directory that is not there holds none', async () => {
    expect((await readTemplates(join(directory, 'none'))).kickstarts.size).toBe(0);
  });
});
