import type { ReactNode } from 'react';
import { decimal, percent } from '../numbers.ts';
import type { Picture } from '../picture.ts';
import type { LabWords } from '../words.ts';
import { Chart } from './chart.tsx';
import { Bars, GateStrip, Hole, Level, Line } from './marks.tsx';
import { scaleOf } from './scale.ts';

export interface ChartsProps {
  readonly words: LabWords;
  readonly funded: Picture;
  readonly literal: Picture;
  /** Fraction: kappa. */
  readonly floor: number;
  readonly cursor: number;
  readonly onCursor: (index: number) => void;
}

export function Charts(props: ChartsProps): ReactNode {
  return (
    <div className="charts">
      <MoneyChart {...props} />
      <CoverageChart {...props} />
      <MultChart {...props} />
      <ValueChart {...props} />
    </div>
  );
}

function MoneyChart({ words, funded, literal, cursor, onCursor }: ChartsProps): ReactNode {
  const scale = scaleOf([...funded.fund, ...literal.cash]);
  const lowest = Math.min(...literal.cash);
  return (
    <Chart
      title={words.charts.money}
      note={words.chartNotes.money}
      said={`${words.charts.money}. ${words.fund}: ${percent(funded.fund.at(-1)!)}. ${words.cash}: ${percent(lowest)}.`}
      readings={[
        { label: words.fund, text: percent(funded.fund[cursor]!), tone: 'green' },
        { label: words.cash, text: percent(literal.cash[cursor]!), tone: 'red' },
      ]}
      scale={scale}
      tick={percent}
      count={funded.fund.length}
      cursor={cursor}
      onCursor={onCursor}
    >
      {(plot) => (
        <>
          <Line values={funded.fund} tone="green" filled plot={plot} scale={scale} />
          <Hole values={literal.cash} plot={plot} scale={scale} />
          <Line values={literal.cash} tone="red" plot={plot} scale={scale} />
        </>
      )}
    </Chart>
  );
}

function CoverageChart({ words, funded, floor, cursor, onCursor }: ChartsProps): ReactNode {
  const scale = scaleOf([...funded.coverage, floor]);
  return (
    <Chart
      title={words.charts.coverage}
      note={words.chartNotes.coverage}
      said={`${words.charts.coverage}: ${decimal(funded.coverage.at(-1)!, 2)}, ${words.floor} ${decimal(floor, 2)}.`}
      readings={[
        { label: words.funded, text: decimal(funded.coverage[cursor]!, 2), tone: 'green' },
      ]}
      scale={scale}
      tick={(value) => decimal(value, 1)}
      count={funded.coverage.length}
      cursor={cursor}
      onCursor={onCursor}
    >
      {(plot) => (
        <>
          <Line values={funded.coverage} tone="green" filled plot={plot} scale={scale} />
          <Level
            value={floor}
            label={`${words.floor} ${decimal(floor, 2)}`}
            plot={plot}
            scale={scale}
          />
        </>
      )}
    </Chart>
  );
}

const stripPx = 26;

function MultChart({ words, funded, cursor, onCursor }: ChartsProps): ReactNode {
  const scale = scaleOf([...funded.mult, 1]);
  const months = funded.open.filter(Boolean).length;
  return (
    <Chart
      title={words.charts.mult}
      note={words.chartNotes.mult}
      said={`${words.charts.mult}. ${words.gateStrip}: ${months}.`}
      readings={[
        {
          label: words.gateStrip,
          text: funded.open[cursor] ? decimal(funded.mult[cursor]!, 2) : words.closed,
          tone: funded.open[cursor] ? 'green' : 'soft',
        },
      ]}
      scale={scale}
      tick={(value) => decimal(value, 1)}
      count={funded.mult.length}
      cursor={cursor}
      onCursor={onCursor}
      footPx={stripPx}
    >
      {(plot) => (
        <>
          <Bars values={funded.mult} plot={plot} scale={scale} />
          <GateStrip open={funded.open} plot={plot} topPx={plot.top + plot.height + 9} />
        </>
      )}
    </Chart>
  );
}

function ValueChart({ words, funded, literal, cursor, onCursor }: ChartsProps): ReactNode {
  const scale = scaleOf([...funded.value, ...literal.value, 1]);
  return (
    <Chart
      title={words.charts.value}
      note={words.chartNotes.value}
      said={`${words.charts.value}. ${words.funded}: ${decimal(funded.value.at(-1)!, 2)}. ${words.literal}: ${decimal(literal.value.at(-1)!, 2)}.`}
      readings={[
        { label: words.funded, text: decimal(funded.value[cursor]!, 2), tone: 'green' },
        { label: words.literal, text: decimal(literal.value[cursor]!, 2), tone: 'red' },
      ]}
      scale={scale}
      tick={(value) => decimal(value, 1)}
      count={funded.value.length}
      cursor={cursor}
      onCursor={onCursor}
    >
      {(plot) => (
        <>
          <Level value={1} label={words.oneYuan} plot={plot} scale={scale} />
          <Line values={literal.value} tone="red" plot={plot} scale={scale} />
          <Line values={funded.value} tone="green" filled plot={plot} scale={scale} />
        </>
      )}
    </Chart>
  );
}
