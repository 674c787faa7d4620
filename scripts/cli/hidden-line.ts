// One line that must not be seen: typed on the terminal, or the whole of standard input.

import { CommandFailed } from './context.ts';
import { readHidden } from './prompt.ts';

const LIMIT_BYTES = 16 * 1024;

/** The line without its end. Throws `CommandFailed` where it is empty, or more than one. */
export async function readHiddenLine(question: string, what: string): Promise<string> {
  const given = process.stdin.isTTY ? await readHidden(question) : await readStandardInput(what);
  const typed = given.replace(/\r?\n$/, '');
  if (typed === '' || /[\r\n\0]/.test(typed)) throw new CommandFailed(`a ${what} is one line that is not empty`, 1);
  return typed;
}

async function readStandardInput(what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk);
    sizeBytes += bytes.length;
    if (sizeBytes > LIMIT_BYTES) throw new CommandFailed(`a ${what} is at most ${LIMIT_BYTES} bytes`, 1);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
