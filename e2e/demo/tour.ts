import { strict as expect } from 'node:assert';
import { factor } from '#cloud/disclosure/disclosure-words.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import { fen } from '#shared/money/fen.ts';
import { errorCatalogue, type ErrorCode } from '#shared/errors/catalogue.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { connectTill, poll } from '../stage/till-client.ts';
import { freshWalletCode } from '../stage/wallet-codes.ts';
import { atBox, boxCablePulled, isOnceInCloud } from './tour-at-box.ts';
import { onTrust, trustKept } from './tour-on-trust.ts';
import { printed, scan, yuan, type Step, type Tour, type TourDeps } from './tour-step.ts';

const wordsOf = (code: string): string => errorCatalogue[code as ErrorCode].zh;

/**
 * The main job, played on the real stack: sell, go offline, come back, and the points turn into a voucher. Each step
 * says what to look at and checks it; the same script is the demo's tour and an end-to-end test.
 */
export async function playTour(deps: TourDeps): Promise<void> {
  const till = connectTill(deps.stage.tillUrl());
  const phone = deps.stage.shop.members[0]!.phone;
  const tour: Tour = { ...deps, till, phone };
  try {
    await till.statusWhere('the line to the cloud', (status) => status.online);
    for (const [index, [title, play]] of steps.entries()) {
      deps.say(`\n${String(index + 1).padStart(2)}. ${title}`);
      deps.say(`    ${(await play(tour)).replaceAll('\n', '\n    ')}`);
      await new Promise((resolve) => setTimeout(resolve, deps.paceMs));
    }
  } finally {
    till.close();
  }
}

async function today(tour: Tour) {
  return tour.till.must('today.get', {});
}

const steps: readonly Step[] = [
  [
    '微信 ¥12.00: digits and one scan',
    async (tour) => {
      await scan(tour, 1_200, freshWalletCode('wechat'));
      const paid = await tour.till.screen('paid');
      expect.equal(paid.amountFen, 1_200);
      await poll(
        () => Promise.resolve(printed(tour)),
        (papers) => papers.length === 1,
        'the receipt',
      );
      return '收款成功, the whole screen green. The receipt is on the paper of the virtual counter.';
    },
  ],
  [
    '支付宝 ¥38.50: the customer types a password first',
    async (tour) => {
      await scan(tour, 3_850, freshWalletCode('alipay', 'password-then-paid'));
      const waiting = await tour.till.screen('waiting');
      tour.stage.bench.scanner.scan(freshWalletCode('alipay'));
      await poll(
        () => tour.till.state(),
        ({ screen }) => screen.type === 'paid' || (screen.type === 'waiting' && screen.secondScan),
        'the second scan to be kept out',
      );
      const paid = await tour.till.screen('paid');
      expect.equal(paid.orderId, waiting.orderId);
      return 'Amber while nobody knows; a second scan meanwhile was kept out; then green. Charged once.';
    },
  ],
  [
    `云闪付 ¥25.80 by a member (138****0001), with points`,
    async (tour) => {
      await tour.till.must('till.setAmount', { amountFen: 2_580 });
      await tour.till.must('till.attachMember', { phone: tour.phone });
      const { draft } = await tour.till.state();
      await scan(tour, 2_580, freshWalletCode('unionpay'));
      await tour.till.screen('paid');
      return `Estimated points ${formatYuan(fen(draft.pointsEstimateFen))}; the cloud issues them as pending.`;
    },
  ],
  [
    'The network cable is pulled',
    async (tour) => {
      const sinceMs = performance.now();
      await tour.stage.counter.turn({ name: 'network', on: false });
      const status = await tour.till.statusWhere('the outage', (seen) => !seen.online);
      const seconds = ((performance.now() - sinceMs) / 1000).toFixed(1);
      return `Seen after ${seconds} s. The till says what still works; offline room ${yuan(status.offline.remainingFen)}.`;
    },
  ],
  [
    '现金 ¥18.50, ¥20.00 given',
    async (tour) => {
      const before = tour.stage.bench.printer.drawerKickCount();
      await tour.till.must('till.setAmount', { amountFen: 1_850 });
      await tour.till.must('till.payCash', { tenderedFen: 2_000 });
      const cash = await tour.till.screen('cash');
      expect.equal(cash.changeFen, 150);
      await poll(
        () => Promise.resolve(tour.stage.bench.printer.drawerKickCount()),
        (kicks) => kicks > before,
        'the drawer',
      );
      return 'Change ¥1.50, the drawer opened, the receipt says 待上传云端. The sale is in the journal.';
    },
  ],
  atBox,
  boxCablePulled,
  [
    '会员码 ¥30.00 offline: verified on the till, inside signed caps',
    async (tour) => {
      const code = await tour.stage.memberCode(tour.phone);
      await scan(tour, 3_000, code);
      const accepted = await tour.till.screen('offline-accepted');
      await tour.till.must('till.dismiss', {});
      await scan(tour, 3_000, code);
      const { notice } = await poll(
        () => tour.till.state(),
        (seen) => seen.notice !== null,
        'the second use to be refused',
      );
      return (
        `离线记账（未到账）, amber; offline room left ${yuan(accepted.remainingOfflineFen)}.\n` +
        `The same code shown again: ${wordsOf(notice?.code ?? '')}`
      );
    },
  ],
  [
    '微信 ¥9.90 offline: a wallet code cannot be charged without a line',
    async (tour) => {
      await tour.till.must('till.dismiss', {});
      await scan(tour, 990, freshWalletCode('wechat'));
      await tour.till.screen('held');
      await tour.till.must('till.cancel', {});
      const { screen, notice } = await tour.till.state();
      const code = screen.type === 'not-paid' ? screen.code : notice?.code;
      return (
        'The order is held, the code lives in memory for 45 s at most and is never stored. Cancelled:\n' +
        (code === undefined ? '未收款' : wordsOf(code))
      );
    },
  ],
  onTrust,
  [
    'The printer cable is pulled in the middle, and put back',
    async (tour) => {
      const before = printed(tour).length;
      await tour.stage.counter.turn({ name: 'printer-cable', on: false });
      await tour.till.must('till.setAmount', { amountFen: 660 });
      await tour.till.must('till.payCash', { tenderedFen: 660 });
      const off = await tour.till.statusWhere('the printer to be missed', ({ devices }) =>
        devices.some((device) => device.role === 'printer' && device.state !== 'online'),
      );
      await tour.stage.counter.turn({ name: 'printer-cable', on: true });
      await tour.till.statusWhere('the printer to be back', ({ devices }) =>
        devices.some((device) => device.role === 'printer' && device.state === 'online'),
      );
      const papers = await poll(
        () => Promise.resolve(printed(tour)),
        (all) => all.some((paper) => paper.includes('6.60')),
        'the receipt of ¥6.60',
      );
      const copies = papers.slice(before).filter((paper) => paper.includes('6.60'));
      expect.ok(
        copies.filter((paper) => !paper.includes('补打')).length === 1,
        'exactly one unmarked receipt',
      );
      expect.ok(off.unsentCount > 0);
      return 'The sale was not held up; the receipt waited in the spool and came out once.';
    },
  ],
  [
    'The network is back: everything queued goes up, the offline sale is settled',
    async (tour) => {
      await tour.stage.counter.turn({ name: 'network', on: true });
      await tour.till.statusWhere(
        'an empty queue',
        (status) => status.online && status.unsentCount === 0,
      );
      const settled = await poll(
        () => today(tour),
        (sums) => sums.offlineFen === 0,
        'the offline sale to be settled',
      );
      await poll(
        () => isOnceInCloud(tour),
        Boolean,
        'the box’s sales to be in the cloud, once each',
      );
      const agreed = await poll(
        () => today(tour),
        (sums) => sums.tomorrow?.cloudTurnoverFen === sums.turnoverFen,
        'till and cloud to agree',
      );
      return (
        `已到账 ${yuan(settled.settledFen)} · 现金 ${yuan(settled.cashFen)} · 离线记账 ${yuan(settled.offlineFen)} · ` +
        `待确认 ${yuan(settled.pendingFen)}\nTill and cloud agree on a turnover of ${yuan(agreed.turnoverFen)}; both sales of the box are in it, once.`
      );
    },
  ],
  trustKept,
  [
    '今日: tomorrow’s money',
    async (tour) => {
      const { tomorrow } = await today(tour);
      expect.ok(tomorrow);
      const proofs = await tour.stage.operator.call<{ holds: boolean }>('GET', '/admin/v1/proofs');
      expect.equal(proofs.holds, true);
      return (
        `当日货款 ${yuan(tomorrow.sameDayFen)} · 结算保留款 ${yuan(tomorrow.reserveFen)} until ${tomorrow.reserveDueDate} · ` +
        `券补贴 ${yuan(tomorrow.subsidyFen)}\nEvery law of the books holds.`
      );
    },
  ],
  [
    'The month is closed: did the pool grow by 15%?',
    async (tour) => {
      const close = await tour.stage.operator.call<{
        gateOpen: boolean;
        gateReason: string;
        multBp: number;
        budgetFen: number;
      }>('POST', '/admin/v1/period-closes', { period: tour.stage.shop.history.secondMonth });
      expect.equal(close.gateOpen, true, `gate: ${close.gateReason}`);
      return (
        `${tour.stage.shop.history.secondMonth}: the gate is open. Computed from money collected: ` +
        `${factor(close.multBp)} a point, budget ${yuan(close.budgetFen)}. A fact of the past, not a promise.`
      );
    },
  ],
  [
    'One release day: due points become vouchers',
    async (tour) => {
      const run = await tour.stage.operator.call<{
        releasedFen: number;
        accountCount: number;
        binding: string;
      }>('POST', '/admin/v1/release-runs', {
        period: tour.stage.shop.history.secondMonth,
        day: accountingDate(Date.now()),
      });
      expect.ok(run.releasedFen > 0, JSON.stringify(run));
      const again = await tour.stage.operator.call<{ isNew: boolean; releasedFen: number }>(
        'POST',
        '/admin/v1/release-runs',
        { period: tour.stage.shop.history.secondMonth, day: accountingDate(Date.now()) },
      );
      expect.equal(again.isNew, false);
      return (
        `${yuan(run.releasedFen)} in vouchers for ${run.accountCount} member(s), every fen of it set aside; ` +
        `limited by ${run.binding}. Run again: nothing moves.`
      );
    },
  ],
  [
    'The member comes back and spends the voucher',
    async (tour) => {
      await tour.till.must('till.dismiss', {});
      await tour.till.must('till.setAmount', { amountFen: 4_000 });
      await tour.till.must('till.attachMember', { phone: tour.phone });
      const { draft } = await tour.till.state();
      expect.ok(draft.voucherFen > 0, 'the member has a voucher');
      await scan(tour, 4_000, freshWalletCode('wechat'));
      const paid = await tour.till.screen('paid');
      expect.equal(paid.voucherFen, draft.voucherFen);
      const { tomorrow } = await poll(
        () => today(tour),
        (sums) => (sums.tomorrow?.subsidyFen ?? 0) >= paid.voucherFen,
        'the subsidy to be booked',
      );
      const proofs = await tour.stage.operator.call<{ holds: boolean }>('GET', '/admin/v1/proofs');
      expect.equal(proofs.holds, true);
      return (
        `¥40.00 less ${yuan(paid.voucherFen)} of vouchers: the customer paid ${yuan(4_000 - paid.voucherFen)}.\n` +
        `The shop gets its 券补贴 in cash: ${yuan(tomorrow?.subsidyFen ?? 0)} in all. The books still hold.`
      );
    },
  ],
];
