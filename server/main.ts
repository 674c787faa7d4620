// The composition root: settings and site → every listener, joined to the open house. Nothing imports it but the commands.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import type { ContentFiles } from '../mirror/content/cache/store.ts';
import { openContentFiles } from '../mirror/content/cache/store.ts';
import type { ContentHandler } from '../mirror/content/routes.ts';
import { createContentHandler, sendPlace } from '../mirror/content/routes.ts';
import { createApp } from './app.ts';
import type { Starters } from './assembly/api-jobs.ts';
import type { Appliance } from './assembly/appliance.ts';
import { openAppliance } from './assembly/appliance.ts';
import { disarmVanished } from './assembly/arming.ts';
import { openBootDesk, openBootNamespace } from './assembly/boot.ts';
import { contentParts, publishPaths } from './assembly/content.ts';
import type { RunningDhcp } from './assembly/dhcp.ts';
import { startDhcp } from './assembly/dhcp.ts';
import { followBoot, followContent } from './assembly/followed.ts';
import type { LogDesk } from './assembly/host-logs.ts';
import { noticeRogues } from './assembly/happenings.ts';
import { watchHosts } from './assembly/host-events.ts';
import { openLogDesk } from './assembly/host-logs.ts';
import type { Meters } from './assembly/meters.ts';
import { countStages, followRequest, openMeters } from './assembly/meters.ts';
import { dataPaths } from './assembly/house.ts';
import { openJobs, watchJobs } from './assembly/jobs.ts';
import { listen } from './assembly/ports.ts';
import { catchUpReceipts } from './assembly/receipts.ts';
import { routersOf } from './assembly/routers.ts';
import { startRepoSchedules } from './assembly/schedules.ts';
import type { Staging } from './assembly/staging.ts';
import { openStaging } from './assembly/staging.ts';
import type { SyncEvents } from './assembly/sync-events.ts';
import { openSyncEvents } from './assembly/sync-events.ts';
import { openSyncStarter } from './assembly/sync-start.ts';
import { bootTftp } from './assembly/tftp.ts';
import { closedTogether } from './assembly/together.ts';
import type { Transcript } from './assembly/transcript.ts';
import { openTranscript } from './assembly/transcript.ts';
import { bootHandler } from './boot/routes.ts';
import { isInstallerPath } from './http/audience.ts';
import { startHttpListener } from './http/listener.ts';
import { startLocalListener } from './http/local/listener.ts';
import { startSecureListener } from './http/secure/listener.ts';
import type { Log } from './log.ts';
import { messageOf, no } from './malformed.ts';
import { roomOf } from './metrics/requests.ts';
import { sendProblem } from './problem.ts';
import type { Settings } from './settings.ts';
import { openCertificate } from './tls/store.ts';
import { startTftpListener } from './tftp/listener.ts';
import type { TftpEvent } from './tftp/types.ts';

/** A running appliance. */
export type Running = {
  readonly httpPort: number;
  readonly tftpPort: number;
  /** Undefined: operators come over plain HTTP. */
  readonly httpsPort: number | undefined;
  /** SHA-256 of the certificate, as browsers show it. */
  readonly fingerprint: string | undefined;
  /** Undefined: installers' logs are not received. */
  readonly syslogPort: number | undefined;
  readonly dhcp: RunningDhcp;
  readonly appliance: Appliance;
  close(): Promise<void>;
};

/** How long transfers are left to finish once the appliance is asked to stop. */
const TRANSFERS_MS = 20_000;

/** Starts the appliance: HTTP, TFTP, DHCP and schedules. Rejects with the reason where the site or a port is not to be had. */
export async function serve(settings: Settings, log: Log): Promise<Running> {
  await using opened = new AsyncDisposableStack();
  const appliance = await openAppliance(settings, log);
  opened.defer(() => appliance.close());
  appliance.onReload((site) => disarmVanished(appliance.house, site));
  const meters = openMeters(appliance.house);
  opened.defer(() => meters.close());
  const { notices } = appliance;
  const transcript = noticeRogues(countStages(openTranscript(appliance.house), meters.boots), notices);
  const desk = openBootDesk(appliance.house);
  const names = openBootNamespace(appliance.house, desk, transcript);
  const starters = { starter: openSyncStarter(appliance.house), jobs: openJobs(appliance.house), notices };
  const [hosts, jobs] = [watchHosts(appliance.house), watchJobs(starters.jobs)];
  const events = openSyncEvents(appliance.house, () => [...hosts(), ...jobs()]);
  const logs = openLogDesk(appliance.house);
  const boot = { names, transcript, events, logs, starters, meters };
  const files = openContentFiles();
  // After the ports are closed: what is still being sent reads on to its end.
  opened.defer(() => files.close());
  const staging = await openStaging(appliance, files);
  const ports = opened.use(closedTogether());
  ports.add(() => staging.close());
  ports.add(() => starters.starter.close());
  ports.add(() => starters.jobs.close());
  // An event stream has no end of its own for the port to wait for.
  ports.add(() => events.close());
  const tftp = await listenTftp(settings, boot, log);
  ports.add(() => tftp.close());
  const answers = openAnswers(appliance, { ...boot, files, staging }, log);
  const http = await listenHttp(appliance, answers, log);
  ports.add(() => http.close());
  const https = await listenHttps(appliance, answers.handle, log);
  ports.add(() => https?.close());
  const local = await listenLocal(appliance, answers.handle, log);
  ports.add(() => local?.close());
  const syslog = await logs.listen();
  ports.add(() => syslog?.close());
  const dhcp = await startDhcp({ house: appliance.house, desk, transcript });
  ports.add(() => dhcp.close());
  meters.follow({ tftpSessions: () => tftp.sessions(), dhcp: dhcp.read });
  const numbers = { httpPort: http.port, tftpPort: tftp.port, httpsPort: https?.port, syslogPort: syslog?.port };
  await appliance.announce(numbers);
  catchUpReceipts(appliance.house);
  const schedules = await startRepoSchedules(appliance);
  ports.add(() => schedules.close());
  // All of it runs: from here on it is closed by who asked for it.
  const running = opened.move();
  return { ...numbers, fingerprint: https?.fingerprint, dhcp, appliance, close: () => running.disposeAsync() };
}

type Boot = {
  readonly names: ReturnType<typeof openBootNamespace>;
  readonly transcript: Transcript;
  readonly events: SyncEvents;
  readonly logs: LogDesk;
  readonly starters: Starters;
  readonly meters: Meters;
};

type Http = Boot & { readonly files: ContentFiles; readonly staging: Staging };
type Answering = Http & { readonly content: ContentHandler };

/** What answers requests, whichever port they came to. */
type Answers = {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  readonly answerPlain: ContentHandler['answerPlain'];
};

function openAnswers(appliance: Appliance, boot: Http, log: Log): Answers {
  const { house } = appliance;
  const { receipts } = house;
  const content = createContentHandler({
    ...contentParts(house, boot.files),
    onServed: followContent(boot.transcript, (mac, one) => receipts.served(mac, one)),
  });
  return { handle: handlerOf(appliance, { ...boot, content }, log), answerPlain: countedPlain(content, boot.meters) };
}

function listenHttp({ house }: Appliance, { handle, answerPlain }: Answers, log: Log) {
  return listen('HTTP', house.settings.httpPort, {
    choice: { own: 80, fallBack: 8080 },
    start: (port) =>
      startHttpListener({
        address: house.settings.listen,
        port,
        isInstallerPath: (path) => isInstallerPath(path, publishPaths(house).keys()),
        handle,
        answerPlain,
        limits: { closeMs: TRANSFERS_MS },
        log,
      }),
  });
}

/** Only where it was asked for. */
async function listenHttps({ house }: Appliance, handle: Answers['handle'], log: Log) {
  const { httpsPort, listen: address } = house.settings;
  if (httpsPort === undefined) return undefined;
  const { certificate, key, fingerprint } = await openCertificate(dataPaths(house.settings.dataDirectory).tls, {
    names: ['localhost', hostname()],
    addresses: ['127.0.0.1', new URL(house.origin()).hostname],
    now: house.now(),
  });
  const start = (port: number) =>
    startSecureListener({ address, port, certificate, key, handle, log, closeMs: TRANSFERS_MS });
  const listener = await listen('HTTPS', httpsPort, { choice: { own: 443, fallBack: 8443 }, start });
  return { ...listener, fingerprint };
}

/** For commands of this machine. */
function listenLocal({ house }: Appliance, handle: Answers['handle'], log: Log) {
  return startLocalListener({
    path: dataPaths(house.settings.dataDirectory).socket,
    handle,
    log,
    closeMs: TRANSFERS_MS,
  });
}

/** What is answered before any parser is counted here. */
function countedPlain({ answerPlain }: ContentHandler, { requests }: Meters): ContentHandler['answerPlain'] {
  return (request, remote) => {
    const answer = answerPlain(request, remote);
    if (answer !== undefined)
      requests.ready(roomOf(request.target, 'content'), { status: answer.status, bytes: answer.body?.length ?? 0 });
    return answer;
  };
}

function listenTftp(settings: Settings, { names, transcript, meters }: Boot, log: Log) {
  const { open, ended } = bootTftp(names, transcript.note);
  const onEvent = (event: TftpEvent): void => {
    meters.boots.transfer(event);
    ended(event);
  };
  return listen('TFTP', settings.tftpPort, {
    choice: { own: 69, fallBack: 6969 },
    start: (port) =>
      startTftpListener({ address: settings.listen, port, open, log, onEvent, limits: { closeMs: TRANSFERS_MS } }),
  });
}

/** Content first, then the boot namespace, then Express with all the rest. */
function handlerOf(appliance: Appliance, { names, transcript, files, content, ...followed }: Answering, log: Log) {
  const app = createApp(routersOf(appliance, { transcript, ...followed }), log);
  const boot = bootHandler({
    names,
    sendFile: (request, response, place) => sendPlace(request, response, { place, name: request.url ?? '', files }),
    ...followBoot(transcript),
  });
  return (request: IncomingMessage, response: ServerResponse): void => {
    const answering = followRequest(followed.meters.requests, request, response);
    const isContent = content.handle(request, response) ? 'content' : 'no-content';
    answering.as(roomOf(request.url ?? '', isContent));
    if (isContent === 'content') return;
    boot(request, response).then(
      (taken) => (taken ? undefined : app(request, response)),
      (error: unknown) => {
        log.error('boot request failed', { path: (request.url ?? '').slice(0, 200), error: messageOf(error) });
        if (response.headersSent) response.destroy();
        else sendProblem(response, 500, no('the appliance failed to answer; its log tells why'));
      },
    );
  };
}
