// The question before something is removed: asked, done over the API, told, and its list read anew.

import type { ComponentChildren } from 'preact';
import { useApp, useTask } from './app.ts';
import { FormDialog } from './dialog.tsx';

type RemovalProps<T> = {
  /** What the question names: `the tree rhel6`. */
  readonly what: string;
  /** The list that it is in; `name` is its name there. */
  readonly list: string;
  readonly name: string;
  /** How long it may take, in milliseconds. */
  readonly withinMs?: number;
  /** What is said of it once it is done. */
  readonly words: (removed: T) => string;
  readonly onClose: () => void;
  /** What goes with it, and what stays. */
  readonly children: ComponentChildren;
};

export function RemovalDialog<T>({ what, list, name, withinMs, words, onClose, children }: RemovalProps<T>) {
  const { client, live, say } = useApp();
  const task = useTask();
  const remove = (): void =>
    task.run(
      () =>
        client.ask<T>(`${list}/${encodeURIComponent(name)}`, {
          method: 'DELETE',
          ...(withinMs === undefined ? {} : { withinMs }),
        }),
      (removed) => {
        say(words(removed));
        live.refresh(list);
        onClose();
      },
    );
  return (
    <FormDialog title={`Remove ${what}?`} onClose={onClose} task={task} action="Remove" tone="danger" onSubmit={remove}>
      {children}
    </FormDialog>
  );
}
