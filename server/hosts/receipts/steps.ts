// How many steps the %post of a kickstart has that was made here, read from the very text that was given. Pure.

/** The lines that announce a step (kickstart/sections/steps.ts); those of scripts that %post only writes to disk are none. */
export function countSteps(text: string): number {
  let steps = 0;
  let isPost = false;
  /** What ends the here-document that is being passed over. */
  let until: string | undefined;
  for (const line of text.split('\n')) {
    if (until !== undefined) {
      if (line === until) until = undefined;
      continue;
    }
    if (line.startsWith('%')) isPost = /^%post\b/.test(line);
    else if (isPost && /^begin [a-z0-9-]+$/.test(line)) steps += 1;
    until = /<<'(\w+)'/.exec(line)?.[1];
  }
  return steps;
}
