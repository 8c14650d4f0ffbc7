import { useEffect, useSyncExternalStore, type PointerEvent, type ReactNode } from 'react';
import { pinDigitsMax, pinDigitsMin } from '#terminal/ipc/owner.ts';
import { useApp, useNow } from '../app/context.ts';
import { secondsUntil } from '../format/time.ts';
import { errorWords } from '../i18n/language.ts';
import { Icon } from '../ui/icon.tsx';
import type { Sheet } from './owner-gate.ts';
import { usePinKeys } from './use-pin-keys.ts';

const digitKeys = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;
const countdownPeriodMs = 250;

export function useSheet(): Sheet | null {
  const { owner } = useApp();
  return useSyncExternalStore(owner.subscribe, owner.getSheet);
}

/** Asks the owner for the PIN over whatever is on the screen. Digits go to the pad of the gate and nowhere else. */
export function PinSheet(): ReactNode {
  const sheet = useSheet();
  usePinKeys(sheet !== null);
  return sheet && <OpenSheet sheet={sheet} />;
}

function OpenSheet({ sheet }: { readonly sheet: Sheet }): ReactNode {
  const { words, owner } = useApp();
  const { wish, step } = sheet;
  const title = words.owner.ask[wish.type === 'approve' ? wish.action : wish.type];
  const isShut = sheet.isAsking || sheet.owner?.lockedUntilMs != null;
  return (
    <div className="pin-cover">
      <section className="pin-sheet" role="dialog" aria-modal="true" aria-label={title}>
        <div className="panel-head">
          <h1 className="panel-title">{title}</h1>
          <button type="button" className="close" onClick={owner.cancel}>
            <kbd>Esc</kbd>
            {words.key.back}
          </button>
        </div>
        <p className="pin-step">{words.owner.step[step]}</p>
        <Dots count={sheet.digitCount} />
        <Said sheet={sheet} />
        <div className="pin-keys" role="group" aria-label={words.owner.pad} onPointerDown={keep}>
          {digitKeys.map((digit) => (
            <Key key={digit} text={digit} disabled={isShut} press={() => owner.press(digit)} />
          ))}
          <Key text={words.owner.back} kind="alt" disabled={isShut} press={owner.erase} />
          <Key text="0" disabled={isShut} press={() => owner.press('0')} />
          <Key
            text={words.owner.ok}
            kind="go"
            disabled={isShut || sheet.digitCount < pinDigitsMin}
            press={owner.enter}
          />
        </div>
      </section>
    </div>
  );
}

/** The keys never take the focus: the keyboard goes on typing. */
const keep = (event: PointerEvent): void => event.preventDefault();

function Key({
  text,
  kind = 'digit',
  disabled,
  press,
}: {
  readonly text: string;
  readonly kind?: 'digit' | 'alt' | 'go';
  readonly disabled: boolean;
  readonly press: () => void;
}): ReactNode {
  return (
    <button type="button" className={`key pin-key-${kind}`} disabled={disabled} onClick={press}>
      {text}
    </button>
  );
}

/** One place for each digit that a PIN must have, and one more for each that it may. */
function Dots({ count }: { readonly count: number }): ReactNode {
  const { words } = useApp();
  const places = Array.from({ length: pinDigitsMax }, (_, index) => index);
  return (
    <div className="pin-dots" role="img" aria-label={words.owner.typed(count)}>
      {places.map((place) => (
        <i
          key={place}
          className={`pin-dot ${place < count ? 'pin-dot-full' : ''} ${place < pinDigitsMin ? '' : 'pin-dot-more'}`}
        />
      ))}
    </div>
  );
}

function Said({ sheet }: { readonly sheet: Sheet }): ReactNode {
  const { words, language } = useApp();
  const { owner, said, isAsking } = sheet;
  if (owner?.lockedUntilMs != null) return <Countdown untilMs={owner.lockedUntilMs} />;
  if (isAsking && owner) return <p className="pin-said label">{words.owner.checking}…</p>;
  const tries = owner?.isPinSet === true ? words.owner.triesLeft(owner.triesLeft) : '';
  if (said === null)
    return <p className="pin-said label">{sheet.step === 'pin' ? tries : words.owner.forgotten}</p>;
  const why = said === 'pins-differ' ? words.owner.differ : errorWords(said, language);
  return (
    <p className="pin-said tone-amber" role="alert">
      <Icon name="alert" />
      {why}
      {said === 'owner-pin-wrong' && <b>{tries}</b>}
    </p>
  );
}

/** The agent says when the lock is over: the sheet asks it then. */
function Countdown({ untilMs }: { readonly untilMs: number }): ReactNode {
  const { words, owner } = useApp();
  const leftSeconds = secondsUntil(untilMs, useNow(countdownPeriodMs));
  const isOver = leftSeconds === 0;
  useEffect(() => {
    if (!isOver) return undefined;
    const timer = setInterval(() => void owner.refresh(), countdownPeriodMs);
    return () => clearInterval(timer);
  }, [isOver, owner]);
  return (
    <p className="pin-said tone-amber" role="alert">
      <Icon name="alert" />
      {words.owner.locked(leftSeconds)}
    </p>
  );
}
