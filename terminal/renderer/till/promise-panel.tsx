import { useEffect, useRef, type ReactNode } from 'react';
import { promiseWhoCharsMax } from '#shared/wire/v1/entries.ts';
import type { Status } from '#terminal/ipc/state.ts';
import { useApp, useTill } from '../app/context.ts';
import type { Panel } from '../desk/desk.ts';
import { shortYuan, yuan } from '../format/money.ts';
import { Close } from './cash-panel.tsx';

const kinds = ['iou', 'static-code'] as const;

/** F1: goods on trust. What may still be promised stands in red above everything that can be pressed. */
export function PromisePanel({
  panel,
}: {
  readonly panel: Extract<Panel, { type: 'promise' }>;
}): ReactNode {
  const { words, store } = useApp();
  const { till, status } = useTill();
  const { promise } = words;
  const field = useRef<HTMLInputElement>(null);
  // A name is what is missing: the keyboard goes there at once.
  useEffect(() => field.current?.focus(), []);
  if (!till) return null;
  return (
    <div className="panel promise">
      <div className="panel-head">
        <h1 className="panel-title">{promise.title}</h1>
        <p className="cash-due">
          {words.cash.due} <b>{yuan(till.draft.amountFen)}</b>
        </p>
        <Close />
      </div>
      <Room promises={status?.promises ?? null} amountFen={till.draft.amountFen} />
      <div className="promise-kinds" role="group" aria-label={promise.kinds}>
        {kinds.map((kind) => (
          <button
            key={kind}
            type="button"
            className="promise-kind"
            aria-pressed={panel.kind === kind}
            onClick={() => store.act({ type: 'promise-kind', kind })}
          >
            <b>{promise.kind[kind]}</b>
            <span>{promise.kindHow[kind]}</span>
          </button>
        ))}
      </div>
      <label className="promise-who">
        <span className="label">{promise.who[panel.kind]}</span>
        <input
          ref={field}
          data-enter=""
          value={panel.who}
          maxLength={promiseWhoCharsMax}
          placeholder={promise.whoHint[panel.kind]}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => store.act({ type: 'promise-who', text: event.target.value })}
        />
      </label>
      <p className="phone-hint">{promise.next}</p>
    </div>
  );
}

function Room({
  promises,
  amountFen,
}: {
  readonly promises: Status['promises'];
  readonly amountFen: number;
}): ReactNode {
  const { words } = useApp();
  const { promise } = words;
  const { perPromiseFen, remainingFen, remainingCount } = promises ?? noRoom;
  const isTooMuch = amountFen > Math.min(perPromiseFen, remainingFen);
  return (
    <p className="promise-room" role="status">
      <b>{promise.left(yuan(remainingFen), remainingCount)}</b> ·{' '}
      {promise.perPromise(shortYuan(perPromiseFen))}
      {isTooMuch && <span className="promise-over"> · {promise.tooMuch}</span>}
    </p>
  );
}

const noRoom = { perPromiseFen: 0, remainingFen: 0, remainingCount: 0 };
