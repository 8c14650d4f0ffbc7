import { expect, test } from 'vitest';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { waitingWords } from './waiting-words.ts';

const zh = { language: 'zh', online: true } as const;
const phases = ['submitting', 'waiting-payer', 'unknown', 'cancelling'] as const;

test.each(phases)('%s: no code of the catalogue can say that nothing was charged', (phase) => {
  for (const code of Object.keys(errorCatalogue))
    for (const language of ['zh', 'en'] as const)
      for (const online of [true, false]) {
        const { title, line } = waitingWords({ phase, code }, { language, online });
        expect(`${title} ${line}`, code).not.toMatch(
          /没有扣款|收现金|not charged|Nothing was charged/i,
        );
      }
});

test('a line that is down: not known, do not charge again, asked again by itself', () => {
  const down = { language: 'zh', online: false } as const;
  for (const phase of ['submitting', 'waiting-payer', 'unknown'] as const) {
    const said = waitingWords({ phase, code: 'cloud-unreachable' }, down);
    expect(said.title).toBe('还不知道收到没有');
    expect(said.line).toMatch(/不要重复收款|请勿重复收款/);
    expect(said.line).toContain('网络恢复后自动查询');
  }
});

test('what the payer has to do is still said', () => {
  expect(waitingWords({ phase: 'waiting-payer', code: 'payer-confirming' }, zh).line).toBe(
    '请顾客在手机上输入密码',
  );
});
