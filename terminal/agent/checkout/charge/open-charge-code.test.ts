import { expect, test } from 'vitest';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { openChargeCode } from '#terminal/agent/checkout/charge/open-charge-code.ts';

test('no code about an open charge says that nothing was charged', () => {
  for (const code of Object.keys(errorCatalogue)) {
    const said = openChargeCode(code);
    if (said) expect(errorCatalogue[said].zh, code).not.toMatch(/没有扣款|收现金/);
  }
  expect(openChargeCode('cloud-unreachable')).toBe('result-not-known-offline');
  expect(openChargeCode('payer-confirming')).toBe('payer-confirming');
  expect(openChargeCode('cloud-busy')).toBeUndefined();
});
