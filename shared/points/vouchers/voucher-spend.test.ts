import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { bestVoucher, suggestVouchers } from '#shared/points/vouchers/voucher-spend.ts';

const wallet = [
  { id: 'c', leftFen: fen(900), expiresOn: '2026-05-01' },
  { id: 'b', leftFen: fen(300), expiresOn: '2026-04-10' },
  { id: 'a', leftFen: fen(200), expiresOn: '2026-04-10' },
  { id: 'gone', leftFen: fen(500), expiresOn: '2026-04-01' },
  { id: 'empty', leftFen: fen(0), expiresOn: '2026-04-03' },
];
const today = '2026-04-02';
const suggest = (amountFen: number, maxShareBp = 5_000) =>
  suggestVouchers(wallet, {
    amountFen: fen(amountFen),
    maxShareBp: basisPoints(maxShareBp),
    today,
  });

describe('what is suggested for a sale', () => {
  it('is what ends first, equal days by id, the last one in part', () => {
    expect(suggest(1_200)).toEqual({
      voucherFen: 600,
      uses: [
        { id: 'a', usedFen: 200, leftFen: 0 },
        { id: 'b', usedFen: 300, leftFen: 0 },
        { id: 'c', usedFen: 100, leftFen: 800 },
      ],
    });
  });

  it('never passes the share cap, rounded down, nor the wallet without what ended', () => {
    expect(suggest(333).voucherFen).toBe(166);
    expect(suggest(333, 1_000).voucherFen).toBe(33);
    expect(suggest(1_000_000).voucherFen).toBe(1_400);
  });

  it('is nothing for a sale too small to share, or an empty wallet', () => {
    expect(suggest(1)).toEqual({ voucherFen: 0, uses: [] });
    const sale = { amountFen: fen(1_000), maxShareBp: basisPoints(5_000), today };
    expect(suggestVouchers([], sale)).toEqual({ voucherFen: 0, uses: [] });
  });
});

it('the voucher to come back for is the one that ends first and still holds something', () => {
  expect(bestVoucher(wallet, today)?.id).toBe('a');
  expect(bestVoucher(wallet, '2026-04-11')?.id).toBe('c');
  expect(bestVoucher(wallet, '2026-05-02')).toBeUndefined();
});
