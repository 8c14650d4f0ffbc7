import type { MemberId, OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Order } from '#shared/order/order.ts';
import type { ReceiptFacts } from '#terminal/agent/printing/receipt-content.ts';
import type { ReceiptSample } from '#terminal/ipc/receipt-template.ts';

/** A sale that never was: what a receipt looks like before there is one. Its order id belongs to no moment. */
export function sampleFacts(
  sample: ReceiptSample,
  shop: Pick<ReceiptFacts, 'merchantName' | 'storeName' | 'storePhone'> & {
    readonly claimBaseUrl: string;
    readonly cashier: string;
    readonly atMs: number;
  },
): ReceiptFacts {
  return {
    merchantName: shop.merchantName === '' ? '店名' : shop.merchantName,
    storeName: shop.storeName,
    storePhone: shop.storePhone,
    order: { ...sampleOrder(shop), ...saleOf(sample) },
    changedAtMs: shop.atMs,
    claimUrl: `${shop.claimBaseUrl}${'0'.repeat(16)}`,
    synced: sample !== 'offline',
    copy: sample === 'copy' ? 2 : 1,
  };
}

const sampleOrder = (shop: { readonly cashier: string; readonly atMs: number }): Order => ({
  orderId: `ord_${'0'.repeat(26)}` as OrderId,
  state: 'paid',
  amountFen: fen(3_850),
  voucherFen: fen(0),
  concessionBp: basisPoints(1_000),
  businessDate: '2026-01-01',
  openedAtMs: shop.atMs,
  cashier: shop.cashier,
  memberId: undefined,
  tender: undefined,
  attempt: 1,
  reason: undefined,
  lastSeq: 0,
});

function saleOf(sample: ReceiptSample): Partial<Order> {
  switch (sample) {
    case 'wallet':
    case 'copy':
      return {
        voucherFen: fen(300),
        tender: { type: 'wallet', wallet: 'wechat', codeMask: '13****0001' },
      };
    case 'cash':
      return {
        state: 'cash-recorded',
        tender: { type: 'cash', tenderedFen: fen(5_000), changeFen: fen(1_150) },
      };
    case 'offline':
      return {
        state: 'offline-accepted',
        memberId: `mbr_${'0'.repeat(26)}` as MemberId,
        tender: { type: 'member-code', certificateId: '' },
      };
    default:
      return exhaustive(sample);
  }
}
