// A refusal as an HTTP answer: application/problem+json (RFC 9457). Works on node's and Express's responses alike.

import type { No, Problem } from './malformed.ts';

/** The part of an HTTP response that is needed to answer. */
export type AnswerSink = {
  statusCode: number;
  setHeader(name: string, value: string | number): unknown;
  end(body?: string): unknown;
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Login needed',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Not possible now',
  410: 'Gone',
  411: 'Length needed',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Wrong type',
  416: 'Range not satisfiable',
  421: 'Misdirected request',
  422: 'Not right',
  460: 'Checksum mismatch',
  500: 'Internal error',
  503: 'Busy',
  507: 'No room',
};

/** A refusal, and all that is wrong with a file where that is why. */
export type Refusal = No & { readonly problems?: readonly Problem[] };

/** The body of a refusal, one line of JSON. `problems` is a member of our own (RFC 9457 §3.2). */
export function problemBody(status: number, answer: Refusal): string {
  const remedy = answer.remedy === undefined ? {} : { remedy: answer.remedy };
  return `${JSON.stringify({ type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail: answer.reason, ...remedy, problems: answer.problems })}\n`;
}

/** Ends `response` with the refusal. A 401 carries the challenge that RFC 9110 §15.5.2 asks for. */
export function sendProblem(response: AnswerSink, status: number, answer: Refusal): void {
  const body = problemBody(status, answer);
  response.statusCode = status;
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="kickstand"');
  response.setHeader('Content-Type', 'application/problem+json');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}
