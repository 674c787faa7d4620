// site + catalog + host → Install, every default applied once; a refusal where that would be a guess. Pure.

import { netmaskOf, toNumber } from '../address.ts';
import type {
  Arming,
  Catalog,
  Host,
  Install,
  InstallRepo,
  Network,
  Os,
  Profile,
  Site,
  Tree,
  TreeFacts,
  TreeStatus,
} from '../domain.ts';
import { customizationFaults, versionFaults, wishesOf } from '../hypervisor-versions.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { Template, Templates } from '../templates.ts';
import { formatOs, sameOs } from '../os.ts';
import { isAgreed } from './fingerprint.ts';
import { checkCloudStackOs, checkHypervisor, checkRole } from './rules.ts';

/** The secret with the root password's crypt hash where a site names none. */
export const ROOT_SECRET = 'root';

/**
 * What `host` is to become. `No`, with what to do about it, where the site does not hold the host's profile, network or
 * tree, where the tree is not there and nothing says what it would be, and where what is there is not what the site says.
 */
export function resolveInstall(site: Site, catalog: Catalog, host: Host): Install | No {
  const parts = partsOf(site, host);
  if (isNo(parts)) return parts;
  const { profile, network, tree } = parts;
  const facts = factsOf(tree, catalog.trees.get(tree.name));
  if (isNo(facts)) return facts;
  const refusal = refuse(site, profile, facts.os);
  if (refusal !== undefined) return refusal;
  const template = templateOf(profile, catalog.templates);
  if (isNo(template)) return template;
  const [first, ...rest] = host.macs;
  if (first === undefined) return no(`the host ${host.name} has no MAC`, 'add one to the site file');
  return {
    host: {
      name: host.name,
      fqdn: fqdnOf(site, host),
      domain: site.domain,
      address: host.address,
      macs: [first, ...rest],
    },
    network: { ...networkFacts(network), netmask: netmaskOf(network.subnet) },
    site: siteFacts(site),
    profile: profile.name,
    role: profile.role,
    os: facts.os,
    tree: { name: tree.name, url: `${catalog.origin}/trees/${tree.name}/`, facts },
    repos: profile.repos.map((name) => installRepo(site, catalog, name)),
    storage: profile.storage,
    packages: profile.packages,
    cloudstack: profile.cloudstack,
    protect: profile.protect,
    custom: profile.custom,
    template,
    xenserver: profile.xenserver,
    boot: { ...site.boot, ...host.boot },
    rootPassword: site.rootPassword ?? { secret: ROOT_SECRET },
    origin: catalog.origin,
    syslog: catalog.syslog,
    token: undefined,
  };
}

/**
 * The install as it was when it was armed: each repo at the snapshot pinned then, and the arming's token. A repo that had
 * no snapshot when it was armed stays as `install` has it.
 */
export function pinInstall(install: Install, arming: Arming): Install {
  const repos = install.repos.map((repo) =>
    Object.hasOwn(arming.pins, repo.name)
      ? { ...repo, ...repoAt(install.origin, repo.name, arming.pins[repo.name]) }
      : repo,
  );
  return { ...install, repos, token: arming.token };
}

/** An arming and the host it was given to. */
export type ArmedHost = { readonly host: Host; readonly arming: Arming };

/**
 * What an armed host is to become: the install that was agreed to when it was armed, pinned to the snapshots of that
 * time. `No` where the site or the tree has changed what would be installed, or where a pinned snapshot is gone.
 */
export function resolveArmed(site: Site, catalog: Catalog, { host, arming }: ArmedHost): Install | No {
  const install = resolveInstall(site, catalog, host);
  if (isNo(install)) return install;
  const remedy = `kickstand host arm ${host.name}`;
  if (!isAgreed(install, arming.install)) {
    return no('what would be installed has changed since it was armed; arm it again', remedy);
  }
  const gone = Object.entries(arming.pins).find(
    ([repo, pin]) => catalog.repos.get(repo)?.snapshots.includes(pin) !== true,
  );
  if (gone !== undefined) return no(`the snapshot ${gone.join('@')} it was pinned to is gone; arm it again`, remedy);
  return pinInstall(install, arming);
}

type Parts = { readonly profile: Profile; readonly network: Network; readonly tree: Tree };

/** `parseSite` has checked these names; a host of another site, or of an older one, is refused here. */
function partsOf(site: Site, host: Host): Parts | No {
  const profile = site.profiles.find(({ name }) => name === host.profile);
  if (profile === undefined) return missing('profile', host.profile);
  const network = site.networks.find(({ name }) => name === host.network);
  if (network === undefined) return missing('network', host.network);
  const tree = site.trees.find(({ name }) => name === profile.tree);
  return tree === undefined ? missing('tree', profile.tree) : { profile, network, tree };
}

function missing(kind: string, name: string): No {
  return no(`the site has no ${kind} called ${name}`, 'check the site file');
}

/** A tree that is there must be what the site says; one that is not is taken at the site's word. */
function factsOf(tree: Tree, status: TreeStatus | undefined): TreeFacts | No {
  if (status === undefined) return no(`the tree ${tree.name} has not been looked at yet`, 'try again in a moment');
  const facts = status.kind === 'ready' ? status.facts : (status.expected ?? no(status.reason, status.remedy));
  if (isNo(facts)) return facts;
  if (tree.os === undefined || sameOs(tree.os, facts.os)) return facts;
  return no(
    `the tree ${tree.name} is ${formatOs(facts.os)}, the site says ${formatOs(tree.os)}`,
    'put the right medium there, or correct os: in the site file',
  );
}

function templateOf({ custom }: Profile, { kickstarts, snippets }: Templates): Template | undefined | No {
  const name = custom.template;
  if (name === undefined) return undefined;
  const text = kickstarts.get(name);
  if (text !== undefined) return { name, text, snippets: Object.fromEntries(snippets) };
  const known = [...kickstarts.keys()].slice(0, 10).join(', ');
  return no(
    `there is no template ${name}.ks`,
    known === '' ? 'put it into kickstarts/ beside the site file' : `there are ${known}`,
  );
}

/** Where a site says nothing of a tree's OS, these rules can only be checked now that it is known. */
function refuse(site: Site, profile: Profile, os: Os): No | undefined {
  const clouds = site.profiles.flatMap(({ cloudstack }) => (cloudstack === undefined ? [] : [cloudstack]));
  const faults = [
    checkRole(profile.role, os),
    checkCloudStackOs({ role: profile.role, version: profile.cloudstack?.version }, os),
    ...(profile.role === 'xenserver'
      ? [...versionFaults(os, wishesOf(profile)), ...customizationFaults(profile.custom)]
      : []),
    ...clouds.map((cloudstack) => checkHypervisor(cloudstack, os)),
  ];
  const fault = faults.find((one) => one !== undefined);
  return fault === undefined ? undefined : no(fault.message, fault.remedy);
}

function fqdnOf(site: Site, host: Host): string {
  return `${host.name}.${site.domain}`;
}

function networkFacts({ subnet, gateway, dns, ranges }: Network) {
  return { subnet, gateway, dns, ranges };
}

/** A site never changes, and of ten thousand hosts each asks for the same list: it is made once. */
const madeFacts = new WeakMap<Site, Install['site']>();

function siteFacts(site: Site): Install['site'] {
  const known = madeFacts.get(site);
  if (known !== undefined) return known;
  const { name, timezone, language, keyboard, ntp } = site;
  const hosts = site.hosts
    .map((host) => ({ host, at: toNumber(host.address) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ host }) => ({ name: host.name, fqdn: fqdnOf(site, host), address: host.address }));
  const made = { name, timezone, language, keyboard, ntp, hosts };
  madeFacts.set(site, made);
  return made;
}

function installRepo(site: Site, catalog: Catalog, name: string): InstallRepo {
  const publish = site.repos.find((repo) => repo.name === name)?.publish;
  const pinned = repoAt(catalog.origin, name, catalog.repos.get(name)?.current);
  return publish === undefined ? pinned : { ...pinned, publish };
}

function repoAt(origin: string, name: string, snapshot: string | undefined): InstallRepo {
  const pinned = snapshot === undefined ? name : `${name}@${snapshot}`;
  return { name, url: `${origin}/repos/${pinned}/`, snapshot };
}
