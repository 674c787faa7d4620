// What a host's installer is told, rendered from the open house: for its installer, for previews and for bundles.

import { renderAnswerfile } from '../../kickstart/answerfile.ts';
import { renderStageScript } from '../../kickstart/hypervisor/stage-scripts.ts';
import { installerArguments } from '../../kickstart/kernel-arguments.ts';
import { renderKickstart } from '../../kickstart/render.ts';
import { redactedSecrets } from '../../kickstart/secrets.ts';
import { ANSWERFILE_STAGES } from '../../kickstart/urls.ts';
import { renderGrub } from '../boot/grub.ts';
import { renderIpxe } from '../boot/ipxe.ts';
import { renderPxelinux } from '../boot/pxelinux.ts';
import type { BootDecision, Install, SecretLookup } from '../domain.ts';
import type { Instructions } from '../hosts/routes.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import { resolveArmed } from '../site/resolve.ts';
import type { House } from './house.ts';
import { hostNamed, installOf, readCatalog } from './house.ts';

/** What an armed host installs: as it was agreed to, with its token and its pinned snapshots. */
export async function armedInstall(house: House, host: string): Promise<Install | No> {
  const catalog = await readCatalog(house);
  const { arming } = house.hosts.state(host, house.now());
  if (arming === undefined) return no(`${host} is not armed`, `kickstand host arm ${host}`);
  const found = hostNamed(house.site(), host);
  if (isNo(found)) return found;
  return resolveArmed(house.site(), catalog, { host: found.host, arming });
}

/** The forms `kickstand host render` knows. */
export const renderForms = ['kickstart', 'answerfile', 'pxelinux', 'ipxe', 'grub'] as const;
export type RenderForm = (typeof renderForms)[number];

/** What `host` would be told if it were armed now; with placeholders for its token and its secrets. */
export async function previewFor(house: House, host: string, form: RenderForm | undefined): Promise<string | No> {
  const install = await installOf(house, host);
  if (isNo(install)) return install;
  return renderForm(install, form ?? formOf(install), redactedSecrets);
}

/** One form of an install's instructions. */
export function renderForm(install: Install, form: RenderForm, secrets: SecretLookup): string | No {
  if (form === 'kickstart' || form === 'answerfile') return renderInstructions(install, { kind: form }, secrets);
  const args = installerArguments(install);
  return isNo(args) ? args : bootScript(form, { kind: 'install', install, arguments: args });
}

function bootScript(
  loader: 'pxelinux' | 'ipxe' | 'grub',
  decision: BootDecision & { readonly kind: 'install' },
): string {
  const { origin } = decision.install;
  switch (loader) {
    case 'pxelinux':
      return renderPxelinux(decision, { origin });
    case 'ipxe':
      return renderIpxe(decision, { origin });
    case 'grub':
      return renderGrub(decision, { origin });
  }
}

/** Which of the two an install's installer reads. */
export function formOf(install: Install): 'kickstart' | 'answerfile' {
  return install.tree.facts.boot.kind === 'xen' ? 'answerfile' : 'kickstart';
}

/** What the installer of `install` reads. */
export function renderInstructions(install: Install, what: Instructions, secrets: SecretLookup): string | No {
  const wanted = what.kind === 'script' ? 'answerfile' : what.kind;
  const reads = formOf(install);
  if (wanted !== reads)
    return no(`${install.host.name} installs ${install.os.family}, whose installer reads its ${reads}`);
  switch (what.kind) {
    case 'kickstart':
      return renderKickstart(install, secrets);
    case 'answerfile':
      return renderAnswerfile(install, secrets);
    case 'script':
      return renderScript(install, what.stage, secrets);
  }
}

function renderScript(install: Install, wanted: string, secrets: SecretLookup): string | No {
  const stage = ANSWERFILE_STAGES.find((known) => known === wanted);
  return stage === undefined
    ? no(`there is no script for ${JSON.stringify(wanted.slice(0, 40))}`)
    : renderStageScript(install, stage, secrets);
}
