import { expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { zh } from '../i18n/zh.ts';
import { lossWords } from './loss-words.ts';

it('who bears a loss and what the platform answers for; never that it has paid, which its books may not have taken', () => {
  const loss = { bearer: 'member', coveredFen: 2_000 } as const;
  expect(lossWords(loss, zh)).toBe('由会员承担 · 平台应补 ¥20.00');
  for (const words of [zh, en]) expect(lossWords(loss, words)).not.toMatch(/已|paid/);
});

it('a shop that bears its loss itself reads of no payment', () => {
  expect(lossWords({ bearer: 'merchant', coveredFen: 0 }, zh)).toBe('由本店承担');
});
