import { randomInt } from 'node:crypto';
import type { Wallet } from '#shared/tender/payment-code.ts';
import type { Outcome } from '#terminal/renderer/counter/contract.ts';

/** A code's last two digits tell the channel simulator what to play (cloud/channel-simulator/payment-scripts.ts). */
const suffixOf: Readonly<Record<Outcome, string>> = {
  paid: '01',
  'password-then-paid': '02',
  'never-pays': '03',
  'unknown-paid': '04',
  'unknown-not-paid': '05',
  expired: '06',
  'answer-dropped': '07',
  slow: '10',
};

const shapeOf: Readonly<Record<Wallet, { readonly prefix: string; readonly digits: number }>> = {
  wechat: { prefix: '13', digits: 18 },
  alipay: { prefix: '28', digits: 18 },
  unionpay: { prefix: '62', digits: 19 },
};

/** A fresh payment code, as a customer's phone would show it. */
export function freshWalletCode(wallet: Wallet, outcome: Outcome = 'paid'): string {
  const { prefix, digits } = shapeOf[wallet];
  const middle = Array.from({ length: digits - prefix.length - 2 }, () => randomInt(10)).join('');
  return prefix + middle + suffixOf[outcome];
}
