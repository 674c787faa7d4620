// A question over the page: the browser's own dialog, which keeps the focus in it and gives it back.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { Task } from './app.ts';
import { Complaint } from './pieces.tsx';

type DialogProps = {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
};

/** Open as long as it is drawn. Escape closes it. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    element.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={element} aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

type FormProps = DialogProps & {
  readonly task: Task;
  readonly action: string;
  readonly tone?: 'danger' | undefined;
  readonly isBlocked?: boolean | undefined;
  readonly onSubmit: (fields: Readonly<Record<string, string>>) => void;
};

/** A dialog that asks and then does one thing. Its fields are handed over by their names. */
export function FormDialog({ title, onClose, children, task, action, tone, isBlocked, onSubmit }: FormProps) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (event.currentTarget instanceof HTMLFormElement) onSubmit(fieldsOf(event.currentTarget));
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        {children}
        <Complaint text={task.complaint} />
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button class={tone ?? 'main'} disabled={task.isBusy || isBlocked === true}>
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The texts of a form's fields. */
export function fieldsOf(form: HTMLFormElement): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...new FormData(form)].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
