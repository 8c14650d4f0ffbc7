import { afterEach, describe, expect, test } from 'vitest';
import { errorCatalogue, type ErrorCode } from '#shared/errors/catalogue.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const wechat = (last: number): string => `13000000000000${String(last).padStart(4, '0')}`;

async function sellCash({ ask, screen }: TillBench, amountFen: number): Promise<string> {
  await ask('till.setAmount', { amountFen });
  await ask('till.payCash', { tenderedFen: amountFen });
  return (await screen('cash')).orderId;
}

const problemIs = ({ until, status }: TillBench, code: string | undefined): Promise<void> =>
  until(`problem ${code}`, async () => (await status()).problem?.code === code, 15_000);
const sent = ({ until, status }: TillBench): Promise<void> =>
  until('all sent', async () => (await status()).unsentCount === 0, 15_000);
const exceptionCodes = async ({ ask }: TillBench): Promise<readonly string[]> => {
  const list = await ask('exceptions.list', {});
  return 'rows' in list ? list.rows.map((row) => row.code) : [];
};
const batchRequests = ({ cloud }: TillBench): number =>
  cloud.requests.filter((line) => line === 'POST /v1/journal/batches').length;

async function refuseEpoch(
  here: TillBench,
  [status, code]: readonly [number, ErrorCode] = [422, 'journal-chain-broken'],
): Promise<{ lost: string; kept: string }> {
  await sellCash(here, 100);
  await sent(here);
  const epoch = here.cloud.batches.at(-1)!.epoch;
  here.cloud.answerBatches((batch) =>
    batch.epoch === epoch ? here.cloud.problem(status, code) : undefined,
  );
  const lost = await sellCash(here, 200);
  await here.until('a new epoch', () => here.cloud.batches.some((one) => one.epoch !== epoch));
  const kept = await sellCash(here, 300);
  await here.until(
    'the next sale went up',
    () => JSON.stringify(here.cloud.batches).includes(kept),
    15_000,
  );
  return { lost, kept };
}

describe('a cloud that does not know this till', () => {
  test('401 signature-invalid: said in words, nothing charged, the queue kept, and all of it sent when it is over', async () => {
    const here = (bench = await openTillBench(fastWorld(20)));
    await sent(here);
    here.cloud.knowTerminal(false);
    await sellCash(here, 100);
    await problemIs(here, 'signature-invalid');
    expect(await exceptionCodes(here)).toContain('signature-invalid');
    expect((await here.status()).exceptionCount).toBe(1);
    expect(errorCatalogue['signature-invalid'].zh).toContain('激活');

    await here.ask('till.setAmount', { amountFen: 500 });
    await here.ask('till.scan', { text: wechat(1) });
    expect(await here.screen('not-paid')).toMatchObject({ code: 'signature-invalid' });
    await sellCash(here, 200);
    // The charge that was refused waits to be told; no money is in it.
    expect(await here.status()).toMatchObject({ unsentFen: 300 });

    here.cloud.knowTerminal(true);
    await problemIs(here, undefined);
    await sent(here);
    expect(here.cloud.delivered().filter((type) => type === 'cash.recorded')).toHaveLength(2);
    expect(await exceptionCodes(here)).toEqual([]);
  });

  test('refused batches are sent again slowly: new sales do not knock at the door', async () => {
    const here = (bench = await openTillBench());
    await here.until('the first entries', () => here.cloud.delivered().includes('caps.applied'));
    here.cloud.knowTerminal(false);
    const before = batchRequests(here);
    await sellCash(here, 100);
    await here.until('it knocked', () => batchRequests(here) === before + 1);
    await problemIs(here, 'signature-invalid');
    const knocks = batchRequests(here);
    for (const amountFen of [200, 300, 400]) await sellCash(here, amountFen);
    await new Promise((resolve) => {
      setTimeout(resolve, 1_500);
    });
    expect(batchRequests(here)).toBe(knocks);
    expect(await here.status()).toMatchObject({ unsentCount: 4, unsentFen: 1_000 });
  });

  test('the queue of a refused till outlives a restart', async () => {
    const here = (bench = await openTillBench());
    await sent(here);
    here.cloud.knowTerminal(false);
    await sellCash(here, 100);
    await problemIs(here, 'signature-invalid');
    await here.restart();
    await problemIs(here, 'signature-invalid');
    expect(await here.status()).toMatchObject({ unsentCount: 1, unsentFen: 100 });
  });

  test('a closed terminal says so, and what it sold is handed over and listed, not lost', async () => {
    const here = (bench = await openTillBench(fastWorld(20)));
    await sent(here);
    here.cloud.revokeTerminal(true);
    await problemIs(here, 'terminal-revoked');
    const orderId = await sellCash(here, 100);
    await sent(here);
    await problemIs(here, 'terminal-revoked');
    expect(await here.ask('exceptions.list', {})).toMatchObject({
      rows: expect.arrayContaining([
        expect.objectContaining({ orderId, code: 'terminal-revoked' }),
      ]),
    });
    expect(here.cloud.delivered()).toContain('cash.recorded');
    here.cloud.revokeTerminal(false);
    await problemIs(here, undefined);
  });
});

describe('settings that the cloud did not sign', () => {
  test('are refused and shown; the old ones stay in force; good ones end it', async () => {
    const here = (bench = await openTillBench(fastWorld(60)));
    here.cloud.forgeConfig(true);
    here.cloud.newCaps({ perPaymentFen: 999_900 });
    await problemIs(here, 'config-signature-invalid');
    expect(await exceptionCodes(here)).toEqual(['config-signature-invalid']);
    expect(await here.status()).toMatchObject({ offline: { perPaymentFen: 5_000 } });
    await sellCash(here, 100);
    here.cloud.forgeConfig(false);
    await problemIs(here, undefined);
    expect(await here.status()).toMatchObject({ offline: { perPaymentFen: 999_900 } });
    expect(await exceptionCodes(here)).toEqual([]);
  });
});

describe('settings of yesterday', () => {
  test('rightly signed and played again are refused: the newer ones stay in force', async () => {
    const here = (bench = await openTillBench(fastWorld(60)));
    const perPaymentFen = async () => (await here.status()).offline.perPaymentFen;
    here.cloud.newCaps({ perPaymentFen: 1_000 });
    await here.until('new caps', async () => (await perPaymentFen()) === 1_000);
    here.cloud.replayConfig(true);
    here.cloud.newCaps({ perPaymentFen: 2_000 });
    await problemIs(here, 'config-outdated');
    expect(await perPaymentFen()).toBe(1_000);
    here.cloud.replayConfig(false);
    await problemIs(here, undefined);
    expect(await perPaymentFen()).toBe(2_000);
  });
});

describe('422 journal-chain-broken', () => {
  test('what the cloud did not take stays counted and listed, and new sales go up under a new epoch', async () => {
    const here = (bench = await openTillBench(fastWorld(10)));
    const { lost, kept } = await refuseEpoch(here);
    await here.until('only the refused one is left', async () => {
      const { unsentCount } = await here.status();
      return unsentCount === 1;
    });
    expect(await here.status()).toMatchObject({ unsentCount: 1, unsentFen: 200 });
    expect(await here.ask('exceptions.list', {})).toMatchObject({
      rows: expect.arrayContaining([
        expect.objectContaining({ orderId: lost, code: 'journal-chain-broken', amountFen: 200 }),
      ]),
    });
    expect(await here.ask('orders.get', { orderId: lost })).toMatchObject({ synced: false });
    expect(await here.ask('orders.get', { orderId: kept })).toMatchObject({ synced: true });
    expect(await here.ask('today.get', {})).toMatchObject({ unsentCount: 1, cashFen: 600 });
    expect(JSON.stringify(here.cloud.batches)).not.toContain(lost);
  });

  test('a restart does not forget it', async () => {
    const here = (bench = await openTillBench(fastWorld(10)));
    const { lost } = await refuseEpoch(here);
    await here.restart();
    await here.until('only the refused one is left', async () => {
      const { unsentCount } = await here.status();
      return unsentCount === 1;
    });
    expect(await here.ask('orders.get', { orderId: lost })).toMatchObject({ synced: false });
    expect(await exceptionCodes(here)).toContain('journal-chain-broken');
  });
});

describe('409 journal-epoch-closed', () => {
  test('a till that goes on behind the end of its epoch lists what was not booked and sells on under a new one', async () => {
    const here = (bench = await openTillBench(fastWorld(10)));
    const { lost, kept } = await refuseEpoch(here, [409, 'journal-epoch-closed']);
    await here.until('only the refused one is left', async () => {
      const { unsentCount } = await here.status();
      return unsentCount === 1;
    });
    expect(await exceptionCodes(here)).toContain('journal-epoch-closed');
    expect(await here.ask('orders.get', { orderId: lost })).toMatchObject({ synced: false });
    expect(await here.ask('orders.get', { orderId: kept })).toMatchObject({ synced: true });
  });
});
