import { useState, type ReactNode } from 'react';
import type { Screen } from '#terminal/ipc/state.ts';
import { useApp, useNow } from '../app/context.ts';
import { orderTail } from '../format/order.ts';
import { secondsUntil } from '../format/time.ts';
import { BigAmount } from '../ui/amount.tsx';
import { Ring } from '../ui/ring.tsx';

const tickMs = 250;

/** A wallet code waits in memory for the line to return. Nothing has been sent. */
export function HeldView({
  screen,
}: {
  readonly screen: Extract<Screen, { type: 'held' }>;
}): ReactNode {
  const { words, store, clock } = useApp();
  const [openedMs] = useState(() => clock.nowMs());
  const nowMs = useNow(tickMs);
  const left = secondsUntil(screen.untilMs, nowMs);
  const whole = Math.max(1, secondsUntil(screen.untilMs, openedMs));
  return (
    <>
      <Ring seconds={left} share={left / whole} label={words.waiting.secondsLeft(left)} />
      <h1>{words.held.title}</h1>
      <BigAmount amountFen={screen.amountFen} />
      <p className="overlay-line overlay-what">{words.held.line}</p>
      <p className="overlay-line">
        {[
          words.wallet[screen.wallet],
          words.result.order(orderTail(screen.orderId)),
          words.held.expires,
        ].join(' · ')}
      </p>
      <div className="row overlay-row">
        <button
          type="button"
          className="button button-plain"
          onClick={() => store.act({ type: 'escape' })}
        >
          {words.held.cancel}
          <kbd>Esc</kbd>
        </button>
      </div>
    </>
  );
}
