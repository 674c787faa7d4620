// The API's operations, given the functions of the open house that they stand for.

import type { Principal } from '../accounts/rights.ts';
import type { Operation } from '../api/operation.ts';
import { accountOperations } from '../api/resources/accounts.ts';
import { activityOperation } from '../api/resources/activity.ts';
import { happeningOperation } from '../api/resources/happenings.ts';
import { contentOperations } from '../api/resources/content.ts';
import { hostOperations } from '../api/resources/hosts.ts';
import { operatorOperations } from '../api/resources/operators.ts';
import { repoOperations } from '../api/resources/repos.ts';
import { siteOperations } from '../api/resources/site.ts';
import { strangerOperations } from '../api/resources/strangers.ts';
import { templateOperations } from '../api/resources/templates.ts';
import { treeOperations } from '../api/resources/trees.ts';
import { lintRendered } from '../../kickstart/lint/lint.ts';
import { isNo, no } from '../malformed.ts';
import { planAddresses } from '../site/plan.ts';
import { showSite } from '../site/show.ts';
import { checkSiteText, readSiteFile, saveSiteFile, siteVersion, siteVersions, undoSiteFile } from './site-file.ts';
import type { Accounts } from './accounts.ts';
import type { Starters } from './api-jobs.ts';
import { longWorkOperations } from './api-jobs.ts';
import { armHost, disarmHost } from './arming.ts';
import { strangerDiagnosis } from './doctor.ts';
import { enrollMachine, strangers } from './enrolment.ts';
import { openHappenings } from './happenings.ts';
import { openHostList } from './host-list.ts';
import { logView } from './host-logs.ts';
import type { House } from './house.ts';
import { hostNamed, installOf } from './house.ts';
import type { RenderForm } from './instructions.ts';
import { formOf, previewFor, renderForms } from './instructions.ts';
import { receiptsOf, wholeReceipt } from './receipts.ts';
import { openRehearsals } from './rehearse-apart.ts';
import { addRepoNamed, removeRepoNamed } from './repo-changes.ts';
import { publishSnapshot } from './rollback.ts';
import { stagedOperations } from './staging.ts';
import { cancelSync } from './sync-jobs.ts';
import { syncHistory } from './sync-views.ts';
import { addTreeFrom, removeTreeNamed } from './tree-media.ts';
import { hostDetail, noRepo, repoDetail, repoViews, treeDetail, treeViews } from './views.ts';

/** As many machines as are kept. */
const DISCOVERED = 10_000;

/** Every operation of the appliance. `starters` begin work that goes on after the answer. */
export function apiOperations(house: House, accounts: Accounts, starters: Starters): readonly Operation[] {
  return [
    ...ofAccounts(house, accounts),
    ...ofHosts(house),
    ...contentOperations({
      repos: () => repoViews(house),
      repo: (name) => repoDetail(house, name),
      unknownRepo: (name) => (hasRepo(house, name) ? undefined : noRepo(house)),
      syncs: async (name, limit) => (hasRepo(house, name) ? syncHistory(house, name, limit) : noRepo(house)),
      beginSync: (name) => starters.starter.begin(name),
      cancelSync: (name) => cancelSync(house, name),
      published: async (name) =>
        hasRepo(house, name) ? { kind: 'current', snapshot: await house.content.currentId(name) } : noRepo(house),
      publish: async (name, wanted) => (hasRepo(house, name) ? publishSnapshot(house, name, wanted) : noRepo(house)),
    }),
    ...repoOperations({
      repo: (name) => repoDetail(house, name),
      add: (wanted) => addRepoNamed(house, wanted),
      remove: (unwanted) => removeRepoNamed(house, unwanted),
    }),
    ...treeOperations({
      trees: () => treeViews(house),
      tree: (name) => treeDetail(house, name),
      add: (wanted) => addTreeFrom(house, wanted),
      remove: (unwanted) => removeTreeNamed(house, unwanted),
    }),
    ...longWorkOperations(house, starters),
    happeningOperation(openHappenings(house, starters)),
    ...templateOperations(stagedOperations(house)),
    ...strangerOperations({ stranger: (mac) => strangerDiagnosis(house, mac) }),
    ...siteOperations({
      site: async () => showSite(house.site()),
      plan: async () => planAddresses(house.site()),
      siteText: () => readSiteFile(house.settings),
      checkSite: checkSiteText,
      saveSite: (text, changer) => saveSiteFile(house.settings, text, changer),
      versions: () => siteVersions(house.settings),
      version: (id) => siteVersion(house.settings, id),
      undo: (id, changer) => undoSiteFile(house.settings, id, changer),
      discovered: async () => strangers({ hosts: house.hosts, site: house.site() }, DISCOVERED),
      hasAsked: (mac) => house.hosts.sighting(mac) !== undefined,
      enroll: (mac, body) => enrollMachine(house, { ...body, mac }),
    }),
  ];
}

function ofAccounts(house: House, { desk, store, audit }: Accounts): readonly Operation[] {
  const endSession = ({ via, id }: Principal): void => (via === 'session' ? store.endSession(id) : undefined);
  const { operators, tokens, removeToken } = store;
  return [
    ...accountOperations({ desk, endSession }),
    ...operatorOperations({ desk, operators, tokens, removeToken, now: house.now }),
    activityOperation(audit.page),
  ];
}

function ofHosts(house: House): readonly Operation[] {
  const rehearsals = openRehearsals(house.settings);
  return hostOperations({
    hosts: openHostList(house),
    host: async (name) => hostDetail(house, name),
    render: (name, form) => shownInstructions(house, name, form),
    rehearse: async (name) => {
      const found = hostNamed(house.site(), name);
      return isNo(found) ? found : rehearsals.rehearse(name);
    },
    receipts: async (name) => receiptsOf(house, name),
    receipt: async (name, armedAt) => wholeReceipt(house, name, armedAt),
    log: async (name, page) => logView(house, name, page),
    arm: (name, forMs) => armHost(house, name, forMs),
    disarm: async (name) =>
      disarmHost(
        house,
        name,
        house.site().hosts.map((host) => host.name),
      ),
  });
}

function hasRepo(house: House, name: string): boolean {
  return house.site().repos.some((repo) => repo.name === name);
}

/** A preview with what its release's own parser would say of it. */
async function shownInstructions(house: House, name: string, wanted: string | undefined) {
  const install = await installOf(house, name);
  if (isNo(install)) return install;
  const form = wanted ?? formOf(install);
  if (!isForm(form)) return no(`there is no form ${form}`);
  const text = await previewFor(house, name, form);
  if (isNo(text)) return text;
  const findings = form === 'kickstart' ? lintRendered(text, install.os) : [];
  return { form, text, findings };
}

function isForm(form: string): form is RenderForm {
  return (renderForms as readonly string[]).includes(form);
}
