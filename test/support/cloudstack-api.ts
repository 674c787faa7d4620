// A server that answers CloudStack's API as a management server does, and checks each signature by Java's rules for itself.

import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is to go wrong: the command that is refused, whose job fails, that is answered in no JSON. */
export type Fault = { readonly refuse?: string; readonly failJob?: string; readonly garbage?: string };
/** A call as it came. */
export type Heard = Readonly<Record<string, string>>;
export type Server = { readonly url: string; readonly calls: Heard[]; readonly bad: string[] };

const ANSWERS: Readonly<Record<string, string>> = {
  createZone: 'zone',
  createPod: 'pod',
  createNetwork: 'network',
  addCluster: 'cluster',
  listNetworkServiceProviders: 'networkserviceprovider',
  listVirtualRouterElements: 'virtualrouterelement',
  listNetworkOfferings: 'networkoffering',
};
const JOBS: Readonly<Record<string, string>> = {
  createPhysicalNetwork: 'physicalnetwork',
  addTrafficType: 'traffictype',
  updatePhysicalNetwork: 'physicalnetwork',
  updateNetworkServiceProvider: 'networkserviceprovider',
  configureVirtualRouterElement: 'virtualrouterelement',
};

/** Runs one for `use`, on the loopback; the secret key is SK1. */
export async function withCloudStack(fault: Fault, use: (server: Server) => Promise<void>): Promise<void> {
  const calls: Heard[] = [];
  const bad: string[] = [];
  const asked = new Map<string, number>();
  const answer = (call: Heard): string => {
    const command = call['command'] ?? '';
    if (command === fault.garbage) return '<html>';
    if (command === fault.refuse) return JSON.stringify({ r: { errorcode: 431, errortext: 'no such host' } });
    if (command === 'queryAsyncJobResult') {
      const job = call['jobid'] ?? '';
      const times = (asked.get(job) ?? 0) + 1;
      asked.set(job, times);
      if (times < 2) return JSON.stringify({ r: { jobstatus: 0 } });
      if (job === fault.failJob)
        return JSON.stringify({ r: { jobstatus: 2, jobresult: { errortext: 'it went wrong' } } });
      const object = JOBS[job] ?? '';
      return JSON.stringify({ r: { jobstatus: 1, jobresult: { [object]: { id: `job-${object}-id` } } } });
    }
    if (JOBS[command] !== undefined) return JSON.stringify({ r: { jobid: command } });
    const object = ANSWERS[command];
    const found = { id: `${object}-id` };
    const listed = command.startsWith('list') || command.startsWith('add') ? [found] : found;
    return JSON.stringify({ r: object === undefined ? {} : { [object]: listed } });
  };
  const http = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const call = Object.fromEntries(new URLSearchParams(body));
      calls.push(call);
      const isSigned = signature(call) === call['signature'];
      if (!isSigned) bad.push(call['command'] ?? '');
      response.statusCode = isSigned ? 200 : 401;
      response.end(isSigned ? answer(call) : JSON.stringify({ r: { errorcode: 401, errortext: 'unable to verify' } }));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = http.address() as AddressInfo;
    await use({ url: `http://127.0.0.1:${port}/client/api`, calls, bad });
  } finally {
    await new Promise((resolve) => http.close(resolve));
  }
}

function signature(call: Heard): string {
  const text = Object.entries(call)
    .filter(([name]) => name !== 'signature')
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${javaEncoded(value)}`)
    .join('&');
  return createHmac('sha1', 'SK1').update(text.toLowerCase()).digest('base64');
}

function javaEncoded(value: string): string {
  return encodeURIComponent(value).replaceAll(/[!'()~]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
