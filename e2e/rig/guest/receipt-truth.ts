import type { PrintedReceipt } from '#drivers/simulator/paper/paper.ts';
import type { TillBench } from '#terminal/agent/testing/till-bench.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';
import { expect, until } from './checks.ts';

const settleMsMax = 25_000;
const readyMsMax = 30_000;
const probeMsMax = 8_000;
const copyMark = /补打|作废/;

/**
 * Waits until these devices are there, and a little for the printer to be probed: on a machine so
 * slow that the probe gets no answer in time the till rightly claims no more than 已送出, and the
 * laws below hold all the same.
 */
export async function devicesReady(
  bench: TillBench,
  roles: readonly DeviceView['role'][],
): Promise<void> {
  const views = async () => (await bench.status()).devices;
  for (const role of roles) {
    const isThere = (view: DeviceView): boolean => view.role === role && view.state === 'online';
    await until(`${role} online`, async () => (await views()).some(isThere), readyMsMax);
  }
  await until('probe', async () => (await views()).some(isProbed), probeMsMax).catch(() => null);
}

const isProbed = ({ confidence = 1 }: DeviceView): boolean => confidence > 1;

/** Waits until the receipt on screen is at its end, whatever that is. */
export async function receiptSettled(bench: TillBench): Promise<string> {
  return until(
    'the receipt at its end',
    async () => {
      const { screen } = await bench.till();
      return 'receipt' in screen && screen.receipt !== 'queued' && screen.receipt;
    },
    settleMsMax,
  );
}

/** The receipts that a customer would take for the original one of this order: whole, cut and not marked. */
export const originalsOf = (receipts: readonly PrintedReceipt[], orderId: string): number =>
  receipts.filter(({ lines, cut }) => {
    // On narrow paper a long number goes over two lines.
    const letters = lines.join('').replaceAll(/\s/g, '');
    return cut && letters.includes(orderId) && letters.includes('电话') && !copyMark.test(letters);
  }).length;

/**
 * The law of paper: what the till says agrees with what lies there. Said to be out: exactly one unmarked receipt. In
 * doubt: at most one, and the cashier is told.
 */
export async function expectTruth(
  bench: TillBench,
  said: string,
  paper: { readonly receipts: readonly PrintedReceipt[]; readonly orderId: string },
): Promise<string> {
  const originals = originalsOf(paper.receipts, paper.orderId);
  if (said !== 'unknown') {
    expect(originals === 1, `${said}: exactly one unmarked receipt`, paper.receipts);
    return `${said}, one receipt`;
  }
  expect(originals <= 1, 'in doubt: never two unmarked receipts', paper.receipts);
  const answer = await bench.ask('exceptions.list', {});
  const told = 'rows' in answer && answer.rows.some(({ orderId }) => orderId === paper.orderId);
  expect(told, 'in doubt: the cashier is told', answer);
  return `in doubt and told, ${originals} receipt`;
}
