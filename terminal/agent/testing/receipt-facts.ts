import type { MemberId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import type { Order } from '#shared/order/order.ts';
import type { ReceiptFacts } from '#terminal/agent/printing/receipt-content.ts';
import { orderIdOf } from '#terminal/agent/testing/facts.ts';

/** Receipts of sales of each kind, by name. */
const atMs = 1_795_400_000_000;

const order: Order = {
  orderId: orderIdOf(7),
  state: 'paid',
  amountFen: fen(1_234),
  voucherFen: fen(0),
  concessionBp: basisPoints(1_000),
  businessDate: '2026-11-22',
  openedAtMs: atMs,
  cashier: '小王',
  memberId: undefined,
  tender: { type: 'wallet', wallet: 'wechat', codeMask: '13****0001' },
  attempt: 1,
  reason: undefined,
  lastSeq: 3,
};

const facts: ReceiptFacts = {
  merchantName: '绿点小店',
  storeName: '一号店',
  storePhone: '021-5555 6666',
  order,
  changedAtMs: atMs,
  claimUrl: 'https://claim.test/0123456789ABCDEF',
  synced: true,
  copy: 1,
};

export const receiptFacts = {
  wallet: { ...facts, order: { ...order, voucherFen: fen(300) } },
  cash: {
    ...facts,
    storeName: '绿点小店',
    storePhone: '',
    order: {
      ...order,
      state: 'cash-recorded',
      attempt: 0,
      tender: { type: 'cash', tenderedFen: fen(2_000), changeFen: fen(766) },
    },
  },
  offline: {
    ...facts,
    synced: false,
    order: {
      ...order,
      state: 'offline-accepted',
      memberId: `mbr_${'0'.repeat(26)}` as MemberId,
      tender: { type: 'member-code', certificateId: 'cert' },
    },
  },
  copyOfUnknown: { ...facts, copy: 3, synced: false, order: { ...order, state: 'unknown' } },
} as const satisfies Record<string, ReceiptFacts>;

export const boxFacts: ReceiptFacts = {
  ...facts,
  order: {
    ...order,
    state: 'pos-paid',
    tender: { type: 'box-pos', protocol: 'ecr-hub', method: undefined, boxRef: '000123' },
  },
};
