// Which repos sync when: the schedules that a site names. Pure; cron/ reads and keeps them.

/** A repo that syncs by itself: `cron` in five fields or as a nickname, read in the IANA time zone. */
export type ScheduledSync = {
  readonly site: string;
  readonly repo: string;
  readonly cron: string;
  readonly timezone: string;
};

/** The schedules of a site: its repos that name one. */
export function planSchedules(site: {
  readonly name: string;
  readonly timezone: string;
  readonly repos: readonly { readonly name: string; readonly schedule: string | undefined }[];
}): readonly ScheduledSync[] {
  return site.repos.flatMap(({ name, schedule }) =>
    schedule === undefined ? [] : [{ site: site.name, repo: name, cron: schedule, timezone: site.timezone }],
  );
}
