// One syslog message, as bytes from the network → what it says. Knows no socket and no host; pure.

import { oneLine, printable } from '../printable.ts';

/** The longest message that is read; RFC 5424 §6.1 asks for 2048, and anaconda's tracebacks are longer. */
export const LIMIT_MESSAGE_BYTES = 8192;

/** What a message says. Texts are bounded, without anything that a terminal or a page would obey. */
export type SyslogMessage = {
  /** RFC 5424 §6.2.1: 0 emergency … 7 debug. */
  readonly severity: number;
  /** The program that said it: `anaconda`, `kernel`; empty where the message does not tell. */
  readonly source: string;
  readonly text: string;
};

/** RFC 3164 §4.3.3: what comes without a readable priority is user.notice. */
const NOTICE = 5;
const SOURCE_LENGTH = 48;

const PRIORITY = /^<(\d{1,3})>/;
/** RFC 5424 §6: `1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID `, then structured data. */
const HEADER_5424 = /^1 (?:-|\d{4}-\S{1,40}) (\S{1,255}) (\S{1,128}) (\S{1,128}) (\S{1,32}) /;
/** RFC 3164 §4.1.2; or, from rsyslog's RSYSLOG_ForwardFormat, a time as in RFC 3339. Old loggers leave the day unpadded. */
const TIME = /^(?:[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?|\d{4}-\d\d-\d\dT\S{8,24}) /;
/**
 * `anaconda[1234]: `, `kernel: `: RFC 3164 §4.1.3, with the longer names and other characters that are about. A digit begins a
 * time of day, and a colon without a blank is part of an address.
 */
const TAG = /^([A-Za-z_/(][^\s:[\]]{0,63})(?:\[[^\]\s]{0,32}\])?:(?: |$)/;

/**
 * Reads a message in the form of RFC 5424 or of RFC 3164, and anything else as a text without a priority: whoever collects
 * logs takes what comes (RFC 3164 §4.3). Never throws. What is longer than `LIMIT_MESSAGE_BYTES` is cut.
 *
 * Its time and host name are not taken over: an installer's clock may be years off, and its name is `localhost`.
 */
export function parseMessage(bytes: Uint8Array): SyslogMessage {
  const whole = Buffer.from(bytes.subarray(0, LIMIT_MESSAGE_BYTES)).toString('utf8');
  const priority = PRIORITY.exec(whole);
  const value = Number(priority?.[1] ?? Number.NaN);
  // RFC 5424 §6.2.1: 23 facilities of 8 severities.
  const isPriority = priority !== null && value <= 191;
  const rest = isPriority ? whole.slice(priority[0].length) : whole;
  const { source, text } = parse5424(rest) ?? parse3164(rest);
  return {
    severity: isPriority ? value % 8 : NOTICE,
    source: printable(source, SOURCE_LENGTH),
    text: oneLine(text),
  };
}

type Said = Pick<SyslogMessage, 'source' | 'text'>;

function parse5424(rest: string): Said | undefined {
  const header = HEADER_5424.exec(rest);
  if (header === null) return undefined;
  const behind = rest.slice(header[0].length);
  const end = structuredDataEnd(behind);
  if (end === undefined) return undefined;
  return { source: header[2] === '-' ? '' : (header[2] ?? ''), text: behind.slice(end) };
}

/** Where the structured data at the start of `text` ends (RFC 5424 §6.3): `-`, or elements whose quoted values may hold `\]`. */
function structuredDataEnd(text: string): number | undefined {
  if (text.startsWith('-')) return 1;
  let at = 0;
  while (text[at] === '[') {
    const end = elementEnd(text, at);
    if (end === undefined) return undefined;
    at = end;
  }
  return at === 0 ? undefined : at;
}

function elementEnd(text: string, from: number): number | undefined {
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === ']' && !quoted) return at + 1;
  }
  return undefined;
}

/** `Mmm dd hh:mm:ss HOST TAG: text`; local loggers and some of busybox leave HOST out, some senders the time as well. */
function parse3164(rest: string): Said {
  const time = TIME.exec(rest);
  const behind = time === null ? rest : rest.slice(time[0].length);
  const direct = tagged(behind);
  if (direct !== undefined || time === null) return direct ?? { source: '', text: behind };
  const host = /^\S{1,255} /.exec(behind);
  if (host === null) return { source: '', text: behind };
  const named = behind.slice(host[0].length);
  return tagged(named) ?? { source: '', text: named };
}

function tagged(text: string): Said | undefined {
  const tag = TAG.exec(text);
  return tag === null ? undefined : { source: tag[1] ?? '', text: text.slice(tag[0].length) };
}
