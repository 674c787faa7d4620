// Boots whose installer runs: its instructions, its second stage, its packages, and where it stopped. Pure.

import type { Seen } from '../../seen.ts';
import type { Stage } from '../../stages.ts';
import { filesOf, reach, stagesOf } from '../boots.ts';
import type { Rule, Spoken, View } from '../rule.ts';
import { fine, hostName, likely, patienceMs, seen, silenceMs, waiting } from '../rule.ts';
import { sizeText } from '../../size-text.ts';
import { countWords, lengthWords, nameWords } from '../words.ts';

/** In the order they are asked; only of boots whose installer asked for something. */
export const installRules: readonly Rule[] = [
  { name: 'package-not-found', speak: ofInstaller(packageNotFound) },
  { name: 'packages-stalled', speak: ofInstaller(packagesStalled) },
  { name: 'installing', speak: ofInstaller(installing) },
  { name: 'kickstart-refused', speak: ofInstaller(refused) },
  { name: 'stage2-broken', speak: ofInstaller(stage2Broken) },
  { name: 'metadata-no-packages', speak: ofInstaller(noPackages) },
  { name: 'stage2-no-repo', speak: ofInstaller(noRepo) },
  { name: 'kickstart-read-no-stage2', speak: ofInstaller(noStage2) },
  { name: 'stage2-no-kickstart', speak: ofInstaller(noKickstart) },
];

type What = Extract<Stage, { kind: 'content' }>['what'];

function ofInstaller(speak: Rule['speak']): Rule['speak'] {
  return (view) => (view.boot.reached >= reach.instructions ? speak(view) : undefined);
}

/** Content of one kind that was sent; or that ended in `outcome`. */
function contentOf(
  { boot }: View,
  what: What,
  outcome: Seen<'content'>['outcome'] = 'sent',
): Seen<'content'> | undefined {
  return stagesOf(boot, 'content').findLast((content) => content.what === what && content.outcome === outcome);
}

/** How many packages its installer fetched in this boot. */
export function packagesIn(view: View): number {
  return contentOf(view, 'package')?.count ?? 0;
}

function given({ boot }: View): Seen<'instructions'> | undefined {
  return stagesOf(boot, 'instructions').findLast(({ outcome }) => outcome === 'given');
}

/** Xen's installers carry all of themselves in their initrd. */
function needsStage2({ boot }: View): boolean {
  return filesOf(boot, 'xen').length === 0 && !stagesOf(boot, 'instructions').some(({ what }) => what === 'answerfile');
}

function packageNotFound(view: View): Spoken | undefined {
  const missing = contentOf(view, 'package', 'not-found');
  const sent = contentOf(view, 'package');
  // An installer that went on had it from elsewhere.
  if (missing === undefined || (sent !== undefined && sent.at > missing.at)) return undefined;
  return seen(
    `its installer asked for the package ${nameWords(missing.name)}, which is not there`,
    'kickstand repo verify and kickstand tree verify name what is missing; sync the repo or add the tree again',
  );
}

function packagesStalled(view: View): Spoken | undefined {
  const sent = contentOf(view, 'package');
  if (sent === undefined || silenceMs(view) < patienceMs.transaction) return undefined;
  const since = view.boot.ended ? 'began another boot' : `has been silent for ${lengthWords(silenceMs(view))}`;
  return likely(
    `its installer fetched ${countWords(sent.count)} packages (${sizeText(sent.bytes)}), the last ${nameWords(sent.name)}, then ${since} without a report`,
    'look at its screen: a full or failing disk, or a script of the kickstart that does not end, stops it there',
  );
}

function installing(view: View): Spoken | undefined {
  const sent = contentOf(view, 'package');
  const report = stagesOf(view.boot, 'report').at(-1);
  if (sent === undefined && report === undefined) return undefined;
  // A report shows that a script of it ran; what is to follow it, other rules know.
  if (sent === undefined && silenceMs(view) >= patienceMs.packages) return undefined;
  const packages =
    sent === undefined
      ? ''
      : `: ${countWords(sent.count)} packages (${sizeText(sent.bytes)}) so far, the last ${nameWords(sent.name)}`;
  const step = report === undefined || report.at < (sent?.at ?? 0) ? '' : `; it reported ${nameWords(report.stage)}`;
  return fine(`it installs${packages}${step}`);
}

function refused(view: View): Spoken | undefined {
  const last = stagesOf(view.boot, 'instructions').at(-1);
  if (last?.outcome !== 'refused') return undefined;
  return seen(
    `its installer asked for its ${nameWords(last.what)} and was refused: ${last.reason}`,
    `boot ${hostName(view)} again, so that it gets the token of its last arming; where another machine's MAC is named, correct the host's macs in the site file`,
  );
}

function stage2Broken(view: View): Spoken | undefined {
  if (contentOf(view, 'stage2') !== undefined || !needsStage2(view)) return undefined;
  const missing = contentOf(view, 'stage2', 'not-found');
  if (missing !== undefined) {
    return seen(
      `its installer asked for its second stage ${nameWords(missing.name)}, which is not there`,
      'kickstand tree verify proves the tree; add its medium again',
    );
  }
  const broken = contentOf(view, 'stage2', 'broken-off');
  if (broken === undefined) return undefined;
  return seen(
    `its installer gave up its second stage ${nameWords(broken.name)} after ${sizeText(broken.bytes)}`,
    'look for packet loss on the way, and at its memory: the second stage is kept there whole, beside the installer',
  );
}

function noPackages(view: View): Spoken | undefined {
  const metadata = contentOf(view, 'metadata');
  if (metadata === undefined) return undefined;
  const had = `its installer read the metadata of its repos (last ${nameWords(metadata.name)})`;
  if (silenceMs(view) < patienceMs.packages) return waiting(`${had}; it prepares its disks and chooses packages`);
  return likely(
    `${had} and fetched no package`,
    `look at its screen: it asks something, most often because a package of the kickstart is in no repo, or because a disk it names is not there (kickstand host render ${hostName(view)})`,
  );
}

function noRepo(view: View): Spoken | undefined {
  const stage2 = contentOf(view, 'stage2');
  if (given(view) === undefined || (stage2 === undefined && needsStage2(view))) return undefined;
  const had =
    stage2 === undefined
      ? 'its installer read its answerfile'
      : `its installer had its second stage (${sizeText(stage2.bytes)}) and its kickstart`;
  if (silenceMs(view) < patienceMs.repo) return waiting(`${had}; it should read its repos next`);
  return likely(
    `${had}, and has asked for no package repository since`,
    `look at its screen: it asks something or waits for a disk; kickstand host render ${hostName(view)} shows what it was told`,
  );
}

function noStage2(view: View): Spoken | undefined {
  const read = given(view);
  if (read === undefined || contentOf(view, 'stage2') !== undefined || !needsStage2(view)) return undefined;
  if (silenceMs(view) < patienceMs.stage2)
    return waiting(`its installer read its ${nameWords(read.what)}; its second stage comes next`);
  return likely(
    `its installer read its ${nameWords(read.what)} and never asked for its second stage`,
    "look at its screen: it lost its network when it applied the kickstart's network line (address, gateway, another port), or has too little memory",
  );
}

function noKickstart(view: View): Spoken | undefined {
  if (stagesOf(view.boot, 'instructions').length > 0) return undefined;
  if (silenceMs(view) < patienceMs.stage2) return waiting('its installer fetches its second stage');
  return likely(
    'its installer fetched content and never asked for its kickstart',
    'look at its screen: it asks by hand what a kickstart would tell; boot it by the script of this appliance, which names the kickstart',
  );
}
