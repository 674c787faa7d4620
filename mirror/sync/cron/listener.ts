// The timers behind the schedules, and nothing else: run.ts decides what they call.

import type { ScheduledSync } from '../schedule.ts';
import type { ScheduleEdges, Schedules } from './run.ts';
import { runSchedules } from './run.ts';

/** Runs `schedules` on this machine's clock until closed. The timer keeps no process alive that has nothing else to do. */
export function startSchedules(
  schedules: readonly ScheduledSync[],
  edges: Omit<ScheduleEdges, 'now' | 'wakeIn'>,
): Schedules {
  return runSchedules(schedules, {
    ...edges,
    now: Date.now,
    wakeIn: (delayMs, wake) => {
      const timer = setTimeout(wake, delayMs).unref();
      return () => clearTimeout(timer);
    },
  });
}
