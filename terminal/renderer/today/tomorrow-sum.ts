import { addFen, fen, type Fen } from '#shared/money/fen.ts';
import type { Today } from '#terminal/ipc/views.ts';

/** What arrives tomorrow: the goods' share of the day and the cash subsidy for vouchers. One sum on every screen. */
export const tomorrowFen = (tomorrow: NonNullable<Today['tomorrow']>): Fen =>
  addFen(fen(tomorrow.sameDayFen), fen(tomorrow.subsidyFen));
