import type { BookLine } from '#cloud/channel-simulator/protocol.ts';
import { toldSuffix } from '../script/late-payers.ts';
import type { WorldEvidence } from './evidence.ts';

/** Money came to an order that the channel had called closed. */
export const isPaidLate = ({ closedAtMs, paidAtMs }: BookLine): boolean =>
  closedAtMs !== undefined && paidAtMs !== undefined;

/** Money that came late, of which the bill alone knows, and that stands among the exceptions with its sum. */
export const isNamedByBill = ({ billBreaks }: WorldEvidence, line: BookLine): boolean =>
  isPaidLate(line) &&
  billBreaks.some(
    ({ class: kind, subject, billFen, state }) =>
      kind === 'short-by-status' &&
      state === 'open' &&
      subject === line.outTradeNo &&
      billFen === line.amountFen,
  );

/**
 * Money that the channel took after it had called the order closed went back whole; where the channel told nobody, it
 * stands among the exceptions of its bill. No sale is made of it, and the bill finds nothing else to say.
 */
export function lateMoneyGoesBack(world: WorldEvidence): readonly string[] {
  const late = world.channelBooks.filter(isPaidLate);
  const isTold = ({ amountFen }: BookLine): boolean =>
    world.sales.some(
      (sale) =>
        sale.amountFen === amountFen && sale.codes.some((code) => code.endsWith(toldSuffix)),
    );
  const statusOf = new Map(world.attempts.map((one) => [one.outTradeNo, one.status]));
  const kept = late.flatMap((line) => {
    const status = statusOf.get(line.outTradeNo) ?? 'unknown to the cloud';
    const isBack = line.state === 'REFUND' && line.refundedFen === line.amountFen;
    if (isBack)
      return status === 'refunded-late' ? [] : [`${line.outTradeNo} went back and is ${status}`];
    if (isTold(line)) return [`${line.outTradeNo} was told of and is ${status}, not given back`];
    return status === 'reversed' && isNamedByBill(world, line)
      ? []
      : [`${line.outTradeNo} came late, is ${status}, and nobody was told`];
  });
  const unpaidLate = world.billBreaks.filter(
    ({ subject }) => !late.some((line) => line.outTradeNo === subject && line.state === 'SUCCESS'),
  );
  return [...kept, ...unpaidLate.map((one) => `the bill: ${JSON.stringify(one)}`)];
}
