// A text with its line numbers and its problems beside it. The Tab key goes on as everywhere: it traps nobody.

import { useMemo, useRef } from 'preact/hooks';
import type { Problem } from '../api/types.ts';
import { lineStart } from '../text-lines.ts';
import { countWords } from '../words.ts';

type EditorProps = {
  readonly label: string;
  readonly text: string;
  readonly problems: readonly Problem[] | undefined;
  readonly onChange: (text: string) => void;
};

export function TextEditor({ label, text, problems, onChange }: EditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const wrong = new Set(problems?.map(({ line }) => line));
  const lines = useMemo(() => text.split('\n').length, [text]);
  const goTo = (line: number | undefined): void => {
    if (area.current === null || line === undefined) return;
    const at = lineStart(text, line);
    area.current.focus();
    area.current.setSelectionRange(at.start, at.end);
    area.current.scrollTop = (line - 3) * (area.current.scrollHeight / lines);
  };
  return (
    <>
      <div class="editor">
        <div class="gutter" ref={gutter} aria-hidden="true">
          {Array.from({ length: lines }, (_, index) => (
            <span key={index} class={wrong.has(index + 1) ? 'is-error' : undefined}>
              {index + 1}
            </span>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label={label}
          aria-describedby="site-problems"
          spellcheck={false}
          wrap="off"
          rows={28}
          value={text}
          onInput={({ currentTarget }) => onChange(currentTarget.value)}
          onScroll={({ currentTarget }) => gutter.current?.scrollTo(0, currentTarget.scrollTop)}
        />
      </div>
      <div id="site-problems" aria-live="polite">
        <p class={problems === undefined || problems.length === 0 ? 'muted' : 'bad'}>{problemWords(problems)}</p>
        <ul class="rows">
          {problems?.map(({ line, path, message, remedy }) => (
            <li key={`${line} ${path} ${message}`}>
              <button onClick={() => goTo(line)}>Line {line ?? '?'}</button> <strong>{path}</strong>: {message}
              {remedy === undefined ? '' : ` — ${remedy}`}
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

/** `2 problems`, for a title. */
function problemWords(problems: readonly Problem[] | undefined): string {
  if (problems === undefined) return 'Checking …';
  return problems.length === 0 ? 'Nothing is wrong with it.' : countWords(problems.length, 'problem');
}
