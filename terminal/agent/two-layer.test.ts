import { afterEach, describe, expect, test } from 'vitest';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { judgeOffline, type JudgeDeps } from '#terminal/agent/checkout/offline-room.ts';
import { setMeta } from '#terminal/agent/journal/meta.ts';
import { dumpProjections } from '#terminal/agent/journal/projections.ts';
import { rebuildProjections } from '#terminal/agent/journal/rebuild.ts';
import { createScriptedPlatform } from '#terminal/agent/testing/scripted-platform.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import { fen } from '#shared/money/fen.ts';
import { openedFact, orderIdOf } from '#terminal/agent/testing/facts.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

async function cutLine({ cloud, until, status }: TillBench): Promise<void> {
  await cloud.goDown();
  await until('the outage is seen', async () => !(await status()).online);
}

async function scan(at: TillBench, code: string, amountFen = 100): Promise<string | undefined> {
  await at.ask('till.setAmount', { amountFen });
  await at.ask('till.scan', { text: code });
  return (await at.till()).notice?.code;
}

describe('a code of two layers at the till', () => {
  test('pays as 离线记账, journaled with the time it was judged by', async () => {
    const at = (bench = await openTillBench());
    // The cloud's time is believed with the first signature that it took.
    await at.until('a heartbeat', () => at.cloud.heartbeats.length > 0);
    await cutLine(at);
    const code = at.cloud.twoLayerCode(1, { counter: 7 });
    await at.ask('till.setAmount', { amountFen: 4_000 });
    await at.ask('till.scan', { text: code });
    await at.screen('offline-accepted');
    await at.cloud.comeBack();
    await at.until('delivered', () => at.cloud.delivered().includes('offline.accepted'));
    const entries = at.cloud.batches.flatMap(({ entries: some }) => some);
    const { body } = entries.find(({ type }) => type === 'offline.accepted')!;
    const { code: kept, trustedAtMs } = JSON.parse(body) as { code: string; trustedAtMs: number };
    expect(kept).toBe(code);
    expect(Math.abs(trustedAtMs - Date.now())).toBeLessThan(60_000);
  });

  test('judged by this computer’s clock alone, after a start without the line, it claims no trusted time', async () => {
    const at = (bench = await openTillBench());
    await cutLine(at);
    await at.restart();
    expect(await scan(at, at.cloud.twoLayerCode(1, { counter: 7 }))).toBeUndefined();
    await at.screen('offline-accepted');
    await at.cloud.comeBack();
    await at.until('delivered', () => at.cloud.delivered().includes('offline.accepted'));
    const entries = at.cloud.batches.flatMap(({ entries: some }) => some);
    const { body } = entries.find(({ type }) => type === 'offline.accepted')!;
    expect(JSON.parse(body)).not.toHaveProperty('trustedAtMs');
  });

  test('is taken once, and never after a later one, also after the till was started anew', async () => {
    const at = (bench = await openTillBench());
    // After a restart offline only half of it is given.
    at.cloud.newCaps({ perPaymentFen: 4_000, perMemberCount: 6 });
    const { until, status } = at;
    await until('new caps', async () => (await status()).offline.perMemberCount === 6);
    await cutLine(at);
    const code = at.cloud.twoLayerCode(2, { counter: 7 });
    await scan(at, code);
    await at.screen('offline-accepted');
    expect(await scan(at, code)).toBe('member-code-used');
    await at.restart();
    expect(await scan(at, code)).toBe('member-code-used');
    expect(await scan(at, at.cloud.twoLayerCode(2, { counter: 6 }))).toBe('member-code-used');
    await scan(at, at.cloud.twoLayerCode(2, { counter: 8 }));
    await at.screen('offline-accepted');
  });

  test.each([
    ['signed by another phone', { counter: 1, isForged: true }, 'member-code-forged'],
    ['shown two minutes ago', { counter: 1, aheadMs: -120_000 }, 'member-code-stale'],
    ['of two minutes from now', { counter: 1, aheadMs: 120_000 }, 'member-code-stale'],
  ])('%s: refused in words', async (_, shown, refusal) => {
    const at = (bench = await openTillBench());
    await cutLine(at);
    expect(await scan(at, at.cloud.twoLayerCode(3, shown))).toBe(refusal);
  });

  test('one that the platform stopped is refused', async () => {
    const at = (bench = await openTillBench());
    at.cloud.stopCode(4);
    at.cloud.newCaps({ perPaymentFen: 4_000 });
    const { until, status } = at;
    await until('new caps', async () => (await status()).offline.perPaymentFen === 4_000);
    await cutLine(at);
    expect(await scan(at, at.cloud.twoLayerCode(4, { counter: 1 }))).toBe('member-code-revoked');
  });

  test('the bearer form has lower caps of its own', async () => {
    const at = (bench = await openTillBench());
    const bearer = { perPaymentFen: 1_000, perMemberFen: 1_500, perMemberCount: 2 };
    at.cloud.newCaps({ perPaymentFen: 4_000, bearer });
    const { until, status } = at;
    await until('new caps', async () => (await status()).offline.perPaymentFen === 4_000);
    await cutLine(at);
    expect(await scan(at, at.cloud.memberCode(5), 1_001)).toBe('offline-payment-limit');
    await scan(at, at.cloud.memberCode(5), 1_000);
    await at.screen('offline-accepted');
    expect(await scan(at, at.cloud.memberCode(6), 600)).toBe('offline-member-sum');
    await scan(at, at.cloud.twoLayerCode(7, { counter: 1 }), 4_000);
    await at.screen('offline-accepted');
  });
});

describe('what a till can know', () => {
  const platform = createScriptedPlatform();
  const config = JSON.parse(platform.config().payload) as ConfigPayload;
  const code = platform.twoLayerCode(1, { counter: 1 });
  const shownAtMs = Date.now();

  function room(change: Partial<JudgeDeps> & { readonly oneIn?: number } = {}) {
    const folder = tempFolder();
    const { journal } = openTestJournal(folder.path);
    const caps = { ...config.caps, ...(change.oneIn && { onlineOneIn: change.oneIn }) };
    const deps: JudgeDeps = {
      read: journal.read,
      config: () => ({ ...config, caps }),
      nowMs: () => shownAtMs,
      sinceContactMs: () => 0,
      sinceListMs: () => 0,
      isLineThere: () => false,
      lotOf: () => 0,
      ...change,
    };
    const judged = judgeOffline(deps, { code, amountFen: fen(100) });
    journal.close();
    folder.remove();
    return judged.ok ? 'taken' : judged.error.type;
  }

  test('a list of stopped codes that is older than a day proves nothing, although the cloud answers', () => {
    expect(room({ sinceListMs: () => 86_400_000 })).toBe('taken');
    expect(room({ sinceListMs: () => 86_400_001 })).toBe('member-code-list-old');
  });

  test('one in so many is wanted online while there is a line, and scanning again is no second chance', () => {
    const lots = [0, 1, 2, 3, 4, 5, 6, 7];
    const drawn = lots.map((lot) =>
      room({ oneIn: 4, isLineThere: () => true, lotOf: () => lot }) === 'taken' ? '-' : 'x',
    );
    expect(drawn.join('')).toBe('x---x---');
    expect(room({ oneIn: 1, isLineThere: () => false })).toBe('taken');
    const named: string[] = [];
    const lotOf = (text: string) => named.push(text);
    room({ oneIn: 4, isLineThere: () => true, lotOf });
    room({ oneIn: 4, isLineThere: () => true, lotOf });
    expect(new Set(named).size).toBe(1);
  });

  test('the trusted time decides, whatever the clock on the wall says', () => {
    expect(room({ nowMs: () => shownAtMs + 40 * 86_400_000 })).toBe('member-code-expired');
    expect(room({ nowMs: () => shownAtMs - 95_000 })).toBe('member-code-stale');
  });
});

test('what a phone counted is a projection: rebuilt from the journal, it is the same', () => {
  const folder = tempFolder();
  const { journal, store } = openTestJournal(folder.path);
  const platform = createScriptedPlatform();
  const accepted = {
    orderId: orderIdOf(1),
    memberId: 'mbr_01KAN7D5Q00000000000000001',
    certificateId: 'crt_01KAN7D5Q00000000000000001',
    code: platform.twoLayerCode(1, { counter: 300 }),
    capsVersion: 1,
  };
  expect(journal.append([openedFact(1), { type: 'offline.accepted', body: accepted }]).ok).toBe(
    true,
  );
  journal.append([], (tx) => setMeta(tx, 'acked-position', '1'));
  const live = dumpProjections(journal.read);
  expect(live.offline_usage).toMatchObject([{ counter: 300 }]);
  rebuildProjections(store);
  expect(dumpProjections(journal.read)).toEqual(live);
  journal.close();
  folder.remove();
});
