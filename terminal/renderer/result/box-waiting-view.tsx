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
      {screen.secondScan && (
        <p className="overlay-guard" role="alert">
          {words.waiting.secondScan}
        </p>
      )}
      {asking ? <ConfirmBoxCancel /> : <BoxKeys screen={screen} />}
    </>
  );
}

function BoxKeys({ screen }: { readonly screen: BoxWaiting }): ReactNode {
  const { words, store } = useApp();
  const cancelling = screen.phase === 'cancelling';
  return (
    <div className="row overlay-row">
      <button
        type="button"
        className="button button-strong"
        onClick={() => store.act({ type: 'function', key: 'F5' })}
      >
        {words.box.query}
        <kbd>F5</kbd>
      </button>
      {(!cancelling || screen.mayLeave) && (
        <button
          type="button"
          className="button button-plain"
          onClick={() => store.act({ type: 'escape' })}
        >
          {cancelling ? words.waiting.leave : words.box.cancel}
          <kbd>Esc</kbd>
        </button>
      )}
    </div>
  );
}

function ConfirmBoxCancel(): ReactNode {
  const { words, store } = useApp();
  return (
    <section className="confirm" role="alertdialog" aria-label={words.box.confirmTitle}>
      <p className="confirm-title">{words.box.confirmTitle}</p>
      <p>{words.box.confirmLine}</p>
      <div className="row overlay-row">
        <button
          type="button"
          className="button button-strong"
          onClick={() => store.act({ type: 'escape' })}
        >
          {words.waiting.confirmNo}
          <kbd>Esc</kbd>
        </button>
        <button
          type="button"
          className="button button-plain"
          onClick={() => store.act({ type: 'enter' })}
        >
          {words.box.confirmYes}
          <kbd>{words.pad.enter}</kbd>
        </button>
      </div>
    </section>
  );
}
