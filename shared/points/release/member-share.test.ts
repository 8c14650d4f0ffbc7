import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { explainShare, thetaOf } from '#shared/points/release/member-share.ts';
import { pointFen } from '#shared/points/point-fen.ts';
import { pointsUsed, wantOf } from '#shared/points/release/points-used.ts';
import { thetaText, waterFill } from '#shared/points/release/water-fill.ts';

const md5Hex = (text: string): string => createHash('md5').update(text).digest('hex');
const book = fc.array(
  fc.record({
    due: fc.integer({ min: 1, max: 5000 }),
    mult: fc.integer({ min: 10_000, max: 50_000 }),
    cap: fc.integer({ min: 0, max: 9000 }),
  }),
  { minLength: 1, maxLength: 30 },
);

it('tells of every member of a random book exactly what he was given, and no other sum', () => {
  let [odd, capped] = [0, 0];
  fc.assert(
    fc.property(book, fc.integer({ min: 0, max: 60_000 }), (raw, total) => {
      const rows = raw.map(({ due, mult, cap }, index) => ({
        id: `u${index}`,
        duePoints: pointFen(due),
        multBp: basisPoints(mult),
        wantFen: wantOf(pointFen(due), basisPoints(mult)),
        capFen: fen(cap),
      }));
      const filled = waterFill({ runId: 'r', totalFen: fen(total), rows, md5Hex });
      for (const [index, row] of rows.entries()) {
        const allocFen = filled.allocFen[index]!;
        const { duePoints, multBp, wantFen } = row;
        const stored = {
          duePoints,
          multBp,
          wantFen,
          mostFen: fen(Math.min(row.capFen, wantFen)),
          allocFen,
          pointsUsed: pointsUsed({ due: duePoints, valueFen: allocFen, multBp }),
        };
        const theta = thetaOf(thetaText(filled.theta));
        const steps = explainShare(stored, theta);
        expect(steps.valueFen).toBe(allocFen);
        odd += steps.oddFen;
        if (steps.bound === 'month-cap') capped += 1;
        // A planted wrong sum is noticed.
        expect(() => explainShare({ ...stored, allocFen: fen(allocFen + 2) }, theta)).toThrow();
      }
    }),
    { numRuns: 800 },
  );
  expect(Math.min(odd, capped)).toBeGreaterThan(100);
});
