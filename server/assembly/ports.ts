// Which port a protocol gets: the one asked for, else its own, else without root the fall-back.

import { codeOf } from '../malformed.ts';

/** The protocol's own port and the one used where that needs rights this process lacks. */
export type PortChoice = { readonly own: number; readonly fallBack: number };

/** Starts a listener on the right port. A port that somebody else holds is an error that says so. */
export async function listen<T>(
  protocol: string,
  asked: number | undefined,
  open: { choice: PortChoice; start: (port: number) => Promise<T> },
): Promise<T> {
  const port = asked ?? open.choice.own;
  try {
    return await open.start(port);
  } catch (error) {
    if (systemCode(error) === 'EACCES' && asked === undefined) return open.start(open.choice.fallBack);
    throw new Error(`${protocol} port ${port}: ${explain(systemCode(error), port)}`, { cause: error });
  }
}

function explain(code: string | undefined, port: number): string {
  if (code === 'EADDRINUSE') return 'another program has it; stop that one, or choose another port';
  if (code === 'EACCES')
    return `a port below 1024 needs root or the capability CAP_NET_BIND_SERVICE; choose another than ${port}, or give it`;
  if (code === 'EADDRNOTAVAIL') return 'this machine does not have the address given with --listen';
  return 'cannot be listened on';
}

/** The system's code of an error or of what caused it. */
export function systemCode(error: unknown): string | undefined {
  const own = codeOf(error);
  if (own !== undefined || !(error instanceof Error)) return own;
  return error.cause === undefined ? undefined : systemCode(error.cause);
}
