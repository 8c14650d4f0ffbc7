import { strict as expect } from 'node:assert';
import { errorCatalogue, type ErrorCode } from '#shared/errors/catalogue.ts';
import { poll } from '../stage/till-client.ts';
import { printed, yuan, type Step, type Tour } from './tour-step.ts';

const scannedFen = 4_200;
const cardFen = 1_560;

/** The network is off: the box takes the customer's payment by a mobile line of its own. */
export const atBox: Step = [
  `刷卡盒子 ${yuan(scannedFen)} offline: the box has a mobile line of its own`,
  async (tour) => {
    const { till, stage } = tour;
    const { box, display } = stage.bench;
    await toBox(tour, scannedFen);
    await till.screen('box-waiting');
    await poll(
      () => Promise.resolve(box.screen()),
      (screen) => screen.type === 'waiting' && screen.amountFen === scannedFen,
      'the box to ask for the money',
    );
    box.customerPays('scan');
    const paid = await till.screen('box-paid');
    expect.equal(paid.amountFen, scannedFen);
    await poll(
      () => Promise.resolve(printed(tour).at(-1) ?? ''),
      (paper) => paper.includes('刷卡盒子') && paper.includes(paid.boxRef),
      'the receipt with the number of the box',
    );
    await poll(
      () => Promise.resolve(display.text()),
      (text) => text === '42.00' && display.lamps().includes('collect'),
      'the customer display',
    );
    return (
      `收款成功 on the box’s word, number ${paid.boxRef}; the receipt is out, the customer display says 收款 42.00.\n` +
      'No line to the cloud was needed: the sale waits in the journal.'
    );
  },
];

/** The worst moment to lose the box: it has the sale, and nobody knows whether it was paid. */
export const boxCablePulled: Step = [
  `刷卡盒子 ${yuan(cardFen)}: its cable is pulled while the customer pays`,
  async (tour) => {
    const { till, stage } = tour;
    const { box } = stage.bench;
    await till.must('till.dismiss', {});
    await toBox(tour, cardFen);
    await poll(
      () => till.state(),
      ({ screen }) => screen.type === 'box-waiting' && screen.acknowledged === true,
      'the box to acknowledge the sale',
    );
    await stage.counter.turn({ name: 'box-cable', on: false });
    box.customerPays('card');
    const { screen } = await poll(
      () => till.state(),
      (seen) => seen.screen.type === 'box-waiting' && seen.screen.phase === 'unknown',
      'the till to say that nobody knows',
    );
    const why = screen.type === 'box-waiting' ? (screen.code ?? '') : '';
    const again = await till.api.call('till.payBox', {});
    expect.equal(again.ok, false, 'no second sale while one is in doubt');
    await stage.counter.turn({ name: 'box-cable', on: true });
    const paid = await till.screen('box-paid');
    expect.equal(paid.amountFen, cardFen);
    expect.equal(box.books().filter((entry) => entry.amountFen === cardFen).length, 1);
    const words = errorCatalogue[why as ErrorCode]?.zh ?? '还不知道盒子收到没有';
    return (
      `Amber, 结果不明: ${words}\n` +
      `The cable is back; the till asked, sold nothing again, and knows: paid by card, number ${paid.boxRef}, charged once.`
    );
  },
];

/** After the network is back: each sale of the box stands in the cloud once. */
export async function isOnceInCloud({ stage }: Tour): Promise<boolean> {
  const { rows } = await stage.database.pool.query<{ amountFen: number; state: string }>(
    `select amount_fen as "amountFen", state from customer_order
      where merchant_id = $1 and amount_fen = any($2) order by amount_fen desc`,
    [stage.shop.merchantId, [scannedFen, cardFen]],
  );
  const found = rows.map((row) => `${row.amountFen} ${row.state}`).join();
  return found === `${scannedFen} pos-paid,${cardFen} pos-paid`;
}

/** The box key, once the box stands ready: it has to shake hands after every start. */
async function toBox({ till }: Tour, amountFen: number): Promise<void> {
  await till.must('till.setAmount', { amountFen });
  await poll(
    () => till.api.call('till.payBox', {}),
    (answer) => answer.ok,
    'the box to take the sale',
  );
}
