import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');
const colours = new Map(
  Array.from(css.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g), ([, name, hex]) => [name!, hex!]),
);
const least = 4.5;

/** Every pair of text and ground that the style sheets use. */
const pairs: readonly (readonly [text: string, ground: string])[] = [
  ['ink', 'bg'],
  ['ink', 'card'],
  ['ink', 'key'],
  ['soft', 'bg'],
  ['soft', 'card'],
  ['soft', 'key'],
  ['open', 'card'],
  ['green', 'card'],
  ['green', 'key'],
  ['green', 'green-soft'],
  ['green-deep', 'green-soft'],
  ['amber', 'card'],
  ['amber', 'bg'],
  ['amber', 'amber-soft'],
  ['amber-deep', 'amber-soft'],
  ['red', 'card'],
  ['red', 'red-soft'],
  ['on-colour', 'green'],
  ['on-colour', 'amber'],
  ['on-colour', 'red'],
];

/** Contrast of two sRGB colours, 1..21. Source: WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test.each(pairs)('%s on %s can be read by tired eyes', (text, ground) => {
  expect(contrast(colours.get(text)!, colours.get(ground)!)).toBeGreaterThanOrEqual(least);
});

test('a pair that is too pale is found', () => {
  expect(contrast('#9a9a9a', '#ffffff')).toBeLessThan(least);
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
});
