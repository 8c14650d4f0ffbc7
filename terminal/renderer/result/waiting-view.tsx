import type { ReactNode } from 'react';
import type { Screen } from '#terminal/ipc/state.ts';
import { useApp, useNow, useTill } from '../app/context.ts';
import { orderTail } from '../format/order.ts';
import { secondsBetween, secondsUntil } from '../format/time.ts';
import { ConfirmCancel, SecondScan, WaitingKeys } from './waiting-keys.tsx';
import { waitingWords } from './waiting-words.ts';
import { BigAmount } from '../ui/amount.tsx';
import { Ring } from '../ui/ring.tsx';

type Waiting = Extract<Screen, { type: 'waiting' }>;

const tickMs = 250;

/** Amber: not known yet. Says how long, what is being done, and that nothing is charged twice. */
export function WaitingView({ screen }: { readonly screen: Waiting }): ReactNode {
  const { words, language } = useApp();
  const { desk, status } = useTill();
  const said = waitingWords(screen, { language, online: status?.online !== false });
  const asking = desk.panel.type === 'confirm-cancel';
  const nowMs = useNow(tickMs);
  const left = secondsUntil(screen.deadlineMs, nowMs);
  const whole = Math.max(1, secondsUntil(screen.deadlineMs, screen.sinceMs));
  const waited = secondsBetween(screen.sinceMs, nowMs);
  return (
    <>
      {screen.phase === 'cancelling' || left === 0 ? (
        <Ring seconds={waited} share={1} turning label={said.title} />
      ) : (
        <Ring seconds={left} share={left / whole} label={words.waiting.secondsLeft(left)} />
      )}
      <h1>{said.title}</h1>
      <BigAmount amountFen={screen.amountFen} />
      <p className="overlay-line">
        {words.waiting.facts(words.wallet[screen.wallet], orderTail(screen.orderId), waited)}
      </p>
      {!asking && <p className="overlay-line overlay-what">{said.line}</p>}
      {screen.secondScan && <SecondScan seconds={screen.phase === 'cancelling' ? null : left} />}
      {asking ? <ConfirmChargeCancel /> : <ChargeKeys screen={screen} />}
    </>
  );
}

function ChargeKeys({ screen }: { readonly screen: Waiting }): ReactNode {
  const { words } = useApp();
  const cancelling = screen.phase === 'cancelling';
  const { status } = useTill();
  const offline = status?.online === false;
  const leave = cancelling ? words.waiting.leave : words.waiting.cancel;
  const query = screen.secondScan ? words.waiting.queryNow : words.waiting.query;
  return <WaitingKeys query={query} leave={!cancelling || offline ? leave : null} />;
}

function ConfirmChargeCancel(): ReactNode {
  const { confirmTitle, confirmLine, confirmYes } = useApp().words.waiting;
  return <ConfirmCancel title={confirmTitle} line={confirmLine} yes={confirmYes} />;
}
