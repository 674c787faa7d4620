// The calls that build a zone as a list for people: each a line that CloudMonkey takes, in its order, with its reason.

import type { Call, Value } from './calls.ts';
import { buildCalls, enableCalls, HOST_PASSWORD } from './calls.ts';
import { apiUrl } from './script.ts';
import type { Zone } from './zone.ts';

/** The list, with how a call is signed by hand. */
export function callList(zone: Zone): string {
  const build = buildCalls(zone);
  const enable = enableCalls(zone);
  return `${introduction(zone)}
${lines(build, 1)}
Now restart the management server, for its settings to hold, and wait until it answers. Then:

${lines(enable, build.length + 1)}`;
}

function introduction(zone: Zone): string {
  return `How the zone ${zone.name} is built, call by call. build-zone.py, beside this file, makes exactly these calls.

Each line is one call as CloudMonkey takes it: command, then name=value. $NAME stands for the id that the call marked
"-> NAME" has answered; ${HOST_PASSWORD} for the root password of the hosts, which the appliance does not know.
Calls that answer a jobid go on in the background: queryAsyncJobResult jobid=… until its jobstatus is 1 (2: failed).

By hand, a call is a POST to ${apiUrl(zone)} with command, response=json, apiKey and the
parameters, and a signature over them:
  1. write every parameter as name=value, names in lower case, values URL-encoded with %20 for a blank; sort by name; join by &
  2. make all of that lower case, and HMAC-SHA1 of it with the secret key
  3. its base64, URL-encoded, is the parameter signature
The two keys come from registerUserKeys, or from the page: Accounts, admin, Users, Generate Keys.
`;
}

function lines(calls: readonly Call[], from: number): string {
  return calls.map((call, index) => `${from + index}. ${call.why}\n   ${line(call)}\n`).join('');
}

function line({ command, parameters, answer }: Call): string {
  const words = parameters.map(([name, value]) => `${name}=${word(value)}`);
  return [command, ...words, ...(answer === undefined ? [] : [`-> ${answer.as}`])].join(' ');
}

function word(value: Value): string {
  if (typeof value !== 'string') return 'id' in value ? `$${value.id}` : HOST_PASSWORD;
  return value.includes(' ') ? JSON.stringify(value) : value;
}
