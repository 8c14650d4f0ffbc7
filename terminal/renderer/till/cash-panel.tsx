import type { ReactNode } from 'react';
import { fen, subtractFen } from '#shared/money/fen.ts';
import { tenderedFenMax } from '#shared/tender/cash-limit.ts';
import { useApp, useTill } from '../app/context.ts';
import { dueOf } from '../desk/due.ts';
import type { Panel } from '../desk/desk.ts';
import { yuan } from '../format/money.ts';
import { errorWords } from '../i18n/language.ts';
import { amountOfEntry } from '../input/amount-entry.ts';
import { TypedAmount } from '../ui/amount.tsx';

/** What one tap may say was received: the notes in a customer's hand, in fen. */
const quickCashFen = [500, 1000, 2000, 5000, 10_000];

export function CashPanel({
  panel,
}: {
  readonly panel: Extract<Panel, { type: 'cash' }>;
}): ReactNode {
  const { words, store } = useApp();
  const { till } = useTill();
  if (!till) return null;
  const dueFen = dueOf(till);
  const tenderedFen = amountOfEntry(panel.entry);
  return (
    <div className="panel cash">
      <div className="panel-head">
        <h1 className="panel-title">{words.cash.title}</h1>
        <p className="cash-due">
          {words.cash.due} <b>{yuan(dueFen)}</b>
        </p>
        <Close />
      </div>
      <div className="cash-given">
        <p className="label">{words.cash.tendered}</p>
        <TypedAmount entry={panel.entry} label={words.cash.tendered} />
        <Change dueFen={dueFen} tenderedFen={tenderedFen} />
      </div>
      <div className="quick" role="group" aria-label={words.cash.quick}>
        {quickCashFen.map((noteFen) => (
          <button
            key={noteFen}
            type="button"
            className="quick-key"
            disabled={noteFen < dueFen}
            onClick={() => store.act({ type: 'quick-cash', tenderedFen: noteFen })}
          >
            ¥{String(noteFen).slice(0, -2)}
          </button>
        ))}
        <button
          type="button"
          className="quick-key quick-exact"
          onClick={() => store.act({ type: 'quick-cash', tenderedFen: dueFen })}
        >
          {words.cash.exact}
        </button>
      </div>
    </div>
  );
}

function Change({
  dueFen,
  tenderedFen,
}: {
  readonly dueFen: number;
  readonly tenderedFen: number;
}): ReactNode {
  const { words, language } = useApp();
  if (tenderedFen === 0) return <p className="cash-change cash-hint">{words.cash.tenderedHint}</p>;
  if (tenderedFen > tenderedFenMax(dueFen))
    return (
      <p className="cash-change tone-amber" role="alert">
        {errorWords('tendered-too-large', language)}
      </p>
    );
  const short = tenderedFen < dueFen;
  const [from, less] = short ? [dueFen, tenderedFen] : [tenderedFen, dueFen];
  return (
    <p className={`cash-change ${short ? 'tone-amber' : 'tone-good'}`} role="status">
      {short ? words.cash.short : words.cash.change}{' '}
      <b>{yuan(subtractFen(fen(from), fen(less)))}</b>
    </p>
  );
}

/** Closes a panel without doing anything. */
export function Close(): ReactNode {
  const { words, store } = useApp();
  return (
    <button type="button" className="close" onClick={() => store.act({ type: 'escape' })}>
      <kbd>Esc</kbd>
      {words.key.back}
    </button>
  );
}
