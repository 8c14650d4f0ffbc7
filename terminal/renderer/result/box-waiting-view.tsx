import type { ReactNode } from 'react';
import { fen, subtractFen } from '#shared/money/fen.ts';
import type { Screen } from '#terminal/ipc/state.ts';
import { useApp, useNow, useTill } from '../app/context.ts';
import { orderTail } from '../format/order.ts';
import { secondsBetween } from '../format/time.ts';
import { BigAmount } from '../ui/amount.tsx';
import { Icon } from '../ui/icon.tsx';
import { Ring } from '../ui/ring.tsx';
import { boxLine, boxSteps } from './box-words.ts';
import { ConfirmCancel, SecondScan, WaitingKeys } from './waiting-keys.tsx';

const tickMs = 250;

type BoxWaiting = Extract<Screen, { type: 'box-waiting' }>;

/** Amber: the sale is at the box POS. Says what to do there, how far it is, and that nothing is charged twice. */
export function BoxWaitingView({ screen }: { readonly screen: BoxWaiting }): ReactNode {
  const { words, language } = useApp();
  const { desk } = useTill();
  const asking = desk.panel.type === 'confirm-cancel';
  const waited = secondsBetween(screen.sinceMs, useNow(tickMs));
  return (
    <>
      <Ring seconds={waited} share={1} turning label={words.box[screen.phase]} />
      <h1>{words.box[screen.phase]}</h1>
      <BigAmount amountFen={subtractFen(fen(screen.amountFen), fen(screen.voucherFen))} />
      <p className="overlay-line">{words.box.facts(orderTail(screen.orderId), waited)}</p>
      <ul className="box-steps" aria-label={words.box.steps}>
        {boxSteps(screen, words.box).map(({ text, isDone }) => (
          <li key={text} className={isDone ? 'box-step-done' : ''}>
            <Icon name={isDone ? 'check' : 'pause'} />
            {text}
          </li>
        ))}
      </ul>
      {!asking && <p className="overlay-line overlay-what">{boxLine(screen, language)}</p>}
      {screen.secondScan && <SecondScan seconds={null} />}
      {asking ? <ConfirmBoxCancel /> : <BoxKeys screen={screen} />}
    </>
  );
}

function BoxKeys({ screen }: { readonly screen: BoxWaiting }): ReactNode {
  const { words } = useApp();
  const cancelling = screen.phase === 'cancelling';
  const leave = cancelling ? words.waiting.leave : words.box.cancel;
  return (
    <WaitingKeys query={words.box.query} leave={!cancelling || screen.mayLeave ? leave : null} />
  );
}

function ConfirmBoxCancel(): ReactNode {
  const { confirmTitle, confirmLine, confirmYes } = useApp().words.box;
  return <ConfirmCancel title={confirmTitle} line={confirmLine} yes={confirmYes} />;
}
