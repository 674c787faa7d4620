// The composition root: settings and site → every listener, joined to the open house. Nothing imports it but the commands.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ContentFiles } from '../mirror/content/cache/store.ts';
import { openContentFiles } from '../mirror/content/cache/store.ts';
import type { ContentHandler } from '../mirror/content/routes.ts';
import { createContentHandler, sendPlace } from '../mirror/content/routes.ts';
import { createApp } from './app.ts';
import type { Appliance } from './assembly/appliance.ts';
import { openAppliance } from './assembly/appliance.ts';
import { disarmVanished } from './assembly/arming.ts';
import { openBootDesk, openBootNamespace } from './assembly/boot.ts';
import { contentParts, publishPaths } from './assembly/content.ts';
import type { RunningDhcp } from './assembly/dhcp.ts';
import { startDhcp } from './assembly/dhcp.ts';
import { followBoot, followContent } from './assembly/followed.ts';
import { listen } from './assembly/ports.ts';
import { routersOf } from './assembly/routers.ts';
import { startRepoSchedules } from './assembly/schedules.ts';
import type { SyncEvents } from './assembly/sync-events.ts';
import { openSyncEvents } from './assembly/sync-events.ts';
import { bootTftp } from './assembly/tftp.ts';
import type { Transcript } from './assembly/transcript.ts';
import { openTranscript } from './assembly/transcript.ts';
import { bootHandler } from './boot/routes.ts';
import { isInstallerPath } from './http/audience.ts';
import { startHttpListener } from './http/listener.ts';
import type { Log } from './log.ts';
import { messageOf, no } from './malformed.ts';
import { sendProblem } from './problem.ts';
import type { Settings } from './settings.ts';
import { startTftpListener } from './tftp/listener.ts';

/** A running appliance. */
export type Running = {
  readonly httpPort: number;
  readonly tftpPort: number;
  readonly dhcp: RunningDhcp;
  readonly appliance: Appliance;
  close(): Promise<void>;
};

/** Starts the appliance: HTTP, TFTP, DHCP and schedules. Rejects with the reason where the site or a port is not to be had. */
export async function serve(settings: Settings, log: Log): Promise<Running> {
  await using opened = new AsyncDisposableStack();
  const appliance = await openAppliance(settings, log);
  opened.defer(() => appliance.close());
  appliance.onReload((site) => disarmVanished(appliance.house, site));
  const transcript = openTranscript(appliance.house);
  const desk = openBootDesk(appliance.house);
  const names = openBootNamespace(appliance.house, desk, transcript);
  const events = openSyncEvents(appliance.house);
  const boot = { names, transcript, events };
  const tftp = await listenTftp(settings, boot, log);
  opened.defer(() => tftp.close());
  const files = openContentFiles();
  // After the port is closed: what is still being sent reads on to its end.
  opened.defer(() => files.close());
  const http = await listenHttp(appliance, { ...boot, files }, log);
  opened.defer(() => http.close());
  // An event stream has no end of its own for the port to wait for.
  opened.defer(() => events.close());
  const dhcp = await startDhcp({ house: appliance.house, desk, transcript });
  opened.defer(() => dhcp.close());
  await appliance.announce({ httpPort: http.port, tftpPort: tftp.port });
  const schedules = await startRepoSchedules(appliance);
  opened.defer(() => schedules.close());
  // All of it runs: from here on it is closed by who asked for it, last opened first.
  const running = opened.move();
  return { httpPort: http.port, tftpPort: tftp.port, dhcp, appliance, close: () => running.disposeAsync() };
}

type Boot = {
  readonly names: ReturnType<typeof openBootNamespace>;
  readonly transcript: Transcript;
  readonly events: SyncEvents;
};

type Http = Boot & { readonly files: ContentFiles };
type Answering = Http & { readonly content: ContentHandler };

function listenHttp(appliance: Appliance, boot: Http, log: Log) {
  const { house } = appliance;
  const content = createContentHandler({
    ...contentParts(house, boot.files),
    onServed: followContent(boot.transcript),
  });
  return listen('HTTP', house.settings.httpPort, {
    choice: { own: 80, fallBack: 8080 },
    start: (port) =>
      startHttpListener({
        address: house.settings.listen,
        port,
        isInstallerPath: (path) => isInstallerPath(path, publishPaths(house).keys()),
        handle: handlerOf(appliance, { ...boot, content }, log),
        answerPlain: content.answerPlain,
        log,
      }),
  });
}

function listenTftp(settings: Settings, { names, transcript }: Boot, log: Log) {
  const { open, ended } = bootTftp(names, transcript.note);
  return listen('TFTP', settings.tftpPort, {
    choice: { own: 69, fallBack: 6969 },
    start: (port) => startTftpListener({ address: settings.listen, port, open, log, onEvent: ended }),
  });
}

/** Content first, then the boot namespace, then Express with all the rest. */
function handlerOf(appliance: Appliance, { names, transcript, events, files, content }: Answering, log: Log) {
  const app = createApp(routersOf(appliance, { transcript, events }), log);
  const boot = bootHandler({
    names,
    sendFile: (request, response, place) => sendPlace(request, response, { place, name: request.url ?? '', files }),
    ...followBoot(transcript),
  });
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (content.handle(request, response)) return;
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
