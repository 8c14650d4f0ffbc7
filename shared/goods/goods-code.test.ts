import { expect, test } from 'vitest';
import { goodsCodeOf } from '#shared/goods/goods-code.ts';

test('every print of a product is one code', () => {
  expect(goodsCodeOf('6901234567892')).toBe('06901234567892');
  expect(goodsCodeOf('06901234567892')).toBe('06901234567892');
  expect(goodsCodeOf('036000291452')).toBe('00036000291452');
  expect(goodsCodeOf('04252614')).toBe(goodsCodeOf('042100005264'));
  expect(goodsCodeOf(' 96385074 ')).toBe('00000096385074');
});

test("the shop's own codes are short and in capitals; what is neither is refused", () => {
  expect(goodsCodeOf('a-12')).toBe('A-12');
  expect(goodsCodeOf('101')).toBe('101');
  for (const text of ['', '6901234567891', 'A_1', '茶', 'ABCDEFGHIJKL', '1 2', '123456789012345'])
    expect(goodsCodeOf(text), text).toBeUndefined();
});
