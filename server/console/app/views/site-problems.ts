// All that is wrong with a text as the site file, as the appliance judges it. It touches nothing itself.

import { useEffect, useState } from 'preact/hooks';
import { complaintOf } from '../api/answers.ts';
import type { Problem } from '../api/types.ts';
import { useApp } from '../parts/app.ts';

const CHECK_MS = 400;

/** Asked a moment after the last letter; undefined until it is known. */
export function useProblems(text: string): {
  readonly problems: readonly Problem[] | undefined;
  readonly complaint: string | undefined;
} {
  const { client, live } = useApp();
  const [judged, setJudged] = useState<{ readonly text: string; readonly problems: readonly Problem[] }>();
  const [complaint, setComplaint] = useState<string>();
  useEffect(() => {
    let isOver = false;
    const callOff = live.after(CHECK_MS, () => {
      void client
        .ask<{ readonly problems: readonly Problem[] }>('/api/v1/site/check', { method: 'POST', body: { text } })
        .then((answer) => {
          if (isOver) return;
          setComplaint(complaintOf(answer));
          if (answer.kind === 'ok') setJudged({ text, problems: answer.value.problems });
        });
    });
    return () => {
      isOver = true;
      callOff();
    };
  }, [client, live, text]);
  return { problems: judged?.text === text ? judged.problems : undefined, complaint };
}
