// Which repos sync when, and what changes when the site does. Pure; cron/listener.ts holds the timers.

/** A repo that syncs by itself: `cron` in five fields (six with seconds), read in the IANA time zone. */
export type ScheduledSync = { readonly repo: string; readonly cron: string; readonly timezone: string };

export type ScheduleChange = { readonly stop: readonly string[]; readonly start: readonly ScheduledSync[] };

/** The schedules of a site: its repos that name one. */
export function planSchedules(site: {
  readonly timezone: string;
  readonly repos: readonly { readonly name: string; readonly schedule: string | undefined }[];
}): readonly ScheduledSync[] {
  return site.repos.flatMap(({ name, schedule }) =>
    schedule === undefined ? [] : [{ repo: name, cron: schedule, timezone: site.timezone }],
  );
}

/** What to stop and start so that `wanted` runs. One that stays the same is left alone. */
export function changeSchedules(running: readonly ScheduledSync[], wanted: readonly ScheduledSync[]): ScheduleChange {
  const same = (a: ScheduledSync, b: ScheduledSync): boolean =>
    a.repo === b.repo && a.cron === b.cron && a.timezone === b.timezone;
  return {
    stop: running.filter((old) => !wanted.some((now) => same(old, now))).map(({ repo }) => repo),
    start: wanted.filter((now) => !running.some((old) => same(old, now))),
  };
}
