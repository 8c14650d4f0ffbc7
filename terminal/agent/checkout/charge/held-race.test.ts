import { afterEach, expect, test } from 'vitest';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

/** The answer to a reservation is on its way for as long as `hold` says. */
function slowReservations() {
  let gate: Promise<void> | undefined;
  let open: (() => void) | undefined;
  return {
    hold: () => {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    release: () => open?.(),
    fetch: (async (input, init) => {
      const url = input instanceof Request ? input.url : input.toString();
      if (gate !== undefined && url.includes('reservation')) await gate;
      return fetch(input, init);
    }) as typeof fetch,
  };
}

test('the line comes back while vouchers are set aside for cash: the code that waited is charged, and cash is not taken as well', async () => {
  const slow = slowReservations();
  const here = (bench = await openTillBench({ fetch: slow.fetch }));
  const { ask, cloud, until, status, screen } = here;
  await ask('till.setAmount', { amountFen: 2_000 });
  await ask('till.attachMember', { phone: '13800000001' });
  await ask('till.useVoucher', { use: false });
  await cloud.goDown();
  await until('the outage is seen', async () => !(await status()).online);
  await ask('till.scan', { text: '130000000000000001' });
  await screen('held');
  await ask('till.useVoucher', { use: true });
  slow.hold();
  const cash = ask('till.payCash', { tenderedFen: 2_000 });
  await cloud.comeBack();
  await screen('paid');
  slow.release();
  expect(await cash).toEqual({ refused: 'result-not-known' });
  expect(cloud.bodies).toHaveLength(1);
  expect(await ask('today.get', {})).toMatchObject({ settledFen: 2_000, turnoverFen: 2_000 });
});
