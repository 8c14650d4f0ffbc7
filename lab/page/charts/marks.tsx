import type { ReactNode } from 'react';
import { linePath, xOf, yOf, type Plot, type Scale } from './scale.ts';

interface Place {
  readonly plot: Plot;
  readonly scale: Scale;
}

/** A line, and softly filled the room between it and zero. */
export function Line({
  values,
  tone,
  filled = false,
  plot,
  scale,
}: Place & {
  readonly values: readonly number[];
  readonly tone: 'green' | 'red';
  readonly filled?: boolean;
}): ReactNode {
  const path = linePath(values, { plot, scale });
  const zero = yOf(plot, scale, 0);
  const last = xOf(plot, values.length - 1, values.length);
  return (
    <g>
      {filled && (
        <path className={`area-${tone}`} d={`${path}L${last} ${zero}L${plot.left} ${zero}Z`} />
      )}
      <path className={`line-${tone}`} d={path} />
    </g>
  );
}

/** The part of a line that lies below zero, filled: money that is owed and not there. */
export function Hole({
  values,
  plot,
  scale,
}: Place & { readonly values: readonly number[] }): ReactNode {
  const below = values.map((value) => Math.min(0, value));
  if (below.every((value) => value === 0)) return undefined;
  const zero = yOf(plot, scale, 0);
  const last = xOf(plot, values.length - 1, values.length);
  const path = linePath(below, { plot, scale });
  return <path className="hole" d={`${path}L${last} ${zero}L${plot.left} ${zero}Z`} />;
}

/** A level line across the plot, with its name at the left end, where lines lie low. */
export function Level({
  value,
  label,
  plot,
  scale,
}: Place & { readonly value: number; readonly label: string }): ReactNode {
  if (value > scale.high || value < scale.low) return undefined;
  const y = yOf(plot, scale, value);
  return (
    <g>
      <line className="level" x1={plot.left} x2={plot.left + plot.width} y1={y} y2={y} />
      <text className="level-text" x={plot.left + 8} y={y + 17}>
        {label}
      </text>
    </g>
  );
}

/** One bar per month with a window. */
export function Bars({
  values,
  plot,
  scale,
}: Place & { readonly values: readonly number[] }): ReactNode {
  const width = barWidth(plot, values.length);
  const zero = yOf(plot, scale, 0);
  return values.map((value, index) => {
    if (value <= 0) return undefined;
    const y = yOf(plot, scale, value);
    const x = xOf(plot, index, values.length) - width / 2;
    // oxlint-disable-next-line react/no-array-index-key -- a month is its place
    return <rect key={index} className="bar" x={x} y={y} width={width} height={zero - y} rx={2} />;
  });
}

/** Filled where the gate was open, hollow where it was shut. */
export function GateStrip({
  open,
  plot,
  topPx,
}: {
  readonly open: readonly boolean[];
  readonly plot: Plot;
  readonly topPx: number;
}): ReactNode {
  const width = barWidth(plot, open.length);
  return open.map((isOpen, index) => (
    <rect
      // oxlint-disable-next-line react/no-array-index-key -- a month is its place
      key={index}
      className={isOpen ? 'gate-open' : 'gate-shut'}
      x={xOf(plot, index, open.length) - width / 2}
      y={topPx}
      width={width}
      height={12}
      rx={2}
    />
  ));
}

const barWidth = (plot: Plot, count: number): number =>
  Math.max(2, (plot.width / Math.max(1, count - 1)) * 0.72);
