import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { freePorts, openStage, stageOpenMsMax, type Stage } from '../stage/stage.ts';
import { connectTill, poll, type TillClient } from '../stage/till-client.ts';
import { freshWalletCode } from '../stage/wallet-codes.ts';
import { readChannelBooks } from './channel-books.ts';

/** kill -9 in the middle of refunds, real programs throughout: never two refunds, and all books agree. */
type Way = 'channel' | 'cash' | 'box-slip';
type Victim = 'till' | 'cloud' | 'both';

/** Before the first byte, on the way, while the answer comes, while the slip is printed. */
const strikes: readonly (readonly [Way, Victim, number])[] = [
  ['channel', 'till', 0],
  ['channel', 'till', 25],
  ['channel', 'cloud', 5],
  ['channel', 'cloud', 40],
  ['channel', 'both', 15],
  ['channel', 'till', 120],
  ['cash', 'till', 0],
  ['cash', 'till', 30],
  ['cash', 'cloud', 10],
  ['cash', 'till', 250],
  ['box-slip', 'till', 0],
  ['box-slip', 'till', 40],
];

const pin = '730291';

describe('kill -9 in the middle of a refund', () => {
  let folder: string;
  let stage: Stage;
  let till: TillClient;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'greentill-refund-kill-'));
    stage = await openStage({ folder, ports: freePorts });
    till = connectTill(stage.tillUrl());
  }, stageOpenMsMax);
  afterAll(async () => {
    till?.close();
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  const rowOf = async (orderId: string): Promise<OrderRow> => {
    const { rows } = await till.must('orders.list', { limit: 50 });
    const row = rows.find((one) => one.orderId === orderId);
    if (row === undefined) throw new Error(`no order ${orderId}`);
    return row;
  };
  async function sell(way: Way, amountFen: number): Promise<OrderRow> {
    await till.must('till.setAmount', { amountFen });
    if (way === 'channel') await till.must('till.scan', { text: freshWalletCode('wechat') });
    else if (way === 'cash') await till.must('till.payCash', { tenderedFen: amountFen });
    else {
      stage.bench.box.setHabit({ type: 'approve', delayMs: 10 });
      await till.statusWhere('the box', ({ devices }) =>
        devices.some(({ role, state }) => role === 'box-pos' && state === 'online'),
      );
      await till.must('till.payBox', {});
    }
    await till.screen('paid', 'cash', 'box-paid');
    await till.must('till.dismiss', {});
    return (await till.must('orders.list', { limit: 1 })).rows[0]!;
  }
  async function strike(victim: Victim): Promise<void> {
    if (victim !== 'till') {
      await stage.killCloud();
      await stage.startCloud();
    }
    if (victim !== 'cloud') {
      till.close();
      await stage.killTill();
      await stage.startTill();
      till = connectTill(stage.tillUrl());
    }
    await till.statusWhere('the line to the cloud', ({ online }) => online);
  }
  /** The owner's PIN is typed before anything strikes: an approval takes no part in it. */
  async function wantedOf({ orderId, amountFen }: OrderRow) {
    const wish = { action: 'orders.refund', orderId, amountFen } as const;
    const { approvalId } = await till.must('owner.approve', { pin, ...wish });
    return { orderId, amountFen, reason: '退货', approvalId };
  }
  /** As a cashier would: what stands there as refunded, or on its way, is not asked for again. */
  async function refundOnce(row: OrderRow): Promise<OrderRow> {
    const { orderId, amountFen } = row;
    for (let tries = 0; tries < 5; tries += 1) {
      const now = await poll(
        () => rowOf(orderId),
        ({ refunds = [] }) => refunds.every(({ state }) => state === 'done' || state === 'failed'),
        'the refund to be definite',
      );
      if (now.refundedFen === amountFen) return now;
      const wanted = await wantedOf(now);
      await till.api.call('orders.refund', wanted);
    }
    throw new Error(`${orderId} was never refunded`);
  }

  it(
    'gives every sale back exactly once: channel, drawer, slip, till and ledger say the same',
    { timeout: 600_000 },
    async () => {
      await till.must('owner.setPin', { newPin: pin });
      await till.statusWhere('the line to the cloud', ({ online }) => online);
      const refunded: OrderRow[] = [];
      for (const [index, [way, victim, afterMs]] of strikes.entries()) {
        const row = await sell(way, 1_000 + index * 7);
        expect(row.refundWay).toBe(way);
        const wanted = await wantedOf(row);
        // The call may be cut off in the middle: what became of it stands in the journal alone.
        const asked = till.api.call('orders.refund', wanted).catch(() => undefined);
        await pause(afterMs);
        await strike(victim);
        await asked;
        refunded.push(await refundOnce(row));
      }
      for (const row of refunded) {
        const done = (row.refunds ?? []).filter(({ state }) => state === 'done');
        expect([row.refundedFen, done.length]).toEqual([row.amountFen, 1]);
      }
      await till.statusWhere('all sent', ({ unsentCount }) => unsentCount === 0);
      const { pool } = stage.database;
      const settled = async () =>
        (
          await pool.query<{ how: string; fen: string; status: string }>(
            `select how, status, sum(cash_fen)::bigint as fen from order_refund group by 1, 2 order by 1`,
          )
        ).rows.map(({ how, status, fen }) => [how, status, Number(fen)]);
      const sumOf = (way: Way) =>
        refunded
          .filter(({ refundWay, refunds }) => (refundWay ?? refunds?.[0]?.how) === way)
          .reduce((sum, { amountFen }) => sum + amountFen, 0);
      await expect.poll(settled, { timeout: 30_000 }).toEqual([
        ['box-slip', 'done', sumOf('box-slip')],
        ['cash', 'done', sumOf('cash')],
        ['channel', 'done', sumOf('channel')],
      ]);
      const { rows: numbers } = await pool.query<{ no: string }>(
        'select distinct channel_merchant_no as no from merchant_channel where merchant_id = $1',
        [stage.shop.merchantId],
      );
      const books = await Promise.all(
        numbers.map(({ no }) =>
          readChannelBooks({
            origin: stage.channelOrigin(),
            folder: stage.channelFolder,
            merchantNo: no,
          }),
        ),
      );
      for (const { orderId, amountFen, refunds } of refunded) {
        if (refunds?.[0]?.how !== 'channel') continue;
        const lines = books
          .flat()
          .filter(({ outTradeNo }) => outTradeNo.startsWith(orderId.slice(4)));
        expect(lines.map(({ refundedFen }) => refundedFen)).toEqual([amountFen]);
      }
      const day = await till.must('today.get', {});
      const { cashFen, channelFen, boxSlipFen, count } = day.refunds;
      expect({ cashFen, channelFen, boxSlipFen, count }).toEqual({
        cashFen: sumOf('cash'),
        channelFen: sumOf('channel'),
        boxSlipFen: sumOf('box-slip'),
        count: strikes.length,
      });
      const slips = () =>
        stage.bench.printer
          .receipts()
          .map(({ lines }) => lines.join('\n'))
          .filter((text) => text.includes('退款凭证'));
      for (const { amountFen } of refunded) {
        const yuan = `${Math.trunc(amountFen / 100)}.${String(amountFen % 100).padStart(2, '0')}`;
        await expect
          .poll(() => slips().some((text) => text.includes(yuan)), { timeout: 20_000 })
          .toBe(true);
      }
      const cash = strikes.filter(([way]) => way === 'cash');
      const cashCount = cash.length;
      const tillKillCount = cash.filter(([, victim]) => victim !== 'cloud').length;
      // Each cash sale and each cash refund opens the drawer. A kick that a kill cut off is in
      // doubt: it may have come, and only a person sends it again.
      expect(stage.bench.printer.drawerKickCount()).toBeGreaterThanOrEqual(
        2 * cashCount - tillKillCount,
      );
      expect(stage.bench.printer.drawerKickCount()).toBeLessThanOrEqual(4 * cashCount);
      const proofs = await stage.operator.call<{ holds: boolean; proofs: object[] }>(
        'GET',
        '/admin/v1/proofs',
      );
      expect(proofs.holds).toBe(true);
    },
  );
});
