import type { ReactNode } from 'react';
import { plainYuan } from '../format/money.ts';
import type { AmountEntry } from '../input/amount-entry.ts';
import { amountOfEntry, typedDecimals } from '../input/amount-entry.ts';

/** A finished amount in large tabular digits. */
export function BigAmount({ amountFen }: { readonly amountFen: number }): ReactNode {
  return (
    <p className="big">
      <span className="big-sign">¥</span>
      {plainYuan(amountFen)}
    </p>
  );
}

/** An amount being typed: what was typed is ink, the decimals still open are softer. */
export function TypedAmount({
  entry,
  label,
}: {
  readonly entry: AmountEntry;
  readonly label: string;
}): ReactNode {
  const text = plainYuan(amountOfEntry(entry));
  const { point, count } = typedDecimals(entry);
  const open = entry.text === '' ? 0 : text.length - 3 + (point ? 1 + count : 0);
  return (
    <p className="big" role="status" aria-label={`${label} ¥${text}`}>
      <span className="big-sign">¥</span>
      <span>{text.slice(0, open)}</span>
      <span className="big-open">{text.slice(open)}</span>
    </p>
  );
}
