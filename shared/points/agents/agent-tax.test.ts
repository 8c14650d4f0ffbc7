import { expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { serviceTax } from '#shared/points/agents/agent-tax.ts';

it.each([
  // income, taxable, rate, withheld: all yuan; the last three rows stand at and around the lines of the table.
  [500, 0, 2_000, 0],
  [800, 0, 2_000, 0],
  [2_000, 1_200, 2_000, 240],
  [4_000, 3_200, 2_000, 640],
  [5_000, 4_000, 2_000, 800],
  [25_000, 20_000, 2_000, 4_000],
  [30_000, 24_000, 3_000, 5_200],
  [50_000, 40_000, 3_000, 10_000],
  [62_500, 50_000, 3_000, 13_000],
  [100_000, 80_000, 4_000, 25_000],
])(
  'of %i yuan for services %i are taxable at %i bp: %i are withheld',
  (income, taxable, rateBp, withheld) => {
    expect(serviceTax(fen(income * 100))).toEqual({
      taxableFen: taxable * 100,
      rateBp,
      withheldFen: withheld * 100,
    });
  },
);

it('never falls when the income rises by a fen', () => {
  for (const line of [400_000, 2_500_000, 6_250_000])
    for (let at = line - 3; at < line + 3; at += 1)
      expect(serviceTax(fen(at + 1)).withheldFen).toBeGreaterThanOrEqual(
        serviceTax(fen(at)).withheldFen,
      );
});
