import { formatYuan } from '#shared/money/format-yuan.ts';
import { fen } from '#shared/money/fen.ts';
import type { Stage } from '../stage/stage.ts';
import type { TillClient } from '../stage/till-client.ts';

export interface TourDeps {
  readonly stage: Stage;
  readonly say: (text: string) => void;
  /** Milliseconds between steps, so that people can follow; 0 in tests. */
  readonly paceMs: number;
}

export interface Tour extends TourDeps {
  readonly till: TillClient;
  readonly phone: string;
}

/** Plays, checks, and answers what to look at. */
export type Step = readonly [title: string, play: (tour: Tour) => Promise<string>];

export const yuan = (amountFen: number): string => `¥${formatYuan(fen(amountFen))}`;

/** Amount on the keypad, code under the scanner: law 1 of the screens. */
export async function scan(tour: Tour, amountFen: number, code: string): Promise<void> {
  await tour.till.must('till.setAmount', { amountFen });
  tour.stage.bench.scanner.scan(code);
}

export const printed = (tour: Tour): readonly string[] =>
  tour.stage.bench.printer.receipts().map((receipt) => receipt.lines.join('\n'));
