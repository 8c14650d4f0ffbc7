import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

export const receiptErrors = {
  'receipt-template-invalid': entry(
    'The logo of a receipt template does not fit its size or its paper.',
    'Choose the picture again.',
    'owner',
    'no',
    '小票图案放不下，请重新选图片',
    'The picture does not fit the receipt. Choose it again.',
  ),
  'receipt-template-lost': entry(
    'The receipt template that was kept cannot be read, or a newer version of the till made it: receipts look as delivered.',
    'Set the receipt up again and save it, or install the newer version.',
    'owner',
    'no',
    '小票样式读不出来，现在用默认样式打印，请重新设置',
    'The receipt layout cannot be read. Receipts use the default one. Set it up again.',
  ),
  'receipt-words-refused': entry(
    'A text of the shop promises something that points never are.',
    'Write it in other words.',
    'owner',
    'no',
    '小票文字里有承诺性的用语，不能印，请换个说法',
    'The text makes a promise that a receipt may not make. Use other words.',
  ),
} as const satisfies Record<string, ErrorEntry>;
