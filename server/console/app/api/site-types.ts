// What the API tells the console of the site file, of what was done and of what happened, as far as the console reads it. Types only.

/** What the site file said, and since when. Times are ms since 1970. */
export type SiteVersion = {
  readonly id: number;
  readonly at: number;
  readonly by: string;
  readonly via: string;
  readonly operation: string;
  readonly added: number;
  readonly removed: number;
  /** Does the file say it now? */
  readonly current: boolean;
};
export type SiteVersionText = SiteVersion & { readonly text: string };

export type AuditEntry = {
  /** Known by it, and gone on behind it. */
  readonly id: string;
  readonly at: number;
  readonly who: string;
  readonly via: string;
  readonly address: string;
  readonly operation: string;
  readonly target: string;
  readonly status: number;
  readonly before?: string;
  readonly after?: string;
};

/** What happened by itself. */
export type Happening = {
  /** Known by it. */
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  /** One of them; none where it is about the whole appliance. */
  readonly about: { readonly host?: string; readonly repo?: string; readonly tree?: string };
  readonly what: string;
  readonly detail: string;
  readonly outcome: 'wrong' | 'fine';
};
