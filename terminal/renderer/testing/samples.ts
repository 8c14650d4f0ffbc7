import type { MemberView } from '#shared/wire/v1/members.ts';
import type { Status } from '#terminal/ipc/state.ts';
import type { OrderRow, Today } from '#terminal/ipc/views.ts';

/** A day of a small noodle shop, for tests of the screens and for the pictures in the documentation. */
const hourMs = 3_600_000;
const minuteMs = 60_000;

export const sampleOrderId = (tail: string): string => `ord_01KB${'0'.repeat(18)}${tail}`;

export const sampleMember: MemberView = {
  memberId: `mbr_01KB${'0'.repeat(22)}`,
  phoneMask: '138****0001',
  pointsFen: 12_850,
  vouchers: [
    { voucherId: `vch_01KB${'0'.repeat(22)}`, leftFen: 300, expiresOn: '2026-12-01' },
    { voucherId: `vch_01KB${'0'.repeat(21)}1`, leftFen: 200, expiresOn: '2026-12-31' },
  ],
  voucherTotalFen: 500,
};

export const sampleStatus = (nowMs: number): Status => ({
  version: 0,
  merchantName: '巷口面馆',
  storeName: '一店',
  cashier: '王姐',
  concessionBp: 1000,
  online: true,
  offlineSinceMs: null,
  unsentCount: 0,
  unsentFen: 0,
  offline: {
    perPaymentFen: 5000,
    remainingFen: 42_000,
    totalFen: 50_000,
    remainingCount: 28,
    perMemberFen: 10_000,
    perMemberCount: 3,
    closesAtMs: null,
  },
  promises: {
    perPromiseFen: 20_000,
    remainingFen: 196_500,
    totalFen: 200_000,
    remainingCount: 49,
  },
  exceptionCount: 0,
  devices: [
    {
      role: 'scanner',
      name: '扫码枪',
      address: 'serial /dev/ttyUSB0',
      state: 'online',
      lastSeenMs: nowMs - minuteMs,
    },
    {
      role: 'printer',
      name: '80 毫米小票机',
      address: 'tcp 192.168.1.87:9100',
      state: 'online',
      confidence: 4,
      lastSeenMs: nowMs - 2000,
    },
    {
      role: 'drawer',
      name: '接在打印机上',
      address: '打印机 · 脚 2',
      state: 'online',
      lastSeenMs: nowMs - hourMs,
    },
  ],
});

const byHour: readonly (readonly [hour: number, scanFen: number, cashFen: number])[] = [
  [8, 13_850, 1_200],
  [9, 29_600, 3_300],
  [10, 34_400, 5_850],
  [11, 42_150, 2_500],
  [12, 60_010, 6_000],
  [13, 56_000, 6_440],
  [14, 21_750, 1_600],
];

export const sampleToday: Today = {
  businessDate: '2026-11-22',
  settledFen: 257_760,
  settledVoucherFen: 4_000,
  cashFen: 26_890,
  offlineFen: 3_800,
  pendingFen: 0,
  turnoverFen: 288_450,
  orderCount: 97,
  takenCount: 97,
  couponFen: 0,
  couponCount: 0,
  noSaleCount: 0,
  noSales: [],
  byHour: byHour.map(([hour, scanFen, cashFen]) => ({ hour, scanFen, cashFen })),
  byTender: [
    { tender: 'wechat', count: 61, amountFen: 170_240 },
    { tender: 'alipay', count: 24, amountFen: 71_120 },
    { tender: 'unionpay', count: 3, amountFen: 16_400 },
    { tender: 'cash', count: 8, amountFen: 26_890 },
    { tender: 'member-code', count: 1, amountFen: 3_800 },
  ],
  promises: {
    iouFen: 0,
    staticCodeFen: 0,
    openCount: 0,
    keptFen: 0,
    keptCashFen: 0,
    keptCount: 0,
  },
  refunds: { channelFen: 0, cashFen: 0, boxSlipFen: 0, voucherFen: 0, count: 0, openFen: 0 },
  tomorrow: {
    sameDayFen: 206_208,
    subsidyFen: 4_000,
    reserveFen: 51_552,
    reserveDueDate: '2026-11-29',
    concessionFen: 25_776,
    cloudTurnoverFen: 284_650,
  },
  chainHead: '4F1C90A7',
  unsentCount: 0,
};

type SampleOrder = readonly [
  tail: string,
  state: string,
  bucket: OrderRow['bucket'],
  amountFen: number,
  tender: OrderRow['tender'],
  change?: Partial<OrderRow>,
];

const orders: readonly SampleOrder[] = [
  ['7Q2M', 'paid', 'settled', 1_200, 'wechat'],
  ['5XKD', 'cash-recorded', 'cash', 2_600, 'cash'],
  ['9B0T', 'offline-accepted', 'offline', 3_800, 'member-code', { synced: false }],
  ['2WRC', 'paid', 'settled', 10_450, 'alipay', { voucherFen: 500, receiptCopies: 2 }],
  ['8HN4', 'failed', 'none', 1_850, 'wechat', { reason: 'charge-not-received', receiptCopies: 0 }],
  ['3ZPA', 'paid', 'settled', 4_420, 'unionpay'],
  ['6TEV', 'reversed', 'none', 3_300, 'wechat', { receiptCopies: 0 }],
  ['1GSJ', 'paid', 'settled', 2_250, 'wechat'],
  ['4CYF', 'paid', 'settled', 1_600, 'alipay'],
  ['0MRX', 'cash-recorded', 'cash', 900, 'cash', { receipt: 'unknown' }],
];

const wayOf = (bucket: OrderRow['bucket']): OrderRow['refundWay'] =>
  bucket === 'cash' ? 'cash' : bucket === 'settled' ? 'channel' : null;

export const sampleOrders = (nowMs: number): readonly OrderRow[] =>
  orders.map(([tail, state, bucket, amountFen, tender, change], index) => ({
    orderId: sampleOrderId(tail),
    state,
    bucket,
    amountFen,
    voucherFen: 0,
    tender,
    openedAtMs: nowMs - (index + 1) * 4 * minuteMs,
    cashier: '王姐',
    reason: null,
    refundedFen: 0,
    refundableFen: wayOf(bucket) === null ? 0 : amountFen,
    refundWay: wayOf(bucket),
    synced: true,
    receiptCopies: 1,
    receipt: bucket === 'none' ? 'off' : 'printed',
    ...change,
  }));
