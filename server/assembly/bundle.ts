// Configuration bundles from the open house: of one host, or of the whole site.

import { bundleContents } from '../../kickstart/bundle/contents.ts';
import type { BundleHost } from '../../kickstart/bundle/contents.ts';
import type { Bundle } from '../../kickstart/bundle/entries.ts';
import { zoneOf } from '../../kickstart/bundle/zone/zone.ts';
import { installerArguments } from '../../kickstart/kernel-arguments.ts';
import { renderInstallBoot } from '../boot/pxelinux.ts';
import type { Catalog, Host, Install, SecretLookup } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';
import { renderPlan } from '../site/plan-text.ts';
import { planAddresses } from '../site/plan.ts';
import { resolveInstall } from '../site/resolve.ts';
import { renderSite } from '../site/show.ts';
import type { House } from './house.ts';
import { hostNamed, readCatalog } from './house.ts';
import { formOf, renderForm } from './instructions.ts';

/** The bundle of the host called `name`, or of the whole site for `site`. */
export async function bundleFor(
  house: House,
  name: string,
  options: { readonly withSecrets: boolean },
): Promise<Bundle | No> {
  const site = house.site();
  const catalog = await readCatalog(house);
  const shared = { siteName: site.name, renderAnswer, secrets: options.withSecrets ? house.secrets.read : undefined };
  if (name !== 'site') {
    const found = hostNamed(site, name);
    if (isNo(found)) return found;
    return bundleContents({ ...shared, content: { kind: 'host', host: bundleHost(house, catalog, found.host) } });
  }
  const hosts = site.hosts.map((host) => bundleHost(house, catalog, host));
  // The site as it was accepted: the file on disk may hold a mistake, or a secret typed into the wrong place.
  const siteFile = renderSite(site);
  return bundleContents({
    ...shared,
    content: { kind: 'site', hosts, siteFile, addressPlan: renderPlan(planAddresses(site)) },
  });
}

function bundleHost(house: House, catalog: Catalog, host: Host): BundleHost {
  const install = resolveInstall(house.site(), catalog, host);
  const zone = zoneOf(house.site(), host);
  return { host: host.name, install, bootEntries: isNo(install) ? install : bootEntries(install), zone };
}

function bootEntries(install: Install): BundleHost['bootEntries'] {
  const args = installerArguments(install);
  if (isNo(args)) return args;
  const text = renderInstallBoot(install, args);
  return install.host.macs.map((mac) => ({ path: `pxelinux.cfg/01-${mac.replaceAll(':', '-')}`, text }));
}

function renderAnswer(
  install: Install,
  secrets: SecretLookup,
): { name: 'kickstart.ks' | 'answerfile.xml'; text: string } | No {
  const form = formOf(install);
  const text = renderForm(install, form, secrets);
  return isNo(text) ? text : { name: form === 'kickstart' ? 'kickstart.ks' : 'answerfile.xml', text };
}
