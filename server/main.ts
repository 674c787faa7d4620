// The composition root: settings and site → every listener, joined to the open house. Nothing imports it but the commands.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createContentHandler, sendBytes, sendPlace } from '../mirror/content/routes.ts';
import { createApp } from './app.ts';
import type { Appliance } from './assembly/appliance.ts';
import { openAppliance } from './assembly/appliance.ts';
import { openBootNamespace } from './assembly/boot.ts';
import { contentParts, publishPaths } from './assembly/content.ts';
import { listen } from './assembly/ports.ts';
import { routersOf } from './assembly/routers.ts';
import { startRepoSchedules } from './assembly/schedules.ts';
import { tftpOpen } from './assembly/tftp.ts';
import { bootHandler } from './boot/routes.ts';
import { isInstallerPath } from './http/audience.ts';
import { startHttpListener } from './http/listener.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings.ts';
import { startTftpListener } from './tftp/listener.ts';

/** A running appliance. */
export type Running = {
  readonly httpPort: number;
  readonly tftpPort: number;
  readonly appliance: Appliance;
  close(): Promise<void>;
};

/** Starts the appliance: HTTP, TFTP and schedules. Rejects with the reason where the site or a port is not to be had. */
export async function serve(settings: Settings, log: Log): Promise<Running> {
  const appliance = await openAppliance(settings, log);
  const { house } = appliance;
  const names = openBootNamespace(house);
  const http = await listen('HTTP', settings.httpPort, {
    choice: { own: 80, fallBack: 8080 },
    start: (port) =>
      startHttpListener({
        address: settings.listen,
        port,
        isInstallerPath: (path) => isInstallerPath(path, publishPaths(house).keys()),
        handle: handlerOf(appliance, names, log),
        log,
      }),
  });
  const tftp = await listen('TFTP', settings.tftpPort, {
    choice: { own: 69, fallBack: 6969 },
    start: (port) =>
      startTftpListener({
        address: settings.listen,
        port,
        open: tftpOpen(names),
        log,
        onEvent: (event) =>
          log.debug('tftp', {
            name: event.name,
            address: event.client.address,
            outcome: event.outcome,
            bytes: event.bytes,
            reason: event.reason,
          }),
      }),
  });
  await appliance.announce({ httpPort: http.port, tftpPort: tftp.port });
  const schedules = await startRepoSchedules(appliance);
  return {
    httpPort: http.port,
    tftpPort: tftp.port,
    appliance,
    close: async () => {
      await schedules.close();
      await Promise.all([http.close(), tftp.close()]);
      await appliance.close();
    },
  };
}

/** Content first, then the boot namespace, then Express with all the rest. */
function handlerOf(appliance: Appliance, names: ReturnType<typeof openBootNamespace>, log: Log) {
  const content = createContentHandler(contentParts(appliance.house));
  const app = createApp(routersOf(appliance), log);
  const boot = bootHandler(names, {
    file: async (request, response, place) =>
      void (await sendPlace(request, response, { place, name: request.url ?? '' })),
    text: async (request, response, text) =>
      void (await sendBytes(request, response, { bytes: Buffer.from(text), contentType: 'text/plain; charset=utf-8' })),
  });
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (content(request, response)) return;
    boot(request, response).then(
      (taken) => (taken ? undefined : app(request, response)),
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    );
  };
}
