import type { PointerEvent, ReactNode } from 'react';
import { useApp, useTill } from '../app/context.ts';
import type { DeskAction } from '../desk/desk.ts';
import type { AmountKey } from '../input/amount-entry.ts';

const rows: readonly (readonly AmountKey[])[] = [
  ['7', '8', '9'],
  ['4', '5', '6'],
  ['1', '2', '3'],
  ['0', '00', '.'],
];

/** The keys for fingers. They never take the focus, so the keyboard goes on typing amounts. */
export function Keypad(): ReactNode {
  const { words, store } = useApp();
  const { desk } = useTill();
  const press = (action: DeskAction) => () => store.act(action);
  return (
    <section className="card keypad" aria-label={words.pad.label} onPointerDown={keepFocus}>
      {rows.flat().map((key) => (
        <button
          key={key}
          type="button"
          className={`key key-${keyName(key)}`}
          onClick={press({ type: 'amount-key', key })}
        >
          {key}
        </button>
      ))}
      <button type="button" className="key key-alt key-back" onClick={press({ type: 'backspace' })}>
        {words.pad.backspace}
      </button>
      <button type="button" className="key key-alt key-clear" onClick={press({ type: 'clear' })}>
        {words.pad.clear}
      </button>
      <GoKey panel={desk.panel.type} />
    </section>
  );
}

function GoKey({ panel }: { readonly panel: string }): ReactNode {
  const { words, store } = useApp();
  const text =
    panel === 'none' ? words.pad.cash : panel === 'cash' ? words.pad.confirm : words.pad.ok;
  return (
    <button
      type="button"
      className="key key-go"
      onClick={() =>
        store.act(panel === 'none' ? { type: 'function', key: 'F9' } : { type: 'enter' })
      }
    >
      <span className="key-go-text">{text}</span>
      <small>{panel === 'none' ? words.pad.cashKeys : words.pad.enter}</small>
    </button>
  );
}

const keyName = (key: AmountKey): string => (key === '.' ? 'dot' : key);

const keepFocus = (event: PointerEvent): void => event.preventDefault();
