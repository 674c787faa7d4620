// A real HTTP proxy on loopback: requests in full for http, CONNECT for https, a log of both, and a login if it is told to want one.

import { createServer, request as httpRequest, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export type FakeProxy = {
  readonly url: string;
  /** `GET http://…` and `CONNECT host:port`, in order. */
  readonly log: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
  /** How many connections clients have opened so far. */
  connections(): number;
  /** From now on everything is answered with this status. */
  refuse(status: number): void;
  close(): Promise<void>;
};

/** `resolve`: what a name of `Host` or CONNECT stands for here: the proxy looks names up, not its client. */
export async function startProxy(options: {
  readonly resolve: (name: string) => string;
  readonly login?: string;
}): Promise<FakeProxy> {
  const log: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  let refused: number | undefined;
  const refusal = (authorization: string | undefined): number | undefined => {
    authorizations.push(authorization);
    const expected = options.login === undefined ? undefined : `Basic ${Buffer.from(options.login).toString('base64')}`;
    return refused ?? (expected !== undefined && authorization !== expected ? 407 : undefined);
  };
  const server: Server = createServer((request, response) => {
    log.push(`${request.method} ${request.url}`);
    const status = refusal(request.headers['proxy-authorization']);
    if (status !== undefined || !URL.canParse(request.url ?? '')) {
      response.writeHead(status ?? 400).end('refused by the proxy');
      return;
    }
    const url = new URL(request.url ?? '');
    const { 'proxy-authorization': _own, ...headers } = request.headers;
    const path = `${url.pathname}${url.search}`;
    const onward = httpRequest({ host: options.resolve(url.hostname), port: url.port, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.writeHead(502).end());
    onward.end();
  });
  let connections = 0;
  server.on('connection', () => void (connections += 1));
  server.on('connect', (request, client: Socket) => {
    log.push(`CONNECT ${request.url}`);
    const status = refusal(request.headers['proxy-authorization']);
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port), options.resolve(hostname), () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    client.on('close', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    log,
    authorizations,
    connections: () => connections,
    refuse: (status) => {
      refused = status;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
