import type { ReactNode } from 'react';
import { displayLamps, type DisplayFace } from './contract.ts';
import type { CounterWords } from './words.ts';

/** Of one digit: 32 wide, 52 high, drawn from its left upper corner. */
const segmentPaths = {
  a: 'M7 4H21L18 8H10Z',
  b: 'M23 6V24L20 22V10Z',
  c: 'M23 28V46L20 42V30Z',
  d: 'M7 48H21L18 44H10Z',
  e: 'M5 28V46L8 42V30Z',
  f: 'M5 6V24L8 22V10Z',
  g: 'M8 24H20L22 26L20 28H8L6 26Z',
} as const;
const segmentNames = Object.keys(segmentPaths) as readonly (keyof typeof segmentPaths)[];
const digitWidth = 32;
const digitHeight = 52;

/** The customer display as it stands on the counter: eight digits of seven segments, four lamps. */
export function CounterDisplay({
  words,
  face,
}: {
  readonly words: CounterWords;
  readonly face: DisplayFace;
}): ReactNode {
  const { cells, lamps, text } = face;
  const lit = lamps.map((lamp) => words.lamps[lamp]);
  return (
    <section className="counter-display" aria-label={words.display}>
      <svg
        viewBox={`0 0 ${cells.length * digitWidth} ${digitHeight}`}
        role="img"
        aria-label={[words.display, text, ...lit].join(' ').trim()}
      >
        {cells.map(({ segments, point }, place) => (
          // oxlint-disable-next-line react/no-array-index-key -- A digit is its place on the glass.
          <g key={place} transform={`translate(${place * digitWidth} 0)`}>
            {segmentNames.map((name) => (
              <path
                key={name}
                d={segmentPaths[name]}
                className={segments.includes(name) ? 'lit' : undefined}
              />
            ))}
            <circle cx="28" cy="46" r="2.6" className={point ? 'lit' : undefined} />
          </g>
        ))}
      </svg>
      <ul>
        {displayLamps.map((lamp) => (
          <li key={lamp} className={lamps.includes(lamp) ? 'lit' : undefined}>
            {words.lamps[lamp]}
          </li>
        ))}
      </ul>
    </section>
  );
}
