// What arming hosts will wipe: each host's disks by its profile, in words. Pure.

import type { Host, Profile, Storage } from './api/types.ts';

export type Wiped = {
  readonly host: string;
  readonly profile: string;
  /** One line for each lot of disks. Undefined: the profile is not known, so nothing can be promised. */
  readonly disks: readonly string[] | undefined;
  /** The installer stops where a disk carries data. */
  readonly isProtected: boolean;
};

/** In the order of `hosts`. */
export function wipedDisks(hosts: readonly Host[], profiles: readonly Profile[]): readonly Wiped[] {
  const known = new Map(profiles.map((profile) => [profile.name, profile] as const));
  return hosts.map(({ name, profile: called }) => {
    const profile = known.get(called);
    return {
      host: name,
      profile: called,
      disks: profile === undefined ? undefined : lots(profile.storage),
      isProtected: profile?.protect === true,
    };
  });
}

function lots({ layout, disks, data, guest }: Storage): readonly string[] {
  const guests = guest.filter((disk) => !disks.includes(disk));
  return [
    `${disks.join(', ')} (system, ${layout})`,
    ...data.map((lot) => `${lot.disks.join(', ')} (${lot.at}, ${lot.layout})`),
    ...(guests.length === 0 ? [] : [`${guests.join(', ')} (local storage of guests)`]),
  ];
}

/** What has to be typed before so many hosts are armed; nothing for one, which the dialog names. */
export function wordToType(count: number): string {
  return count > 1 ? String(count) : '';
}
