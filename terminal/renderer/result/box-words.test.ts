import { expect, test } from 'vitest';
import { errorCatalogue, type ErrorCode } from '#shared/errors/catalogue.ts';
import { zhBox } from '../i18n/box.ts';
import { boxWaiting } from '../testing/sample-screens.ts';
import { boxLine, boxSteps } from './box-words.ts';

const line = (code: string) => boxLine({ phase: 'unknown', code, mayLeave: false }, 'zh');
const texts = (change: Partial<typeof boxWaiting>) =>
  boxSteps({ ...boxWaiting, ...change }, zhBox).map(({ text }) => text);

test('an open sale at the box never says that nothing was charged, whatever code arrives', () => {
  for (const code of Object.keys(errorCatalogue) as ErrorCode[])
    for (const phase of ['sending', 'at-box', 'unknown', 'cancelling'] as const) {
      const said = boxLine({ phase, code, mayLeave: false }, 'zh');
      expect(said, code).not.toMatch(/没有扣款|没有收钱|可以重新收款/);
    }
});

test('what the box ails, and what the owner must compare, is said', () => {
  expect(line('box-timeout')).toBe(errorCatalogue['box-timeout'].zh);
  expect(line('box-amount-mismatch')).toBe(errorCatalogue['box-amount-mismatch'].zh);
  expect(line('device-missing')).toBe(errorCatalogue['device-missing'].zh);
  expect(line('box-not-found')).toBe(zhBox.lines.unknown);
  expect(line('of-a-newer-version')).toBe(zhBox.lines.unknown);
});

test('sent, acknowledged, answered and asked are told in words', () => {
  expect(texts({})).toEqual(['已送出', '盒子已收到', '还没有结果', '还没查过']);
  expect(texts({ sent: false, acknowledged: false })).toEqual([
    '还没送出',
    '盒子还没确认',
    '还没有结果',
    '还没查过',
  ]);
  expect(texts({ sent: null, acknowledged: null, queryCount: 3 })).toEqual([
    '重启前送的',
    '还没有结果',
    '查了 3 次',
  ]);
});
