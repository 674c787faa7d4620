// Whatever a site may say of a hypervisor: no exception, well-formed XML, scripts that a shell accepts, and no secret where none belongs.

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { renderAnswerfile } from '../../../kickstart/answerfile.ts';
import { hypervisorJob } from '../../../kickstart/hypervisor/job.ts';
import { renderStageScript } from '../../../kickstart/hypervisor/stage-scripts.ts';
import { redactedSecrets } from '../../../kickstart/secrets.ts';
import { ANSWERFILE_STAGES } from '../../../kickstart/urls.ts';
import type { Install } from '../../../server/domain.ts';
import type { HypervisorOptions } from '../../../server/hypervisor.ts';
import { isNo } from '../../../server/malformed.ts';
import { BARE } from '../../support/bundle-installs.ts';
import { POOL_PASSWORD, RELEASES, hypervisorSecrets, joining } from '../../support/hypervisors.ts';
import { TOKEN } from '../../support/installs.ts';
import { traceOf } from '../../support/secret-scanner.ts';

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

/** Wilder than a site file may be: the shell and the XML are not to depend on its checks. */
const label = fc.string({
  minLength: 1,
  maxLength: 30,
  unit: fc.constantFrom(...`aZ0 -_.,:/'"$\`\\;&|<>%!*~#(){}`.split('')),
});

const options = fc.record<HypervisorOptions>({
  srType: maybe(fc.constantFrom('lvm', 'ext')),
  backend: maybe(fc.constantFrom('bridge', 'openvswitch')),
  labels: fc.array(fc.record({ device: fc.constantFrom('eth0', 'eth11', 'xenbr2'), label }), { maxLength: 3 }),
  license: maybe(fc.constantFrom('free.xslic', '/media/a b.lic')),
  packs: fc.array(fc.constant('csp.iso'), { maxLength: 2 }),
  pool: maybe(
    fc.constantFrom('xs-01', 'xs-02', 'xs-99').map((master) => ({ master, password: { secret: 'xen-root' } })),
  ),
  dom0MemoryMb: maybe(fc.integer({ min: 752, max: 100_000 })),
});

const install = fc
  .record({
    release: fc.constantFrom(...RELEASES),
    options: maybe(options),
    layout: fc.constantFrom('whole', 'raid1'),
    guest: fc.subarray(['sda', 'sdb', 'nvme0n1']),
    bootproto: fc.constantFrom('static', 'dhcp'),
    vlan: maybe(fc.integer({ min: 1, max: 4094 })),
    gateway: fc.boolean(),
  })
  .map(({ release, options: xenserver, layout, guest, bootproto, vlan, gateway }): Install => {
    const [family, version] = release;
    const base = joining(family, version);
    const link = { ...base.custom.link, bootproto, vlan };
    const network = gateway ? base.network : { ...base.network, gateway: undefined };
    const disks = layout === 'whole' ? ['sda'] : ['sda', 'sdb'];
    return {
      ...base,
      xenserver,
      network,
      custom: { ...base.custom, link },
      storage: { layout, disks, guest, ...BARE },
    };
  });

function parses(document: string): void {
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(document).close();
}

test('its instructions are well formed, or there is a reason why there are none', () => {
  fc.assert(
    fc.property(install, (one) => {
      const answer = renderAnswerfile(one, hypervisorSecrets);
      if (isNo(answer)) return;
      parses(answer);
      const scripts = ANSWERFILE_STAGES.map((stage) => renderStageScript(one, stage, hypervisorSecrets));
      for (const script of scripts) if (isNo(script)) throw new Error(script.reason);
      const redacted = ANSWERFILE_STAGES.map((stage) =>
        JSON.stringify(renderStageScript({ ...one, token: undefined }, stage, redactedSecrets)),
      );
      expect(traceOf([POOL_PASSWORD, TOKEN], redacted.join('\n'))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a shell accepts its scripts', () => {
  fc.assert(
    fc.property(install, (one) => {
      const script = renderStageScript(one, 'filesystem-populated', hypervisorSecrets);
      if (isNo(script)) return;
      expect(spawnSync('sh', ['-n'], { input: script }).stderr.toString()).toBe('');
      const job = hypervisorJob(one, hypervisorSecrets);
      if (job === undefined || isNo(job)) return;
      expect(spawnSync('bash', ['-n'], { input: job.file.text }).stderr.toString()).toBe('');
    }),
    { numRuns: 60 },
  );
});
