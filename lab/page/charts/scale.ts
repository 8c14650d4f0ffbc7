/** The plot's place inside a chart, in px of the screen. */
export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Scale {
  readonly low: number;
  readonly high: number;
  /** Where the axis has a line and a figure. */
  readonly ticks: readonly number[];
}

const ticksWanted = 4;
/** A line that never moves still needs room. */
const spanMin = 0.05;

/** Round ends and steps of 1, 2 or 5 around all values; zero is always in it. */
export function scaleOf(values: readonly number[]): Scale {
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const step = niceStep(Math.max(most - least, spanMin) / ticksWanted);
  const [first, last] = [Math.floor(least / step + 1e-9), Math.ceil(most / step - 1e-9)];
  const count = Math.max(1, last - first);
  // Multiplied, not added up: 0.1 + 0.2 would not be 0.3.
  const ticks = Array.from({ length: count + 1 }, (_, index) => (first + index) * step);
  return { low: ticks[0]!, high: ticks.at(-1)!, ticks };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}

export const xOf = (plot: Plot, index: number, count: number): number =>
  plot.left + (count <= 1 ? 0 : (index / (count - 1)) * plot.width);

export const yOf = (plot: Plot, scale: Scale, value: number): number =>
  plot.top + ((scale.high - value) / (scale.high - scale.low)) * plot.height;

/** The month that is nearest to a place on the screen. */
export const indexAt = (plot: Plot, x: number, count: number): number =>
  Math.min(count - 1, Math.max(0, Math.round(((x - plot.left) / plot.width) * (count - 1))));

/** The path of a line through all values. */
export const linePath = (
  values: readonly number[],
  to: { readonly plot: Plot; readonly scale: Scale },
): string =>
  values
    .map((value, index) => {
      const x = xOf(to.plot, index, values.length).toString();
      const y = yOf(to.plot, to.scale, value).toString();
      return `${index === 0 ? 'M' : 'L'}${x} ${y}`;
    })
    .join('');
