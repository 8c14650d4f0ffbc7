import { useState, type ReactNode } from 'react';
import { exceptionNoteCharsMax } from '#shared/wire/v1/entries.ts';
import type { ExceptionAction, ExceptionRow } from '#terminal/ipc/views.ts';
import { useApp } from '../app/context.ts';
import { call } from '../desk/desk.ts';
import type { Words } from '../i18n/zh.ts';

/** What a person can say about a row. What was done is asked for in his own words, where it says nothing by itself. */
export function DealWith({ row }: { readonly row: ExceptionRow }): ReactNode {
  const { words, store } = useApp();
  const [isWriting, setWriting] = useState(false);
  const resolve = (action: ExceptionAction, note: string): void =>
    store.request(call('exceptions.resolve', { key: row.key, action, note }), 'exceptionDone');
  if (row.actions.length === 0) return <p className="exceptions-what">{words.today.waits}</p>;
  if (isWriting) {
    return (
      <Note
        hint={words.today.dealNote}
        action={words.today.dealSave}
        save={(note) => resolve('acknowledged', note)}
        leave={() => setWriting(false)}
      />
    );
  }
  return (
    <div className="row exceptions-deal">
      {row.actions.map((action) => (
        <button
          key={action}
          type="button"
          className="button"
          onClick={() => (action === 'acknowledged' ? setWriting(true) : resolve(action, ''))}
        >
          {dealWord(row, action, words)}
        </button>
      ))}
    </div>
  );
}

/** What a person looked at is a paper, or anything else. */
export const dealWord = (
  { paper }: Pick<ExceptionRow, 'paper'>,
  action: ExceptionAction,
  { today }: Words,
): string =>
  action === 'seen' && paper !== undefined && paper !== 'drawer'
    ? today.paperOut
    : today.deal[action];

export function Note({
  hint,
  action,
  save,
  leave,
}: {
  readonly hint: string;
  readonly action: string;
  readonly save: (note: string) => void;
  readonly leave: () => void;
}): ReactNode {
  const { words } = useApp();
  const [text, setText] = useState('');
  return (
    <div className="exceptions-note">
      <label className="search">
        <input
          value={text}
          maxLength={exceptionNoteCharsMax}
          placeholder={hint}
          aria-label={hint}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <div className="row exceptions-deal">
        <button
          type="button"
          className="button"
          disabled={text.trim() === ''}
          onClick={() => save(text)}
        >
          {action}
        </button>
        <button type="button" className="button button-plain" onClick={leave}>
          {words.today.dealBack}
        </button>
      </div>
    </div>
  );
}
