import { expect, it } from 'vitest';
import { readImportCall } from '#cloud/reconciliation/import-call.ts';

it('the bill of the first account of a channel: its name says whose form it has', () => {
  expect(readImportCall(['wechat', '2026-09-21', 'bill.csv'])).toEqual({
    ok: true,
    value: {
      channel: 'wechat',
      format: 'wechat-csv',
      date: '2026-09-21',
      path: 'bill.csv',
      account: '',
    },
  });
  expect(readImportCall(['alipay', '2026-09-21', 'bill.zip', '2088000000000109'])).toMatchObject({
    value: { format: 'alipay-gbk-zip', account: '2088000000000109' },
  });
  expect(readImportCall(['unionpay', '2026-09-21', 'bill.zip', '777290058110048'])).toMatchObject({
    value: { channel: 'unionpay', format: 'unionpay-zm-zip', account: '777290058110048' },
  });
});

it('the bill of a further account: it is told whose form it has', () => {
  const call = ['wechat-noodles', '2026-09-21', 'bill.csv'];
  expect(readImportCall([...call, '--as', 'wechat'])).toMatchObject({
    value: { channel: 'wechat-noodles', format: 'wechat-csv' },
  });
  // An aggregator carries any wallet: what its bill is of, is the channel's name.
  expect(readImportCall(['alipay', '2026-09-21', 'f', '--as', 'aggregator'])).toMatchObject({
    value: { channel: 'alipay', format: 'aggregator-jsonl', account: '' },
  });
  expect(readImportCall(['own', '2026-09-21', 'f', '7772', '--as', 'unionpay'])).toMatchObject({
    value: { channel: 'own', format: 'unionpay-zm-zip', account: '7772' },
  });
  expect(readImportCall(call)).toMatchObject({ error: expect.stringContaining('--as') as unknown });
});

it.each([
  [['withholding', '2026-09-21', 'f'], 'whose form'],
  [['own', '2026-09-21', 'f', '--as', 'toString'], 'whose form'],
  [['Wechat_Own', '2026-09-21', 'f', '--as', 'wechat'], 'no channel is named'],
  [['wechat', '2026-02-30', 'f'], 'is no day'],
  [['wechat', '2026-09-21'], 'CHANNEL'],
  [['wechat', '2026-09-21', 'f', '1', '2'], '2'],
] as const)('%j is refused in words', (args, words) => {
  expect(readImportCall(args)).toMatchObject({
    ok: false,
    error: expect.stringContaining(words) as unknown,
  });
});
