import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { GivenCoupon } from '#shared/order/order.ts';
import { reprintMark, yuan } from '#terminal/agent/printing/paper-words.ts';

/**
 * A coupon of another shop, printed after the receipt of a sale here. It says whose it is, what it
 * takes off, until when, and that it is no money; the shop that prints it promises nothing.
 */
export const couponSlipContent = (paper: {
  readonly coupon: GivenCoupon;
  /** What the QR says. */
  readonly code: string;
  readonly copy: number;
}): readonly ReceiptCommand[] => {
  const { issuerName, text, offFen, minimumFen, validUntil } = paper.coupon;
  return [
    { type: 'text', text: '优惠券', align: 'center', size: 'double', bold: true },
    ...reprintMark(paper.copy),
    { type: 'rule', style: 'double' },
    { type: 'text', text: issuerName, align: 'center', size: 'tall', bold: true },
    { type: 'text', text, align: 'center' },
    {
      type: 'text',
      text: `满${yuan(minimumFen)}减${yuan(offFen)}`,
      align: 'center',
      size: 'tall',
      bold: true,
    },
    { type: 'qr', text: paper.code },
    { type: 'rule', style: 'single' },
    row('可用门店', issuerName),
    row('有效期至', validUntil),
    { type: 'text', text: '仅限一次，每单一张', align: 'center' },
    { type: 'text', text: '不兑现金，不找零', align: 'center' },
    { type: 'cut' },
  ];
};

const row = (name: string, value: string): ReceiptCommand => ({
  type: 'columns',
  columns: [
    { text: name, width: 10 },
    { text: value, width: 'rest', align: 'right' },
  ],
});
