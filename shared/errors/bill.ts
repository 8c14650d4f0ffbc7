import { entry, type ErrorEntry } from '#shared/errors/entry.ts';

/** Channels' bills, and the differences between them and the books. */
export const billErrors = {
  'bill-not-offered': entry(
    'This channel gives no bill that we can read; its days are compared with no bill.',
    'Compare the channel’s own statement by hand; the days stand in the list of exceptions.',
    'operator',
    'no',
    '这个渠道没有可读取的账单，请用渠道后台的对账单人工核对',
    'This channel gives no bill. Compare its own statement by hand.',
  ),
  'bill-not-ready': entry(
    'The channel has no bill for this day yet, or gave no answer that can be believed.',
    'Ask again later; bills come after 10:00 on the next day.',
    'operator',
    'yes',
    '账单还没有准备好，请稍后再取',
    'The bill is not there yet. Ask again later.',
  ),
  'bill-unreadable': entry(
    'The bill is damaged, incomplete, or its own sums do not fit its lines; nothing was imported.',
    'Fetch it again; if it stays so, ask the channel for another.',
    'operator',
    'yes',
    '账单文件不完整，没有导入',
    'The bill is damaged. Nothing was imported.',
  ),
  'break-paid-twice': entry(
    'The difference is a charge that was paid beside other money; what becomes of that money is decided at the charge.',
    'Decide about the charge (paid-twice); the difference ends by itself with the next bill, and may be explained until then.',
    'operator',
    'no',
    '这是一笔重复收款，请先处理重复收款，差异会随后自动平账',
    'This charge was paid twice. Decide about the charge; the difference ends by itself.',
  ),
  'break-refund-open': entry(
    'A refund of the same sale is on its way; a correction now could take the money twice.',
    'Wait until the refund is definite, look at the sums again, then confirm.',
    'operator',
    'yes',
    '这笔订单正在退款，请等退款有结果后再处理差异',
    'A refund of this order is on its way. Settle the difference when it is definite.',
  ),
  'break-settled': entry(
    'This difference is settled already.',
    'Nothing to do.',
    'nobody',
    'no',
    '这笔差异已经处理完',
    'This difference is settled.',
  ),
  'break-step-refused': entry(
    'This step does not fit the difference: it would move no money, or money where none is due.',
    'Look at the class and the sums, and take another step.',
    'operator',
    'no',
    '这笔差异不能这样处理',
    'This difference cannot be settled this way.',
  ),
} as const satisfies Readonly<Record<string, ErrorEntry>>;
