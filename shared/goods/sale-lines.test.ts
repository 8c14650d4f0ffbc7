import { describe, expect, test } from 'vitest';
import {
  cutLines,
  linesFen,
  wholeLines,
  withLines,
  type OrderLines,
} from '#shared/goods/sale-lines.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { facts, orderId } from '#shared/testing/order-facts.ts';
import { applyFact } from '#shared/order/order-machine.ts';
import {
  entryBodyCharsMax,
  orderLinePartsMax,
  orderLinesMax,
  type SaleLine,
} from '#shared/wire/v1/entries.ts';
import { parseEntry } from '#shared/wire/v1/parse-entry.ts';
import { getOrThrow } from '#shared/result/result.ts';

const longest: SaleLine = {
  code: '06901234567892',
  // Two characters of the text for each, the widest that JSON makes of them.
  name: '"'.repeat(40),
  unit: '"'.repeat(8),
  quantity: 999,
  priceFen: 5_000_000,
};
const take = (bodies: ReturnType<typeof cutLines>, priceFen: Fen): OrderLines | undefined => {
  let lines: OrderLines | undefined;
  for (const body of bodies) {
    const next = withLines(lines, body, priceFen);
    if (next === undefined) return undefined;
    lines = next;
  }
  return lines;
};

describe('lines of a sale', () => {
  test.each([
    ['one', [{ quantity: 1, priceFen: 5 }]],
    ['as many and as long as there may be', Array.from({ length: orderLinesMax }, () => longest)],
  ])('%s: every entry fits its limits, and together they are the lines', (_name, lines) => {
    const bodies = cutLines(orderId, lines);
    expect(bodies.length).toBeLessThanOrEqual(orderLinePartsMax);
    for (const body of bodies) {
      const text = JSON.stringify(body);
      expect(text.length).toBeLessThanOrEqual(entryBodyCharsMax);
      expect(parseEntry({ type: 'order.lines', body: text }).ok).toBe(true);
    }
    expect(wholeLines(take(bodies, linesFen(lines)))).toEqual(lines);
  });

  test('a fen more or less than the price, a part twice, a part left out: not the lines of the order', () => {
    const lines = Array.from({ length: 60 }, () => ({ ...longest, priceFen: 1 }));
    const sum = linesFen(lines);
    const bodies = cutLines(orderId, lines);
    expect(bodies.length).toBeGreaterThan(2);
    expect(take(bodies, fen(sum + 1))).toBeUndefined();
    expect(take(bodies, fen(sum - 1))).toBeUndefined();
    expect(take([bodies[0]!, ...bodies], sum)).toBeUndefined();
    expect(take(bodies.toSpliced(1, 1), sum)).toBeUndefined();
    // What is not whole is not shown.
    expect(wholeLines(take(bodies.slice(0, -1), sum))).toEqual([]);
  });

  test('the order takes lines of its price before the coupon, right after it began and never later', () => {
    const all = facts(0);
    const at = { seq: 1, wallMs: 1 };
    const opened = getOrThrow(applyFact(undefined, all['order.opened'], at));
    const withThem = getOrThrow(applyFact(opened, all['order.lines'], { seq: 2, wallMs: 1 }));
    expect([withThem.state, wholeLines(withThem.lines).length]).toEqual(['draft', 2]);
    expect(applyFact({ ...opened, couponFen: fen(1) }, all['order.lines'], at)).toMatchObject({
      error: { why: 'lines' },
    });
    const submitted = getOrThrow(applyFact(opened, all['charge.submitted'], at));
    expect(applyFact(submitted, all['order.lines'], at)).toMatchObject({ error: { why: 'state' } });
  });
});
