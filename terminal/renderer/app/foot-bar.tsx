import type { ReactNode } from 'react';
import type { FunctionKey } from '../desk/desk.ts';
import { useApp, useTill } from './context.ts';

/** With more keys than these a small window has no room for the word on Esc. */
const keysBesideEsc = 7;

/** The keys that work, as buttons: touch and mouse reach everything that the keyboard does. */
export function FootBar(): ReactNode {
  const { words, store } = useApp();
  const { status } = useTill();
  const hasBox = status?.devices.some(({ role }) => role === 'box-pos') === true;
  const mayPromise = status !== null && !status.online && status.promises !== null;
  const keys: readonly (readonly [FunctionKey, string])[] = [
    ...(mayPromise ? ([['F1', words.promise.key]] as const) : []),
    ['F2', words.key.member],
    ['F3', words.key.voucher],
    ['F4', words.refund.key],
    ['F5', words.key.query],
    ...(hasBox ? ([['F6', words.box.key]] as const) : []),
    ['F7', words.key.drawer],
    ['F9', words.key.cash],
    ['F10', words.key.today],
    ['F12', words.key.reprint],
  ];
  return (
    <footer className={`foot-bar ${keys.length > keysBesideEsc ? 'foot-full' : ''}`}>
      {keys.map(([key, text]) => (
        <button
          key={key}
          type="button"
          className="foot-key"
          onClick={() => store.act({ type: 'function', key })}
        >
          <kbd>{key}</kbd>
          {text}
        </button>
      ))}
      <span className="foot-key foot-plain">
        <kbd>Esc</kbd>
        {words.key.back}
      </span>
    </footer>
  );
}
