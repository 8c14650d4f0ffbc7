import type { ReactNode } from 'react';
import { decimal, percent } from './numbers.ts';
import type { Picture } from './picture.ts';
import type { LabWords } from './words.ts';

/** What the two lives came to, in five figures. */
export function Cards({
  words,
  funded,
  literal,
}: {
  readonly words: LabWords;
  readonly funded: Picture;
  readonly literal: Picture;
}): ReactNode {
  const { measures } = funded;
  const insolvent = literal.measures.insolventMonth;
  const cards = [
    ['value', decimal(measures.valuePerPoint, 2), 'ink'],
    ['open', `${measures.openPeriods} / ${funded.open.length}`, 'ink'],
    ['coverage', decimal(measures.lowestCoverage ?? 0, 2), 'green'],
    ['parked', percent(measures.parkedShare ?? 0), 'ink'],
    [
      'insolvent',
      insolvent === undefined ? words.never : words.inMonth(insolvent),
      insolvent === undefined ? 'ink' : 'red',
    ],
  ] as const;
  return (
    <dl className="figures" aria-live="polite">
      {cards.map(([name, text, tone]) => (
        <div
          key={name}
          className={
            name === 'insolvent' && tone === 'red' ? 'card figure figure-bad' : 'card figure'
          }
        >
          <dt>{words.cards[name]}</dt>
          <dd className={`figure-${tone}`}>{text}</dd>
          <dd className="figure-note">{words.notes[name]}</dd>
        </div>
      ))}
    </dl>
  );
}
