// A line typed on the terminal without being shown.

/** Asks on standard error and reads one line from the terminal, unseen. Rejects on Ctrl-C. */
export function readHidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed = '';
  const end = (finish: () => void): void => {
    stdin.off('data', take);
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
    finish();
  };
  const take = (chunk: Buffer): void => {
    for (const character of chunk.toString('utf8')) {
      if (character === '\r' || character === '\n' || character === '\u0004') return end(() => resolve(typed));
      if (character === '\u0003') return end(() => reject(new Error('interrupted', { cause: 'Ctrl-C' })));
      typed = character === '\u007f' || character === '\b' ? typed.slice(0, -1) : typed + character;
    }
  };
  stdin.on('data', take);
  return promise;
}
