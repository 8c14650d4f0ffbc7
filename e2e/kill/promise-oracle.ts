import type { Evidence } from './evidence.ts';

const statesOf = { promised: ['promised', 'promise-kept'], kept: ['promise-kept'] } as const;

/**
 * Goods that left on trust stand once on the till, once in the cloud and once in the journal, and
 * end once at most; what the cashier was told of them stands; and no paper of them says that
 * anything was paid.
 */
export const promisesAreKept = ({
  sales,
  tillOrders,
  cloudOrders,
  journal,
  paper,
}: Evidence): readonly string[] => {
  const written = journal
    .flatMap(({ entries }) => entries)
    .filter(({ type }) => type.startsWith('offline.promise'))
    .map(({ type, body }) => ({ type, ...(JSON.parse(body) as { readonly orderId: string }) }));
  return sales
    .filter(({ tender }) => tender === 'promise')
    .flatMap(({ amountFen, told }) => {
      const here = tillOrders.filter((order) => order.amountFen === amountFen);
      const there = cloudOrders.filter((order) => order.amountFen === amountFen);
      const name = `the promise of ${amountFen} fen`;
      if (told !== 'promised' && told !== 'kept')
        return here.length + there.length === 0
          ? []
          : [`${name} was told ${told}, and is on the till or in the cloud`];
      const [order] = here;
      if (order === undefined || here.length + there.length !== 2)
        return [`${name} is on the till ${here.length} times, in the cloud ${there.length} times`];
      const allowed: readonly string[] = statesOf[told];
      const times = (type: string): number =>
        written.filter((entry) => entry.type === type && entry.orderId === order.orderId).length;
      const [given, ended] = [times('offline.promised'), times('offline.promise-kept')];
      const endedWanted = order.state === 'promise-kept' ? 1 : 0;
      const isCalledPaid = paper.some(
        (lines) =>
          lines.some((line) => line.includes(order.orderId)) &&
          lines.some((line) => line.includes('收款成功')),
      );
      return [
        ...(allowed.includes(order.state)
          ? []
          : [`${name} was told ${told} and is ${order.state}`]),
        ...(given === 1 && ended === endedWanted
          ? []
          : [`${name} was written ${given} times, and kept ${ended} times`]),
        ...(isCalledPaid ? [`a paper of ${name} says 收款成功`] : []),
      ];
    });
};
