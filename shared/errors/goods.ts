import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

/** The catalogue of a shop's goods (商品目录), and the lines of a sale. */
export const goodsErrors = {
  'catalogue-signature-invalid': entry(
    'A page of the goods catalogue is not signed by the cloud, or is not for this shop or place; it was not used.',
    'Nothing at the till; when it stays, tell the operator.',
    'operator',
    'yes',
    '商品目录未通过验签，没有采用，按原目录销售',
    'The goods catalogue failed its check and was not used. The old one stays.',
  ),
  'goods-lines-full': entry(
    'A sale has at most 200 lines, and 999 pieces in one line.',
    'Take payment for these goods, then scan the rest.',
    'cashier',
    'no',
    '这一单的商品太多，请先收款再扫其余商品',
    'This sale has too many goods. Take payment, then scan the rest.',
  ),
  'goods-not-in-catalogue': entry(
    'The scanned goods are not in the catalogue of this till; nothing was added.',
    'Type the amount, and have the office add the goods.',
    'cashier',
    'no',
    '目录里没有这个商品，没有加入，请手输金额',
    'These goods are not in the catalogue. Nothing was added; type the amount.',
  ),
  'goods-row-invalid': entry(
    'A row of the goods does not fit: its code, name, price or unit, or a code that stands twice; nothing was changed.',
    'Correct the row that is named and send all of it again.',
    'operator',
    'no',
    '商品资料有误，没有保存',
    'A row of the goods is wrong. Nothing was saved.',
  ),
  'goods-too-many': entry(
    'The shop would have more than 20,000 goods, delisted ones included; nothing was changed.',
    'Give the codes of delisted goods to new ones, or leave goods out.',
    'operator',
    'no',
    '商品数超过上限，没有保存',
    'The shop has too many goods. Nothing was saved.',
  ),
  'order-lines-mismatch': entry(
    'The lines of a sale do not come to its price, or do not follow each other. The sale itself stands.',
    'Compare the receipt with the sale; the amount that was paid counts.',
    'operator',
    'no',
    '商品明细与金额不符，按收款金额为准',
    'The lines do not come to the amount. The amount paid counts.',
  ),
} as const satisfies Record<string, ErrorEntry>;
