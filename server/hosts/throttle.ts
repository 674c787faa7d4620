// A budget for what strangers make the appliance write down: so many a second, the rest is let go. Pure: `now` is handed in.

/** Answers, for each thing at `now` (ms since 1970), whether it may still be written; `perSecond` may. */
export function throttle(perSecond: number): (now: number) => boolean {
  let second = 0;
  let used = 0;
  return (now) => {
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      used = 0;
    }
    used += 1;
    return used <= perSecond;
  };
}
