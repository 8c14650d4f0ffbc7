import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

/** Scans that are understood and still cannot pay. */
export const scanErrors = {
  'code-is-claim': entry(
    'The code on one of our receipts was scanned at the till.',
    'The customer scans it with a phone to claim the points.',
    'customer',
    'no',
    '这是小票上的领取码，请顾客用自己的手机扫',
    'This is the claim code of a receipt. The customer scans it with a phone.',
  ),
  'code-is-link': entry(
    'The scanned code is a web address.',
    'Ask for the payment code page and scan again.',
    'customer',
    'no',
    '这是网址码，不是付款码，请顾客打开付款码再扫',
    'This is a web address. Ask the customer to open the payment code.',
  ),
  'code-is-product': entry(
    'The scanned code is printed on goods.',
    'Type the amount and scan the payment code of the customer.',
    'cashier',
    'no',
    '这是商品码，不是付款码',
    'This is a product code, not a payment code.',
  ),
  'code-is-receiving': entry(
    'The scanned code names somebody who receives money; nothing can be charged with it.',
    'Ask for the payment code page and scan again.',
    'customer',
    'no',
    '这是收款码，不是付款码，请顾客打开付款码再扫',
    'This code receives money. Ask the customer to open the payment code.',
  ),
  'code-is-voucher': entry(
    'The scanned code is a coupon or a refund slip of another system.',
    'Take it by the rules of the shop; the till cannot redeem it.',
    'cashier',
    'no',
    '这是优惠券码，不是付款码，这里不能核销',
    'This is a coupon code. It cannot be redeemed here.',
  ),
  'scan-through-input-method': entry(
    'A Chinese input method changed what the scanner typed.',
    'Switch the input method to English and scan again.',
    'cashier',
    'no',
    '输入法改了扫到的码，请切换到英文输入再扫',
    'The input method changed the code. Switch it to English and scan again.',
  ),
} as const satisfies Record<string, ErrorEntry>;
