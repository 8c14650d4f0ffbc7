import { useState, type ReactNode } from 'react';
import { useApp } from '../app/context.ts';
import { call } from '../desk/desk.ts';

const numberCharsMin = 4;
const numberCharsMax = 64;

/** What no query of the box can clear up, a person reads from its slips: yes needs its number, no a second press. */
export function DecideBox({ orderId }: { readonly orderId: string }): ReactNode {
  const { words, store } = useApp();
  const { decide } = words.box;
  const [number, setNumber] = useState('');
  const [isSure, setSure] = useState(false);
  const settle = (boxRef: string | null): void =>
    store.request(call('orders.decideBox', { orderId, boxRef }), 'boxDecided');
  return (
    <section className="decide-box" aria-label={decide.title}>
      <p className="decide-title">{decide.title}</p>
      <p role="status">{isSure ? decide.sure : decide.hint}</p>
      <label className="search">
        <input
          value={number}
          maxLength={numberCharsMax}
          placeholder={decide.number}
          aria-label={decide.number}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setNumber(event.target.value.replaceAll(/[^0-9A-Za-z-]/g, ''))}
        />
      </label>
      <div className="row">
        <button
          type="button"
          className="button"
          disabled={number.length < numberCharsMin}
          onClick={() => settle(number)}
        >
          {decide.paid}
        </button>
        <button
          type="button"
          className="button"
          onClick={() => (isSure ? settle(null) : setSure(true))}
        >
          {decide.unpaid}
        </button>
      </div>
    </section>
  );
}
