import { afterEach, describe, expect, test } from 'vitest';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

async function sellCash({ ask, screen }: TillBench, amountFen: number): Promise<void> {
  await ask('till.setAmount', { amountFen });
  await ask('till.payCash', { tenderedFen: amountFen });
  await screen('cash');
}

/** By then everything that a sale sets going has come to rest. */
const refusedTries = 4;

const sent = async ({ until, status }: TillBench, withinMs?: number): Promise<void> =>
  until('all sent', async () => (await status()).unsentCount === 0, withinMs);

describe('uplink', () => {
  test.each(['500', '429', 'garbage', 'never', 'drop'] as const)(
    'a cloud that answers batches with %s delays them, loses none and doubles none',
    async (behaviour) => {
      const here = (bench = await openTillBench(fastWorld(10)));
      here.cloud.behave('journal', behaviour);
      await sellCash(here, 100);
      await sellCash(here, 200);
      expect((await here.status()).unsentCount).toBe(2);
      await here.until('it was tried', () =>
        here.cloud.requests.includes('POST /v1/journal/batches'),
      );
      here.cloud.behave('journal', 'ok');
      await sent(here, 15_000);
      expect(here.cloud.delivered().filter((type) => type === 'cash.recorded')).toHaveLength(2);
    },
  );

  test('a window that only listens hears that all is sent, however long after the sale that was', async () => {
    const here = (bench = await openTillBench(fastWorld(10)));
    await sent(here);
    const heard: number[] = [];
    let tries = 0;
    here.agent().api.subscribe((event) => {
      if (event.name === 'status.changed') heard.push(event.payload.unsentCount);
    });
    here.cloud.answerBatches(() => {
      tries += 1;
      return tries > refusedTries ? undefined : here.cloud.problem(500, 'internal-error');
    });
    await sellCash(here, 100);
    await here.until('the window says that it is not sent', () => heard.at(-1) === 1);
    await here.until('the window says that all is sent', () => heard.at(-1) === 0, 15_000);
  });

  test('a gap: the till goes back to where the cloud wants it and sends everything from there', async () => {
    const here = (bench = await openTillBench(fastWorld(10)));
    await sellCash(here, 100);
    await sent(here);
    let asked = false;
    here.cloud.answerBatches((batch) => {
      if (asked || batch.firstSeq === 1) return undefined;
      asked = true;
      return here.cloud.problem(409, 'journal-gap', { expectedSeq: 1 });
    });
    await sellCash(here, 200);
    await here.until('from the start', () =>
      here.cloud.batches.some((batch) => batch.firstSeq === 1 && batch.entries.length > 3),
    );
    await sent(here);
  });

  test('a fork: the cloud keeps the batch aside, a new epoch begins, sales go on, the owner sees it', async () => {
    const here = (bench = await openTillBench(fastWorld(10)));
    await here.until('the first entries', () => here.cloud.delivered().includes('caps.applied'));
    let epoch = '';
    here.cloud.answerBatches((batch) => {
      epoch ||= batch.epoch;
      return batch.epoch === epoch ? here.cloud.problem(409, 'journal-fork') : undefined;
    });
    await sellCash(here, 100);
    await here.until(
      'a new epoch',
      () => epoch !== '' && here.cloud.batches.some((batch) => batch.epoch !== epoch),
    );
    await sellCash(here, 200);
    await sent(here);
    expect(await here.ask('exceptions.list', {})).toMatchObject({
      rows: [{ code: 'journal-fork' }],
    });
  });

  test('a parked entry does not hold up the next, and stands in the exceptions list', async () => {
    const here = (bench = await openTillBench(fastWorld(10)));
    await sent(here);
    here.cloud.answerBatches((batch) => ({
      status: 200,
      body: {
        ackedThrough: batch.entries.at(-1)!.seq,
        headHash: batch.entries.at(-1)!.hash,
        verdicts: batch.entries.map(({ seq, type }) =>
          type === 'cash.recorded'
            ? { seq, verdict: 'parked', code: 'entry-type-unknown' }
            : { seq, verdict: 'accepted' },
        ),
      },
    }));
    await sellCash(here, 100);
    await sent(here);
    expect(await here.ask('exceptions.list', {})).toMatchObject({
      rows: [{ code: 'entry-type-unknown', orderId: expect.stringMatching(/^ord_/) }],
    });
  });

  test('new caps are pulled, verified and written into the journal', async () => {
    const here = (bench = await openTillBench(fastWorld(60)));
    here.cloud.newCaps({ perPaymentFen: 1_000 });
    await here.until('new caps', async () => (await here.status()).offline.perPaymentFen === 1_000);
    await here.until(
      'journaled twice',
      () => here.cloud.delivered().filter((type) => type === 'caps.applied').length === 2,
    );
    expect(here.cloud.heartbeats.length).toBeGreaterThan(0);
  });
});
