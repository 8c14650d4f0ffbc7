import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import type { MemberId, TerminalId } from '#shared/ids/ids.ts';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { ruleOfChannelCode } from '#cloud/channel/channel-codes.ts';
import type { BillDesk, BillRequest, BillRow } from '#cloud/channel/channel-bill.ts';
import { billForms } from '#cloud/payments/channels/bill-forms.ts';
import { abilitiesOf, type Channel } from '#cloud/channel/channel.ts';
import type { ChannelOrder } from '#cloud/channel/channel-exchange.ts';
import type { ChannelRig } from '#cloud/payments/channels/testing/channel-rig.ts';

const terminalId = 'trm_01ARZ3NDEKTSV4RRFFQ69G5FAV' as TerminalId;
const memberId = 'mbr_01ARZ3NDEKTSV4RRFFQ69G5FAV' as MemberId;

/** When the attempts of the contract were opened. Rigs start their clocks here. */
const contractOpenedAtMs = 1_790_000_000_000;
const contractDay = '2026-09-21';
/** Nobody sold anything. */
const quietDay = '2026-09-20';
const dayMs = 86_400_000;

/** The laws every channel adapter obeys, whatever its dialect. */
export function registerChannelContract(name: string, open: () => Promise<ChannelRig>): void {
  describe(`channel contract: ${name}`, () => {
    let rig: ChannelRig;
    let numbers = 0;
    beforeAll(async () => {
      rig = await open();
    });
    afterAll(() => rig.close());
    beforeEach(() => rig.setLine('none'));

    const newOrder = (): ChannelOrder => {
      numbers += 1;
      return {
        channelMerchantNo: rig.channelMerchantNo,
        outTradeNo: `CONTRACT${String(numbers).padStart(8, '0')}`,
        netFen: fen(1_000 + numbers),
        openedAtMs: contractOpenedAtMs,
      };
    };
    const charge = async (
      behaviour: Parameters<ChannelRig['codeFor']>[0],
      order = newOrder(),
    ): Promise<Awaited<ReturnType<Channel['charge']>>> =>
      rig.channel.charge({
        ...order,
        wallet: rig.wallet,
        authCode: rig.codeFor(behaviour),
        terminalId,
      });

    const billOf = (date: string): BillRequest =>
      rig.channel.bills?.scope === 'merchant'
        ? { date, channelMerchantNo: rig.channelMerchantNo }
        : { date };
    const readBill = async (bills: BillDesk, date: string) => {
      const folder = mkdtempSync(join(tmpdir(), 'greentill-contract-bill-'));
      try {
        const chunks: Uint8Array[] = [];
        const { outcome } = await bills.download(billOf(date), (chunk) => void chunks.push(chunk));
        if (outcome.type !== 'whole') return { type: outcome.type, rows: [] };
        const path = join(folder, 'bill');
        writeFileSync(path, Buffer.concat(chunks));
        const rows: BillRow[] = [];
        for await (const row of billForms[bills.format].rows(path)) rows.push(row);
        return { type: outcome.type, rows };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    };

    it('paid carries the proof: reference, time, a valid signature, a digest of the request', async () => {
      const { outcome, evidence } = await charge('paid');
      expect(outcome).toMatchObject({ type: 'paid', channelRef: expect.stringMatching(/./) });
      expect(evidence).toMatchObject({ signature: 'valid', httpStatus: 200 });
      expect(evidence.requestDigest).toMatch(/^[0-9a-f]{64}$/);
    });

    it('only definite refusals are failures', async () => {
      expect((await charge('expired')).outcome.type).toBe('failed');
      expect((await charge('balance')).outcome.type).toBe('failed');
    });

    it.each([
      ['a doubtful answer', 'unknown-but-paid'],
      ['a lost answer', 'answer-lost'],
    ] as const)('%s is unknown, and the query tells the truth', async (_what, behaviour) => {
      const order = newOrder();
      expect((await charge(behaviour, order)).outcome.type).toBe('unknown');
      expect((await rig.channel.query(order)).outcome.type).toBe('paid');
    });

    it('not paid, paying and not known are told apart from paid', async () => {
      const [unpaid, paying] = [newOrder(), newOrder()];
      expect((await charge('unknown-not-paid', unpaid)).outcome.type).toBe('unknown');
      expect((await charge('paying', paying)).outcome.type).toBe('paying');
      expect((await rig.channel.query(unpaid)).outcome.type).toBe('unpaid');
      expect((await rig.channel.query(paying)).outcome.type).toBe('paying');
      expect((await rig.channel.query(newOrder())).outcome.type).toBe('unpaid');
    });

    it.each([
      'forge-answer',
      'garbage',
      'lose-answer',
      'lose-request',
      'too-many-requests',
    ] as const)('%s: nothing may be concluded from any call', async (fault) => {
      const order = newOrder();
      await charge('paid', order);
      rig.advance(rig.channel.profile.limits.reverseNotBeforeMs);
      rig.setLine(fault);
      const outRefundNo = `${order.outTradeNo}R1`;
      const answers = [
        await charge('balance'),
        await rig.channel.withhold?.({ ...newOrder(), memberId }),
        await rig.channel.query(order),
        await rig.channel.reverse(order),
        await rig.channel.refund({ ...order, outRefundNo, refundFen: order.netFen }),
        await rig.channel.queryRefund?.({ ...order, outRefundNo, refundFen: order.netFen }),
        await rig.channel.probe?.(),
        await rig.channel.bills?.download(billOf(contractDay), () => {
          throw new Error('nothing of it may be kept');
        }),
      ].filter((answer) => answer !== undefined);
      expect(new Set(answers.map(({ outcome }) => outcome.type))).toEqual(new Set(['unknown']));
    });

    it.each([
      ['amount', { netFen: fen(1) }],
      ['merchant', { channelMerchantNo: '1900000999' }],
    ])('an answer about another %s is never paid', async (_what, change) => {
      const order = newOrder();
      await charge('paid', order);
      const { outcome } = await rig.channel.query({ ...order, ...change });
      expect(['unknown', 'unpaid']).toContain(outcome.type);
    });

    it('reversing: too early, then closed or refunded, and the same again', async () => {
      const [paid, paying] = [newOrder(), newOrder()];
      await charge('paid', paid);
      await charge('paying', paying);
      const { reverseNotBeforeMs } = rig.channel.profile.limits;
      if (reverseNotBeforeMs > 0)
        expect((await rig.channel.reverse(paid)).outcome.type).toBe('too-early');
      rig.advance(reverseNotBeforeMs);
      for (let round = 0; round < 2; round += 1) {
        expect((await rig.channel.reverse(paid)).outcome.type).toBe('refunded');
        expect((await rig.channel.reverse(paying)).outcome.type).toBe('closed');
      }
      expect((await rig.channel.query(paid)).outcome.type).toBe('refunded');
      expect((await rig.channel.query(paying)).outcome.type).toBe('closed');
    });

    it('a number that never arrived is closed, or said to be unknown and never closed by assumption', async () => {
      const order = newOrder();
      const isSealed = rig.channel.profile.limits.unknownNumberFinalAfterMs === undefined;
      const says = isSealed ? ['closed', 'closed'] : ['no-such-order', 'unpaid'];
      expect([
        (await rig.channel.reverse(order)).outcome.type,
        (await rig.channel.query(order)).outcome.type,
      ]).toEqual(says);
      expect((await charge('paid', order)).outcome.type).toBe('failed');
    });

    it('what it says it can do is what it can do, and every code has words and a rule', () => {
      const { profile } = rig.channel;
      expect(abilitiesOf(rig.channel)).toEqual(profile.abilities);
      for (const [code, rule] of Object.entries(profile.codes)) {
        expect(errorCatalogue[rule.till].zh, code).not.toBe('');
        expect(rule.otherChannel && rule.outcome !== 'failed', code).toBe(false);
        expect(rule.outcome === 'failed' && rule.cloud === 'query', code).toBe(false);
      }
      expect(ruleOfChannelCode(profile.codes, 'NEVER_SEEN').outcome).toBe('unknown');
    });

    it('a refund counts once, and parts add up to the whole and no further', async () => {
      const order = newOrder();
      await charge('paid', order);
      const part = (number: number, refundFen: number) =>
        rig.channel.refund({
          ...order,
          outRefundNo: `${order.outTradeNo}R${number}`,
          refundFen: fen(refundFen),
        });
      expect((await part(1, 400)).outcome.type).toBe('refunded');
      expect((await part(1, 400)).outcome.type).toBe('refunded');
      expect((await rig.channel.query(order)).outcome.type).not.toBe('refunded');
      expect((await part(2, order.netFen - 400)).outcome.type).toBe('refunded');
      expect(['unknown', 'refund-failed']).toContain((await part(3, 1)).outcome.type);
      // Not every channel's query tells how much of an order went back; which of them call it paid
      // is in the profile.
      const hides = rig.channel.profile.limits.queryHidesRefunds === true;
      const told = (await rig.channel.query(order)).outcome.type;
      expect(hides ? ['paid'] : ['refunded', 'unknown']).toContain(told);
    });

    it('a refund that was never asked for is not there, and asking starts none', async () => {
      if (rig.channel.queryRefund === undefined) return;
      const order = newOrder();
      await charge('paid', order);
      const refund = { ...order, outRefundNo: `${order.outTradeNo}R1`, refundFen: order.netFen };
      expect((await rig.channel.queryRefund(refund)).outcome.type).toBe('no-such-refund');
      expect((await rig.channel.query(order)).outcome.type).toBe('paid');
      await rig.channel.refund(refund);
      expect((await rig.channel.queryRefund(refund)).outcome.type).toBe('refunded');
      expect((await rig.channel.queryRefund({ ...refund, refundFen: fen(1) })).outcome.type).toBe(
        'unknown',
      );
    });

    it('a withholding is debited once; asking for it again under its number moves nothing', async () => {
      if (rig.channel.withhold === undefined) return;
      const order = newOrder();
      expect((await rig.channel.withhold({ ...order, memberId })).outcome.type).toBe('paid');
      expect((await rig.channel.withhold({ ...order, memberId })).outcome.type).toBe('unknown');
      expect((await rig.channel.query(order)).outcome.type).toBe('paid');
    });

    it('the self test moves nothing and says healthy', async () => {
      if (rig.channel.probe === undefined) return;
      expect((await rig.channel.probe()).outcome).toEqual({ type: 'healthy' });
    });

    it('a day’s bill tells what was paid and what went back, to the fen, in lines that its reader understands', async () => {
      const { channel } = rig;
      const { bills } = channel;
      if (bills === undefined) return;
      const [kept, refunded, reversed, failed] = [newOrder(), newOrder(), newOrder(), newOrder()];
      const proofs = new Map<string, string>();
      for (const order of [kept, refunded, reversed]) {
        const { outcome } = await charge('paid', order);
        if (outcome.type === 'paid') proofs.set(order.outTradeNo, outcome.channelRef);
      }
      await charge('balance', failed);
      const outRefundNo = `${refunded.outTradeNo}R1`;
      await channel.refund({ ...refunded, outRefundNo, refundFen: fen(300) });
      rig.advance(channel.profile.limits.reverseNotBeforeMs);
      await channel.reverse(reversed);
      expect((await readBill(bills, contractDay)).type).toBe('not-ready');
      rig.advance(2 * dayMs);
      const read = await readBill(bills, contractDay);
      const named = new Set([kept, refunded, reversed, failed].map((one) => one.outTradeNo));
      const rows = read.rows.filter((row) => named.has(row.outTradeNo));
      const brief = rows.map(({ kind, outTradeNo, amountFen }) =>
        [kind, outTradeNo, amountFen].join(' '),
      );
      expect(brief.toSorted()).toEqual(
        [
          `paid ${kept.outTradeNo} ${kept.netFen}`,
          `paid ${refunded.outTradeNo} ${refunded.netFen}`,
          `refund ${refunded.outTradeNo} 300`,
          `paid ${reversed.outTradeNo} ${reversed.netFen}`,
          `reversed ${reversed.outTradeNo} ${reversed.netFen}`,
        ].toSorted(),
      );
      for (const row of rows) {
        const { channelMerchantNo = rig.channelMerchantNo } = row;
        expect(channelMerchantNo).toBe(rig.channelMerchantNo);
        if (row.kind === 'paid') expect(row.channelRef).toBe(proofs.get(row.outTradeNo));
        if (row.kind === 'refund') expect(row.outRefundNo).toBe(outRefundNo);
        // 0.6 %, and given back with what went back.
        const feeFen = Math.floor((row.amountFen * 60 + 5_000) / 10_000);
        expect(row.feeFen).toBe(row.kind === 'paid' ? feeFen : -feeFen);
        expect(Math.abs(row.atMs - contractOpenedAtMs)).toBeLessThan(3_600_000);
      }
      expect((await readBill(bills, quietDay)).type).toBe('no-bill');
    });

    it('evidence never holds the payment code', async () => {
      const authCode = rig.codeFor('paid');
      const { evidence } = await rig.channel.charge({
        ...newOrder(),
        wallet: rig.wallet,
        authCode,
        terminalId,
      });
      expect(JSON.stringify(evidence)).not.toContain(authCode);
    });
  });
}
