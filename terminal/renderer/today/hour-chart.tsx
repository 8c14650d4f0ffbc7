import type { ReactNode } from 'react';
import type { Words } from '../i18n/zh.ts';
import { useApp } from '../app/context.ts';
import { yuan } from '../format/money.ts';
import { barHeights, hourBars, tallestBar, type HourBar } from './chart-scale.ts';

/** Units of the drawing; the SVG stretches to its card, so the hours below are text of the page. */
const size = { width: 700, height: 150, gap: 9, corner: 5 };

interface HourChartProps {
  readonly hours: readonly HourBar[];
  readonly cutOverHour?: number | undefined;
}

/** Takings by hour: scanned below, cash on top. The same figures are in a table for those who cannot see it. */
export function HourChart({ hours, cutOverHour = 0 }: HourChartProps): ReactNode {
  const { words } = useApp();
  const bars = hourBars(hours, cutOverHour);
  const tallest = tallestBar(bars);
  return (
    <section className="card chart">
      <h2>
        {words.today.byHour}
        <span className="legend">
          <i className="legend-scan" /> {words.today.scan}
          <i className="legend-cash" /> {words.today.cashBar}
        </span>
      </h2>
      {tallest === 0 ? (
        <p className="label">{words.today.byHourNone}</p>
      ) : (
        <figure>
          <svg
            viewBox={`0 0 ${size.width} ${size.height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={words.today.byHour}
          >
            {bars.map((bar, index) => (
              <Bar
                key={bar.hour}
                bar={bar}
                at={index}
                count={bars.length}
                tallest={tallest}
                words={words}
              />
            ))}
          </svg>
          <div className="hours" aria-hidden="true">
            {bars.map((bar) => (
              <span key={bar.hour}>{bar.hour}</span>
            ))}
          </div>
          <HourTable bars={bars} words={words} />
        </figure>
      )}
    </section>
  );
}

interface BarProps {
  readonly bar: HourBar;
  readonly at: number;
  readonly count: number;
  readonly tallest: number;
  readonly words: Words;
}

function Bar({ bar, at, count, tallest, words }: BarProps): ReactNode {
  const step = size.width / count;
  const x = at * step + size.gap / 2;
  const width = step - size.gap;
  const { scan, cash } = barHeights(bar, { tallest, height: size.height });
  const top = size.height - scan - cash;
  return (
    <g>
      <title>{words.today.byHourText(bar.hour, yuan(bar.scanFen), yuan(bar.cashFen))}</title>
      <path className="bar-cash" d={roundedTop({ x, y: top, width, height: cash })} />
      <path
        className="bar-scan"
        d={
          cash > 0
            ? `M${x} ${size.height}v${-scan}h${width}v${scan}z`
            : roundedTop({ x, y: top, width, height: scan })
        }
      />
    </g>
  );
}

function roundedTop({
  x,
  y,
  width,
  height,
}: {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}): string {
  if (height <= 0) return '';
  const corner = Math.min(size.corner, height);
  return (
    `M${x} ${y + height}v${corner - height}q0 ${-corner} ${corner} ${-corner}` +
    `h${width - 2 * corner}q${corner} 0 ${corner} ${corner}v${height - corner}z`
  );
}

function HourTable({
  bars,
  words,
}: {
  readonly bars: readonly HourBar[];
  readonly words: Words;
}): ReactNode {
  return (
    <ul className="only-read">
      {bars
        .filter((bar) => bar.scanFen + bar.cashFen > 0)
        .map((bar) => (
          <li key={bar.hour}>
            {words.today.byHourText(bar.hour, yuan(bar.scanFen), yuan(bar.cashFen))}
          </li>
        ))}
    </ul>
  );
}
