// kickstand template list | add | remove | verify | register: VM templates and ISOs, on the data directory itself.

import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { stagedFiles, stagingDesk, stagingDirectory } from '../../server/assembly/staging.ts';
import { quietLog } from '../../server/log.ts';
import { codeOf, isNo, no, type No } from '../../server/malformed.ts';
import type { Sums } from '../../server/uploads/digest.ts';
import { openFollower } from '../../server/uploads/digest.ts';
import { UPLOAD_LIMITS } from '../../server/uploads/limits.ts';
import { refuseName } from '../../server/uploads/name.ts';
import type { StagedFile } from '../../server/uploads/record.ts';
import { registrationOf } from '../../server/uploads/register.ts';
import type { StagedStore } from '../../server/uploads/store.ts';
import type { Args, Context, Flags } from './context.ts';
import { CommandFailed, namesOf, originFor, readContext } from './context.ts';
import { noteCommand } from './noted.ts';
import type { ExitCode } from './output.ts';
import { formatBytes, formatTime, print, refuse, table } from './output.ts';
import { progressBar } from './progress.ts';

/** `template list`: what is served, what waits to be resumed, and what nobody told of. */
export async function listCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const staged = stagedFiles({ settings });
  const files = (await staged.list()).map(({ file, state }) => ({ ...file, state }));
  const uploads = (await deskOf(settings).list()).map(({ claim, offset, heardAt }) => ({
    ...{ name: claim.name, sizeBytes: claim.sizeBytes, offset, by: claim.by, heardAt },
  }));
  const held = new Set(uploads.map(({ name }) => name));
  const strays = (await staged.strays()).filter((name) => !held.has(name));
  const rows = [
    ...files.map((file) => [
      ...[file.name, file.state, formatBytes(file.sizeBytes), formatTime(file.addedAt), file.by, file.sha256],
    ]),
    ...uploads.map((one) => [
      one.name,
      `unfinished, ${Math.floor((one.offset * 100) / one.sizeBytes)}%`,
      ...[formatBytes(one.sizeBytes), formatTime(one.heardAt), one.by, ''],
    ]),
    ...strays.map((name) => [name, 'not taken in', '', '-', '', `kickstand template add ${name} FILE`]),
  ];
  print(output, { files, uploads, strays }, table(['FILE', 'STATE', 'SIZE', 'ADDED', 'BY', 'SHA256'], rows));
  return 0;
}

/** `template add NAME FILE`: copies it in, or takes in what lies there already. */
export async function addCommand([given, source]: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const [name, path] = [String(given), String(source)];
  const badName = refuseName(name);
  if (badName !== undefined) return refuse(output, badName);
  const sizeBytes = await sizeOf(path);
  if (isNo(sizeBytes)) return refuse(output, sizeBytes);
  const bar = progressBar(name, output.json ? 'quiet' : 'loud');
  const show = (bytesDone: number): void => bar.show({ filesDone: 0, filesTotal: 1, bytesDone, bytesTotal: sizeBytes });
  try {
    const target = join(stagingDirectory({ settings }), name);
    const added = (await isSame(path, target))
      ? await adopt(stagedFiles({ settings }), name, show)
      : await copy(settings, { name, path, sizeBytes, show });
    if (isNo(added)) return refuse(output, added);
    noteCommand(settings, { operation: 'uploadTemplate', target: name, after: `sha256 ${added.sha256}` });
    print(output, added, `${name}: ${formatBytes(added.sizeBytes)}\n  sha256 ${added.sha256}\n  md5 ${added.md5}`);
    return 0;
  } finally {
    bar.end();
  }
}

/** `template remove NAME`: the file, or the upload that holds its name. */
export async function removeCommand([given]: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const name = String(given);
  const upload = (await deskOf(settings).list()).find(({ claim }) => claim.name === name);
  if (upload !== undefined) {
    await deskOf(settings).end(upload.claim.id);
    noteCommand(settings, { operation: 'dropTemplateUpload', target: name });
    print(output, { name, removed: 'upload' }, `${name}: the unfinished upload is dropped`);
    return 0;
  }
  const lying = await stagedFiles({ settings }).find(name);
  if (!(await stagedFiles({ settings }).remove(name)))
    return refuse(output, no(`there is no template or ISO ${name}`, 'kickstand template list'));
  const before = isNo(lying) ? undefined : `sha256 ${lying.file.sha256}`;
  noteCommand(settings, { operation: 'removeTemplate', target: name, before });
  print(output, { name, removed: 'file' }, `${name}: removed`);
  return 0;
}

/** `template verify [NAME…]`: reads all bytes again; exit 1 where they are not those of the record. */
export async function verifyCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const staged = stagedFiles({ settings });
  const all = await staged.list();
  const wanted = namesOf(names);
  const unknown = wanted.find((name) => !all.some(({ file }) => file.name === name));
  if (unknown !== undefined)
    throw new CommandFailed(`kickstand: there is no template or ISO ${unknown}; kickstand template list shows them`, 2);
  const results: { readonly name: string; readonly verdict: 'good' | 'bad'; readonly sha256: string }[] = [];
  for (const { file } of all.filter(({ file }) => wanted.length === 0 || wanted.includes(file.name))) {
    const bar = progressBar(file.name, output.json ? 'quiet' : 'loud');
    const sums = await sumsOf(staged, file.name, (bytesDone) =>
      bar.show({ filesDone: 0, filesTotal: 1, bytesDone, bytesTotal: file.sizeBytes }),
    );
    bar.end();
    const isGood = sums?.sha256 === file.sha256 && sums.md5 === file.md5;
    results.push({ name: file.name, verdict: isGood ? 'good' : 'bad', sha256: sums?.sha256 ?? '' });
  }
  const lines = results.map(({ name, verdict }) =>
    verdict === 'good' ? `${name}: good` : `${name}: bad: its bytes are not those that were added`,
  );
  print(output, results, lines.length === 0 ? 'there is nothing to verify' : lines.join('\n'));
  return results.every(({ verdict }) => verdict === 'good') ? 0 : 1;
}

/** `template register NAME`: the call that makes CloudStack fetch it. */
export async function registerCommand([given]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const lying = await stagedFiles(context).find(String(given));
  if (isNo(lying)) return refuse(context.output, lying);
  const call = registrationOf(lying.file, await originFor(context));
  if (isNo(call)) return refuse(context.output, call);
  const { url, cloudmonkey, query, notes } = call;
  print(context.output, call, [url, '', cloudmonkey, '', query, '', ...notes.map((note) => `- ${note}`)].join('\n'));
  return 0;
}

type Place = Context['settings'];

function deskOf(settings: Place) {
  return stagingDesk({ settings, now: Date.now, random: randomBytes, log: quietLog });
}

async function sizeOf(path: string): Promise<number | No> {
  const about = await stat(path);
  return about.isFile() ? about.size : no(`${path} is no file`);
}

async function isSame(path: string, target: string): Promise<boolean> {
  try {
    return (await realpath(path)) === (await realpath(target));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

type Copying = {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly show: (bytesDone: number) => void;
};

/** A link would let whoever writes the source change what is served. The files of this machine's owner know no limit of size. */
async function copy(settings: Place, { name, path, sizeBytes, show }: Copying): Promise<StagedFile | No> {
  const house = { settings, now: Date.now, random: randomBytes, log: quietLog };
  const desk = stagingDesk(house, { ...UPLOAD_LIMITS, fileBytes: Number.MAX_SAFE_INTEGER });
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024 });
  let readError: Error | undefined;
  stream.on('error', (error) => (readError = error));
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    let done = 0;
    for await (const piece of stream as AsyncIterable<Buffer>) {
      yield piece;
      done += piece.byteLength;
      show(done);
    }
  };
  const about = { name, sizeBytes, sha256: undefined, by: userInfo().username, how: 'command', metadata: '' } as const;
  const standing = await desk.whole(about, { source: bytes(), cut: () => void stream.destroy() });
  if (readError !== undefined) throw readError;
  if (standing.kind === 'refused') return standing.why;
  return standing.published ?? no('it was not published');
}

/** What was laid there by hand. */
async function adopt(staged: StagedStore, name: string, show: (bytesDone: number) => void): Promise<StagedFile | No> {
  const known = await staged.find(name);
  if (!isNo(known)) return no(`${name} is known already`, `kickstand template verify ${name}, or remove it first`);
  const sums = await sumsOf(staged, name, show);
  if (sums === undefined) return no(`${name} has just gone`);
  const { sizeBytes, sha256, md5 } = sums;
  const file = { name, sizeBytes, sha256, md5, addedAt: Date.now(), by: userInfo().username, upload: '' };
  await staged.adopt(file);
  return file;
}

const STEP_BYTES = 16 * 1024 * 1024;

async function sumsOf(
  staged: StagedStore,
  name: string,
  show: (bytesDone: number) => void,
): Promise<(Sums & { readonly sizeBytes: number }) | undefined> {
  const file = await staged.open(name);
  if (file === undefined) return undefined;
  try {
    const follower = openFollower((target, position) => file.readAt(target, position));
    for (let done = 0; done < file.sizeBytes; show(done)) {
      done = Math.min(file.sizeBytes, done + STEP_BYTES);
      await follower.reach(done);
    }
    return { ...follower.sums(), sizeBytes: file.sizeBytes };
  } finally {
    await file.close();
  }
}
