// Kickstarts of the operator's own: their texts by name, and the snippets they may include. Types; a leaf.

export type Templates = {
  /** `kickstarts/NAME.ks`, by NAME. */
  readonly kickstarts: ReadonlyMap<string, string>;
  /** `kickstarts/snippets/NAME`, by NAME. */
  readonly snippets: ReadonlyMap<string, string>;
};

export const NO_TEMPLATES: Templates = { kickstarts: new Map(), snippets: new Map() };

/** The one that an install is rendered from, with the snippets as they were then. */
export type Template = {
  readonly name: string;
  readonly text: string;
  readonly snippets: Readonly<Record<string, string>>;
};
