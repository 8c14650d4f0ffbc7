import { strict as expect } from 'node:assert';
import { poll } from '../stage/till-client.ts';
import { printed, yuan, type Step, type Tour } from './tour-step.ts';

const amountFen = 2_200;
const who = '王阿姨';
/** The owner's PIN of the demo's till, unless somebody set another one. */
const pin = '730291';

/** The network is off: a neighbour takes the goods and pays later. */
export const onTrust: Step = [
  `赊账 ${yuan(amountFen)} offline: the owner approves it with his PIN (${pin} in this demo)`,
  async (tour) => {
    const { till } = tour;
    const before = await till.must('today.get', {});
    await setPin(tour);
    await till.must('till.setAmount', { amountFen });
    const { approvalId } = await till.must('owner.approve', { pin, action: 'till.payPromise' });
    await till.must('till.payPromise', { kind: 'iou', who, approvalId });
    const promised = await till.screen('promised');
    const paper = await poll(
      () => Promise.resolve(printed(tour).find((text) => text.includes(promised.orderId)) ?? ''),
      (text) => text !== '',
      'the slip to sign',
    );
    expect.ok(paper.includes('未收款') && !paper.includes('收款成功'), paper);
    const { turnoverFen, promises } = await till.must('today.get', {});
    expect.equal(turnoverFen, before.turnoverFen, 'a promise is no payment');
    return (
      `Amber, 赊账（未收款）: ${who} signs the slip. The day’s turnover knows nothing of it; ` +
      `${promises.openCount} open, ${yuan(promises.iouFen)}.`
    );
  },
];

/** The network is back, and so is she. */
export const trustKept: Step = [
  `${who} pays her ${yuan(amountFen)} in cash`,
  async ({ till, stage }) => {
    const { rows } = await till.must('orders.list', { limit: 50, state: 'promised' });
    const order = rows.find((row) => row.amountFen === amountFen);
    expect.ok(order, 'the promise is in the list');
    const kicks = stage.bench.printer.drawerKickCount();
    await till.must('orders.keepPromise', { orderId: order.orderId, how: 'cash' });
    const again = await till.api.call('orders.keepPromise', {
      orderId: order.orderId,
      how: 'cash',
    });
    expect.equal(again.ok, false, 'it ends once');
    await poll(
      () => Promise.resolve(stage.bench.printer.drawerKickCount()),
      (count) => count > kicks,
      'the drawer',
    );
    const { promises } = await till.must('today.get', {});
    expect.equal(promises.keptCashFen, amountFen);
    return 'The drawer opened; the money stands on a line of its own on the day on which it came. It ends once.';
  },
];

async function setPin({ till }: Tour): Promise<void> {
  const set = await till.api.call('owner.setPin', { newPin: pin });
  if (!set.ok) expect.equal(set.error.code, 'owner-pin-missing', 'a PIN of an earlier tour');
}
