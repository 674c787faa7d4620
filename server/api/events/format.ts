// Events as the lines of an event stream, and what a client that comes back says it saw (HTML Standard, "Server-sent events"). Pure.

/** One event: `data` is told as one line of JSON. */
export type StreamEvent = { readonly id: number; readonly event: string; readonly data: unknown };

/** The event's lines. JSON has no raw line break, and names are ours. */
export function renderEvent({ id, event, data }: StreamEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A line that says nothing, so that neither end takes the connection for dead. */
export const HEARTBEAT = ': still here\n\n';

/** The stream's first lines: how long a client waits before it comes back. */
export const OPENING = 'retry: 5000\n\n';

/** The id in Last-Event-ID, or undefined: a client of another server's events, or of an older log, is told what runs now. */
export function readLastEventId(header: unknown): number | undefined {
  return typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}
