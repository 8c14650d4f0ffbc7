import { difference, orderIdOf, type Paid } from './compare-books.ts';
import type { CloudOrder, Evidence } from './evidence.ts';
import { groupBy } from './group-by.ts';

/**
 * The box took each sale's money once at most; and every sale of its books is paid on the till, written down in the
 * journal under the box's number, and in the cloud; and nothing else is.
 */
export const boxBooksAgree = ({
  boxBooks,
  tillOrders,
  cloudOrders,
  journal,
}: Evidence): readonly string[] => {
  const byOrder = groupBy(boxBooks, (line) => orderIdOf(line.merchantOrderNo));
  const vouchers = new Map(tillOrders.map((order) => [order.orderId, order.voucherFen]));
  const paidAtBox = (orders: readonly CloudOrder[]): Paid =>
    orders
      .filter((order) => order.state === 'pos-paid')
      .map(({ orderId, amountFen }) => [orderId, amountFen - (vouchers.get(orderId) ?? 0)]);
  const booked: Paid = [...byOrder].map(([orderId, lines]) => [orderId, lines[0]?.amountFen]);
  const [till, cloud] = [paidAtBox(tillOrders), paidAtBox(cloudOrders)];
  const said = boxBooks.map((line) => `${line.merchantOrderNo} ${line.boxRef} ${line.amountFen}`);
  const written = journal.flatMap(({ entries }) =>
    entries.filter((entry) => entry.type === 'pos.paid').map(({ body }) => paidText(body)),
  );
  return [
    ...[...byOrder]
      .filter(([, lines]) => lines.length > 1)
      .map(([orderId, lines]) => `${orderId} was charged ${lines.length} times at the box`),
    ...difference({ left: booked, right: till, says: 'charged by the box, not on the till' }),
    ...difference({ left: till, right: booked, says: 'paid on the till, not at the box' }),
    ...difference({ left: booked, right: cloud, says: 'charged by the box, not in the cloud' }),
    ...difference({ left: cloud, right: booked, says: 'paid in the cloud, not at the box' }),
    ...unequalTimes(said, written).map((text) => `box and journal differ in ${text}`),
  ];
};

/** An attempt as {@link BoxLine} has it, out of a `pos.paid`. */
function paidText(body: string): string {
  const { orderId, attempt, boxRef, amountFen } = JSON.parse(body) as {
    orderId: string;
    attempt: number;
    boxRef: string;
    amountFen: number;
  };
  const merchantOrderNo = orderId.slice('ord_'.length) + String(attempt).padStart(2, '0');
  return `${merchantOrderNo} ${boxRef} ${amountFen}`;
}

/** What does not stand exactly once on both sides. */
const unequalTimes = (left: readonly string[], right: readonly string[]): readonly string[] =>
  [...new Set([...left, ...right])].filter(
    (text) => timesIn(left, text) !== 1 || timesIn(right, text) !== 1,
  );

const timesIn = (texts: readonly string[], text: string): number =>
  texts.filter((each) => each === text).length;
