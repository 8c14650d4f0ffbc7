import { expect, it } from 'vitest';
import { isWeakPin } from '#terminal/agent/owner/weak-pin.ts';

it.each(
  '0000 1111 1234 4321 0123 7890 2468 1212 1221 1122 123123 112233 12345678 87654321 1990 2024 2580 1314 520520 5201314 88888888 12344321'.split(
    ' ',
  ),
)('%s is refused', (pin) => {
  expect(isWeakPin(pin)).toBe(true);
});

it.each('4973 8306 2750 19850 604817 7302915 28064193'.split(' '))('%s is taken', (pin) => {
  expect(isWeakPin(pin)).toBe(false);
});

it('leaves nine of ten PINs of four digits to choose from', () => {
  const all = Array.from({ length: 10_000 }, (_, index) => String(index).padStart(4, '0'));
  const left = all.filter((pin) => !isWeakPin(pin));
  expect(left.length).toBeGreaterThan(8_800);
  expect(left.length).toBeLessThan(9_500);
});
