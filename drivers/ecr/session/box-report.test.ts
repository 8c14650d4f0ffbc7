import { expect, it } from 'vitest';
import { payerMaskOf, plainDetail } from '#drivers/ecr/session/box-report.ts';

it.each([
  ['6222021234567890123', '622202****0123'],
  ['6222****1234', '6222****1234'],
  ['622202123******1234', '622202****1234'],
  ['3331', '****3331'],
  ['13812345678', '****5678'],
  ['**** 1234', '****1234'],
  ['zhang@example', ''],
  ['', ''],
])('of the payer %j it shows %j', (text, mask) => {
  expect(payerMaskOf(text)).toBe(mask);
});

it('a text of the box is short and printable, and shows no long number', () => {
  expect(plainDetail('card 6222021234567890123\u0000declined')).toBe('card ***0123 declined');
  expect(plainDetail('长'.repeat(500))).toHaveLength(80);
});
