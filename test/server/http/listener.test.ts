// The one HTTP port on loopback: who gets which parser, what is refused and how, and an orderly end.

import { Agent, get } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startHttpListener } from '../../../server/http/listener.ts';
import { quietLog } from '../../../server/log.ts';
import { closeListeners, closing, converse, echo, say, SERIAL, start, type Handler } from './rig.ts';

afterEach(closeListeners);

describe('two parsers on one port', () => {
  test.each([
    '/repos/x',
    '/repo-files/x.repo',
    '/trees/x',
    '/boot/x',
    '/kickstart/x',
    '/answerfile/x',
    '/hosts/x/events',
    '/4.0/x',
  ])('the serial number of RHEL 6.2 is read at %s', async (path) => {
    const { port } = await start();
    const answer = await say(port, closing(path, SERIAL));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain(`installer ${path} VMware-56 4d`);
  });

  test.each(['/', '/api/v1/hosts', '/bundles/site.tar.gz', '/hosts/x', '/repos/../api', '/healthz'])(
    'the same header is refused at %s',
    async (path) => {
      const handle = vi.fn(echo);
      const { port } = await start(handle);
      const answer = await say(port, closing(path, SERIAL));
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n/);
      expect(handle).not.toHaveBeenCalled();
    },
  );

  test('an operator gets anything over the strict parser', async () => {
    const { port } = await start();
    const { socket, closed } = converse(port);
    socket.write(`GET /api HTTP/1.1\r\nHost: h\r\n\r\n${closing('/repos/x')}`);
    const answer = await closed;
    expect(answer).toContain('operator /api undefined');
    expect(answer).toContain('operator /repos/x undefined');
  });

  test('several installer requests share a connection', async () => {
    const { port } = await start();
    const request = `GET /repos/x HTTP/1.1\r\nHost: h\r\n${SERIAL}\r\n`;
    const answer = await say(port, request + request + closing('/trees/y'));
    expect(answer.match(/installer \/repos\/x VMware-56 4d/g)).toHaveLength(2);
    expect(answer).toContain('installer /trees/y undefined');
  });
});

describe('a lenient connection that turns to an operator path', () => {
  const lenient = `GET /repos/x HTTP/1.1\r\nHost: h\r\n${SERIAL}\r\n`;
  const second = (line: string, extra = ''): string => `${lenient}${line} HTTP/1.1\r\nHost: h\r\n${extra}\r\n`;

  test.each([
    ['GET /api/v1?x=1', '/api/v1?x=1'],
    ['HEAD /', '/'],
    ['GET //evil.example/x', '/evil.example/x'],
    ['GET http://evil.example/x?y', '/x?y'],
    ['GET http://evil.example', '/'],
  ])('%s: sent to %s over a new connection', async (line, location) => {
    const handle = vi.fn(echo);
    const { port } = await start(handle);
    const answer = await say(port, second(line));
    expect(answer).toContain('installer /repos/x');
    expect(answer).toMatch(/HTTP\/1\.1 307 [^]*\r\nConnection: close\r\n/i);
    expect(answer).toContain(`\r\nLocation: ${location}\r\n`);
    expect(handle).toHaveBeenCalledTimes(1);
  });

  test.each([
    ['POST /api/v1', 'Content-Length: 0\r\n'],
    ['DELETE /api/v1', ''],
    ['GET /repos/x#y', ''],
  ])('%s: 421, and the connection ends', async (line, extra) => {
    const handle = vi.fn(echo);
    const { port } = await start(handle);
    const answer = await say(port, second(line, extra));
    expect(answer).toMatch(/HTTP\/1\.1 421 /);
    expect(answer).toContain('application/problem+json');
    expect(handle).toHaveBeenCalledTimes(1);
  });

  test('following the redirect reaches the strict side', async () => {
    const { port } = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const fetchBy = (path: string): Promise<[number | undefined, string | undefined, string]> =>
      new Promise((resolve, reject) => {
        get({ host: '127.0.0.1', port, path, agent }, (response) => {
          let body = '';
          response.on('data', (chunk) => (body += String(chunk)));
          response.on('end', () => resolve([response.statusCode, response.headers.location, body]));
        }).on('error', reject);
      });
    expect((await fetchBy('/repos/x'))[2]).toBe('installer /repos/x undefined');
    const [status, location] = await fetchBy('/api/v1');
    expect([status, location]).toEqual([307, '/api/v1']);
    expect(await fetchBy(location ?? '')).toEqual([200, undefined, 'operator /api/v1 undefined']);
    agent.destroy();
  });
});

describe('odd connections', () => {
  test('a request that comes byte by byte is read like any other', async () => {
    const { port } = await start();
    const { socket, closed } = converse(port);
    for (const char of closing('/repos/x', SERIAL)) {
      await new Promise((resolve) => {
        socket.write(char, resolve);
      });
    }
    expect(await closed).toContain('installer /repos/x VMware-56 4d');
  });

  test('empty lines before the request are passed over (RFC 9112 §2.2)', async () => {
    const { port } = await start();
    expect(await say(port, `\r\n\r\n${closing('/repos/x')}`)).toContain('installer /repos/x');
  });

  test('a client that closes its side after asking still gets an answer that is ready at once, as from any Node server', async () => {
    const { port } = await start((request, response, side) => {
      setImmediate(() => echo(request, response, side));
    });
    const { socket, closed } = converse(port);
    socket.end(closing('/repos/x'));
    expect(await closed).toContain('installer /repos/x');
  });

  test('a body sent with its head arrives whole, on both sides', async () => {
    const { port } = await start((request, response, side) => {
      let body = '';
      request
        .on('data', (chunk) => (body += String(chunk)))
        .on('end', () => response.end(`${side} got ${body.length}`));
    });
    const body = 'b'.repeat(200_000);
    const post = (path: string): string => closing(path, `Content-Length: ${body.length}\r\n`, 'POST') + body;
    expect(await say(port, post('/hosts/x/events'))).toContain('installer got 200000');
    expect(await say(port, post('/api/v1/x'))).toContain('operator got 200000');
  });

  test('a TLS client is shut out without a word', async () => {
    const { port } = await start();
    expect(await say(port, '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003')).toBe('');
  });

  test('garbage is a bad request', async () => {
    const { port } = await start();
    for (const text of ['\u0000\u0001\u0002\n', 'hello\r\n\r\n', 'GET\r\n\r\n', '{"a":1}\n']) {
      expect(await say(port, text)).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  test('a request line without end is refused', async () => {
    const { port } = await start();
    expect(await say(port, `GET /${'a'.repeat(9000)}`)).toMatch(/^HTTP\/1\.1 414 /);
    expect(await say(port, closing(`/repos/${'a'.repeat(9000)}`))).toMatch(/^HTTP\/1\.1 414 /);
  });

  test('headers without end are refused', async () => {
    const { port } = await start();
    expect(await say(port, closing('/repos/x', `X: ${'a'.repeat(40_000)}\r\n`))).toMatch(/^HTTP\/1\.1 431 /);
  });

  test('a Range header of 256 ranges passes', async () => {
    const { port } = await start();
    const ranges = Array.from(
      { length: 256 },
      (_, i) => `${4_000_000_000 + i * 100_000}-${4_000_000_099 + i * 100_000}`,
    );
    expect(await say(port, closing('/repos/x', `Range: bytes=${ranges.join(',')}\r\n`))).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('a client that says nothing is let go; one that stops in the middle is told why', async () => {
    const { port } = await start(echo, { firstLineMs: 50, headersMs: 100 });
    expect(await converse(port).closed).toBe('');
    expect(await say(port, 'GET /repos')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await say(port, 'GET /repos/x HTTP/1.1\r\nHost: ')).toMatch(/^HTTP\/1\.1 408 /);
    expect(await say(port, 'GET /api HTTP/1.1\r\nHost: ')).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('a bad request behind an answer that is on its way breaks the connection, not the answer', async () => {
    const { port } = await start((_, response) => {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('begin');
    });
    const { socket, received, closed } = converse(port);
    socket.write('GET /api HTTP/1.1\r\nHost: h\r\n\r\n');
    await vi.waitFor(() => expect(received()).toContain('begin'));
    socket.write('\u0000\u0000 garbage\r\n\r\n');
    expect((await closed).endsWith('begin')).toBe(true);
  });

  test('clients that leave at any point harm nobody', async () => {
    const { port } = await start();
    const request = closing('/repos/x', SERIAL);
    for (let length = 0; length < request.length; length += 7) {
      const { socket, closed } = converse(port);
      socket.write(request.slice(0, length), () => socket.resetAndDestroy());
      await closed;
    }
    expect(await say(port, request)).toContain('installer /repos/x');
  });

  test('an idle connection ends; more than the limit are not taken', async () => {
    const { port } = await start(echo, { keepAliveMs: 30, connections: 1 });
    const first = converse(port);
    first.socket.write('GET /repos/x HTTP/1.1\r\nHost: h\r\n\r\n');
    await vi.waitFor(() => expect(first.received()).toContain('installer'));
    expect(await converse(port).closed).toBe('');
    await first.closed;
    await vi.waitFor(async () => expect(await say(port, closing('/repos/x'))).toContain('installer'));
  });
});

describe('targets', () => {
  const oddities = ['http://', 'http:///x', 'http://[::1', 'http://[::1/repos/x', 'ftp://h/x', '/x#y'];
  test.each(oddities)('GET %s is a bad request before anybody sees it', async (target) => {
    const handle = vi.fn(echo);
    const { port } = await start(handle);
    expect(await say(port, closing(target))).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json/);
    expect(handle).not.toHaveBeenCalled();
  });

  test.each([
    ['http://h', 'operator /'],
    ['http://h/api?x', 'operator /api?x'],
    ['http://u@h:8/repos/x', 'installer /repos/x'],
    ['//repos//x', 'installer //repos//x'],
    ['/api/%zz', 'operator /api/%zz'],
    ['/../api', 'operator /../api'],
  ])('GET %s is seen as %s', async (target, seen) => {
    const { port } = await start();
    expect(await say(port, closing(target))).toContain(seen);
  });

  test('OPTIONS * is told what there is', async () => {
    const { port } = await start();
    const answer = await say(port, closing('*', '', 'OPTIONS'));
    expect(answer).toMatch(/^HTTP\/1\.1 204 No Content\r\nAllow: GET, HEAD, POST, OPTIONS\r\n/);
    expect(await say(port, closing('*', 'Content-Length: 0\r\n', 'POST'))).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('one client address', () => {
  const asking = 'GET /repos/x HTTP/1.1\r\nHost: h\r\n\r\n';
  const hang: Handler = (_, response) => void response.writeHead(200).write('begin');

  test('has its share of connections; above it they are closed, which the log tells once; others are served', async () => {
    const warn = vi.fn();
    const { port } = await start(hang, { connectionsPerAddress: 2 }, { log: { ...quietLog, warn } });
    const held = [converse(port), converse(port)];
    for (const { socket, received } of held) {
      socket.write(asking);
      await vi.waitFor(() => expect(received()).toContain('begin'));
    }
    expect(await converse(port).closed).toBe('');
    expect(await converse(port).closed).toBe('');
    expect(warn.mock.calls).toEqual([
      ['connection refused: too many are open', { address: '127.0.0.1', limit: 2, refused: 1 }],
    ]);
    const other = converse(port, '127.0.0.2');
    other.socket.write(asking);
    await vi.waitFor(() => expect(other.received()).toContain('begin'));
    held[0]?.socket.destroy();
    const next = await vi.waitFor(async () => {
      const conversation = converse(port);
      conversation.socket.write(asking);
      await vi.waitFor(() => expect(conversation.received()).toContain('begin'), { timeout: 200 });
      return conversation;
    });
    next.socket.destroy();
  });

  test('gives up an idle connection for a new one, not one that is being answered', async () => {
    const { port } = await start(
      (request, response, side) =>
        request.url === '/repos/slow' ? hang(request, response, side) : echo(request, response, side),
      { connectionsPerAddress: 2 },
    );
    const [slow, idle] = [converse(port), converse(port)];
    slow.socket.write('GET /repos/slow HTTP/1.1\r\nHost: h\r\n\r\n');
    idle.socket.write(asking);
    await vi.waitFor(() => expect(slow.received() + idle.received()).toMatch(/begin[^]*installer/));
    expect(await say(port, closing('/repos/y'))).toContain('installer /repos/y');
    expect(await idle.closed).toContain('installer /repos/x');
    expect(slow.socket.destroyed).toBe(false);
  });
});

test('many addresses that only hold on leave room for one that asks', async () => {
  const { port } = await start(echo, { connections: 4 });
  const silent = ['127.0.0.2', '127.0.0.2', '127.0.0.3', '127.0.0.3'].map((address) => converse(port, address));
  await vi.waitFor(() => expect(silent.every(({ socket }) => !socket.connecting)).toBe(true));
  const asking = converse(port, '127.0.0.4');
  asking.socket.write(closing('/repos/x'));
  expect(await asking.closed).toContain('installer /repos/x');
  expect(silent.filter(({ socket }) => socket.destroyed || socket.readableEnded)).toHaveLength(1);
  for (const { socket } of silent) socket.destroy();
});

describe('start and end', () => {
  test('a port in use rejects with the system error', async () => {
    const { port } = await start();
    const second = startHttpListener({
      address: '127.0.0.1',
      port,
      isInstallerPath: () => true,
      handle: echo,
      log: quietLog,
    });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  test('close ends idle connections at once and lets a transfer finish', async () => {
    let finish = (): void => {};
    const listener = await start(
      (request, response, side) => {
        if (request.url !== '/repos/slow') return echo(request, response, side);
        response.writeHead(200, { 'Content-Length': 10 }).write('begin');
        finish = () => response.end('12345');
      },
      { closeMs: 10_000 },
    );
    const [silent, idle, slow] = [converse(listener.port), converse(listener.port), converse(listener.port)];
    idle.socket.write('GET /api HTTP/1.1\r\nHost: h\r\n\r\n');
    slow.socket.write('GET /repos/slow HTTP/1.1\r\nHost: h\r\n\r\n');
    await vi.waitFor(() => expect(idle.received() + slow.received()).toMatch(/operator \/api[^]*begin/));
    const ended = listener.close();
    expect(await silent.closed).toBe('');
    expect(await idle.closed).toContain('operator /api');
    await expect(say(listener.port, closing('/repos/x'))).resolves.toBe('');
    finish();
    expect((await slow.closed).endsWith('begin12345')).toBe(true);
    await ended;
  });

  test('close cuts off what does not finish in time', async () => {
    const listener = await start((_, response) => void response.writeHead(200).write('begin'), { closeMs: 50 });
    const hanging = converse(listener.port);
    hanging.socket.write(closing('/repos/x'));
    await vi.waitFor(() => expect(hanging.received()).toContain('begin'));
    await listener.close();
    expect(await hanging.closed).toContain('begin');
  });
});
