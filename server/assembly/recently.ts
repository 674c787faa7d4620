// Answers that hold for a moment: what many ask at once is looked up once.

/** No answer is older than this. */
const RECENT_MS = 250;

/** `look`, asked again only when its last answer is `forMs` old: a quarter of a second. `now` is ms since 1970. */
export function recently<T>(now: () => number, look: () => Promise<T>, forMs = RECENT_MS): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return () => {
    const at = now();
    if (last !== undefined && at >= last.at && at - last.at < forMs) return last.answer;
    last = { at, answer: look() };
    return last.answer;
  };
}
