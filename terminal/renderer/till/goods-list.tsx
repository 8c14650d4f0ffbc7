import { useEffect, useRef, type ReactNode } from 'react';
import type { DraftLineView } from '#terminal/ipc/state.ts';
import { useApp } from '../app/context.ts';
import { plainYuan, yuan } from '../format/money.ts';

export const piecesOf = (lines: readonly DraftLineView[]): number =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0);

/** The goods of the sale, the last scanned in sight; what is typed beside them is the last line. */
export function GoodsList({
  lines,
  typedFen,
}: {
  readonly lines: readonly DraftLineView[];
  readonly typedFen: number;
}): ReactNode {
  const { words, store } = useApp();
  const list = useRef<HTMLOListElement>(null);
  const seen = useRef<readonly DraftLineView[]>([]);
  useEffect(() => {
    const at = lines.findIndex(
      (line, index) =>
        seen.current[index]?.no !== line.no || seen.current[index].quantity !== line.quantity,
    );
    if (at >= 0) list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
    seen.current = lines;
  }, [lines]);
  // A typed amount comes last.
  useEffect(() => {
    if (typedFen > 0) list.current?.lastElementChild?.scrollIntoView({ block: 'nearest' });
  }, [typedFen]);
  return (
    <ol className="goods" ref={list} aria-label={words.till.goods}>
      {lines.map(({ no, name, unit, quantity, priceFen, sumFen }) => (
        <li key={no}>
          <span className="goods-name">{name}</span>
          <span className="goods-pieces">
            {quantity}
            {unit} × {plainYuan(priceFen)}
          </span>
          <b className="goods-sum">{yuan(sumFen)}</b>
          <button
            type="button"
            className="button goods-drop"
            aria-label={`${words.till.dropLine} ${name}`}
            onClick={() => store.act({ type: 'drop-line', no })}
          >
            {words.till.dropLine}
          </button>
        </li>
      ))}
      {typedFen > 0 && (
        <li>
          <span className="goods-name">{words.till.typedLine}</span>
          <b className="goods-sum">{yuan(typedFen)}</b>
          <button
            type="button"
            className="button goods-drop"
            aria-label={`${words.till.dropLine} ${words.till.typedLine}`}
            onClick={() => store.act({ type: 'clear' })}
          >
            {words.till.dropLine}
          </button>
        </li>
      )}
    </ol>
  );
}
