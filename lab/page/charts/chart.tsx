import { useLayoutEffect, useRef, useState, type PointerEvent, type ReactNode } from 'react';
import { indexAt, xOf, yOf, type Plot, type Scale } from './scale.ts';

/** What every chart of the page has: a title, the figures of the month that is read, an axis, and the cursor. */
export interface ChartProps {
  readonly title: string;
  readonly note: string;
  /** The picture in words, for those who do not see it. */
  readonly said: string;
  readonly readings: readonly Reading[];
  readonly scale: Scale;
  readonly tick: (value: number) => string;
  readonly count: number;
  readonly cursor: number;
  readonly onCursor: (index: number) => void;
  /** Room under the plot for a strip. */
  readonly footPx?: number;
  readonly children: (plot: Plot) => ReactNode;
}

export interface Reading {
  readonly label: string;
  readonly text: string;
  readonly tone: 'green' | 'red' | 'soft';
}

const axisPx = 52;
const monthsPx = 24;
const edgePx = 8;

export function Chart(props: ChartProps): ReactNode {
  const { box, size } = useSize();
  const plot: Plot = {
    left: axisPx,
    top: edgePx,
    width: Math.max(1, size.width - axisPx - edgePx),
    height: Math.max(1, size.height - edgePx - monthsPx - (props.footPx ?? 0)),
  };
  const follow = (event: PointerEvent<SVGSVGElement>): void => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    props.onCursor(indexAt(plot, x, props.count));
  };
  return (
    <section className="card chart">
      <header className="chart-head">
        <h2>
          {props.title} <span className="chart-note">{props.note}</span>
        </h2>
        <p className="readings">
          {props.readings.map(({ label, text, tone }) => (
            <span key={label} className={`reading reading-${tone}`}>
              {label} <b>{text}</b>
            </span>
          ))}
        </p>
      </header>
      <div className="chart-box" ref={box}>
        {size.width > 0 && (
          <svg
            width={size.width}
            height={size.height}
            role="img"
            aria-label={props.said}
            onPointerMove={follow}
            onPointerDown={follow}
          >
            <Axis {...props} plot={plot} />
            {props.children(plot)}
            <line
              className="cursor"
              x1={xOf(plot, props.cursor, props.count)}
              x2={xOf(plot, props.cursor, props.count)}
              y1={plot.top}
              y2={plot.top + plot.height + (props.footPx ?? 0)}
            />
          </svg>
        )}
      </div>
    </section>
  );
}

function Axis({ scale, tick, plot, count, footPx = 0 }: ChartProps & { plot: Plot }): ReactNode {
  const bottom = plot.top + plot.height + footPx;
  return (
    <g aria-hidden="true">
      {scale.ticks.map((value) => (
        <g key={value}>
          <line
            className={Math.abs(value) < 1e-9 ? 'axis-zero' : 'axis-line'}
            x1={plot.left}
            x2={plot.left + plot.width}
            y1={yOf(plot, scale, value)}
            y2={yOf(plot, scale, value)}
          />
          <text
            className="axis-text"
            x={plot.left - 8}
            y={yOf(plot, scale, value) + 5}
            textAnchor="end"
          >
            {tick(value)}
          </text>
        </g>
      ))}
      {monthMarks(count).map((month) => (
        <text
          key={month}
          className="axis-text"
          x={xOf(plot, month - 1, count)}
          y={bottom + monthsPx - 6}
          textAnchor={month === count ? 'end' : 'middle'}
        >
          {month}
        </text>
      ))}
    </g>
  );
}

/** The ends of years; the last month only where it has room. */
function monthMarks(count: number): readonly number[] {
  const years = Array.from({ length: Math.floor(count / 12) }, (_, index) => (index + 1) * 12);
  return [1, ...years];
}

function useSize() {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const watcher = new ResizeObserver(([entry]) => {
      if (!entry) return;
      setSize({
        width: Math.floor(entry.contentRect.width),
        height: Math.floor(entry.contentRect.height),
      });
    });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return { box, size };
}
