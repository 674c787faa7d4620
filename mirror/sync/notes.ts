// What a sync has to say beside its result: each thing once, and not without end. Pure but for its own place.

export type Notes = { add(notes: readonly string[]): void; all(): readonly string[] };

const LIMIT_NOTES = 100;

/** A place for notes that an upstream with many packages cannot flood. */
export function collectNotes(): Notes {
  const kept = new Set<string>();
  let more = 0;
  return {
    add: (notes) => {
      for (const note of notes) {
        if (kept.has(note)) continue;
        if (kept.size < LIMIT_NOTES) kept.add(note);
        else more += 1;
      }
    },
    all: () => (more === 0 ? [...kept] : [...kept, `and ${more} more of such notes`]),
  };
}
