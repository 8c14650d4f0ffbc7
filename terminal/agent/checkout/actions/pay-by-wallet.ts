import { err, ok } from '#shared/result/result.ts';
import type { ScannedCode } from '#shared/tender/payment-code.ts';
import { maskCode } from '#shared/tender/recognise-code.ts';
import { isWaiting } from '#terminal/agent/checkout/checkout-machine.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';
import { settleCash } from '#terminal/agent/checkout/actions/pay-cash.ts';
import {
  submittedFact,
  type Sale,
  type ScannedWallet,
} from '#terminal/agent/checkout/sale-facts.ts';

type WalletScan = Extract<ScannedCode, { type: 'wallet' }>;

/**
 * Charges the sale on screen with a wallet code, or holds the code while the line is down. Errors, in order:
 * `code-used-before`, those of the preparation, the disk's.
 */
export async function payByWallet(counter: Counter, scan: WalletScan): Promise<Outcome> {
  const { screen, vault } = counter;
  if (isSameIntent(counter, scan)) return ok(undefined);
  if (isWaiting(screen.till()))
    return screen.step({ type: 'second-scan', atMs: counter.clock.nowMs() });
  if (vault.sentFor(vault.hashOf(scan.code)) !== undefined) return err('code-used-before');
  const prepared = await counter.prepare(true);
  if (!prepared.ok) return prepared;
  const sale = prepared.value;
  if (sale.dueFen === 0) return settleCash(counter, sale, 0);
  vault.keep(sale.orderId, scan.code);
  const started = begin(counter, sale, scan);
  if (started.ok) screen.show(sale.orderId);
  else vault.drop(sale.orderId);
  return started;
}

/** The same code once more, while it is being charged or held, is the same intent and not a second sale. */
function isSameIntent({ screen, vault }: Counter, scan: WalletScan): boolean {
  const till = screen.till();
  if (till.orderId === undefined) return false;
  if (isWaiting(till)) return vault.sentFor(vault.hashOf(scan.code)) === till.orderId;
  return till.screen.type === 'held' && vault.codeOf(till.orderId) === scan.code;
}

function begin(counter: Counter, sale: Sale, scan: WalletScan): Outcome {
  const scanned: ScannedWallet = {
    wallet: scan.wallet,
    codeMask: maskCode(scan.code),
    codeHash: counter.vault.hashOf(scan.code),
  };
  if (!counter.link.online()) return counter.held.hold(sale, scanned);
  const { orderId, amountFen } = sale;
  const attempt = { orderId, amountFen, attempt: sale.lastAttempt + 1 };
  return counter.send(orderId, [...sale.opening, submittedFact(attempt, scanned)]);
}
