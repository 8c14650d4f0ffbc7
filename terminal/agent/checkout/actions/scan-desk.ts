import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { routeScan, type RoutedScan, type UnknownReason } from '#shared/scan/route-scan.ts';
import type { Scan } from '#shared/scan/scan.ts';
import { isWaiting } from '#terminal/agent/checkout/checkout-machine.ts';
import type { Counter } from '#terminal/agent/checkout/counter.ts';
import { scanMemberCode } from '#terminal/agent/checkout/actions/pay-by-member-code.ts';
import { payByWallet } from '#terminal/agent/checkout/actions/pay-by-wallet.ts';
import { scanCoupon } from '#terminal/agent/checkout/actions/scan-coupon.ts';
import { scanGoods } from '#terminal/agent/checkout/actions/scan-goods.ts';
import type { Turn } from '#terminal/agent/checkout/turn.ts';

/**
 * Takes a scan to where it belongs. What cannot pay is said in words. While a sale is in flight nothing that is scanned
 * reaches it: every other code is kept out and explained, whatever it is; the same payment code again is one intent.
 */
export async function scanAtCounter(counter: Counter, turn: Turn, scan: Scan): Promise<void> {
  const { screen } = counter;
  const routed = routeScan(scan, { claimBaseUrl: counter.config()?.claimBaseUrl ?? '' });
  if (routed.type === 'payment' || routed.type === 'member') {
    const { code } = routed;
    const outcome = await turn.take(() =>
      routed.type === 'payment'
        ? payByWallet(counter, { type: 'wallet', wallet: routed.wallet, code })
        : scanMemberCode(counter, code),
    );
    if (!outcome.ok) screen.notice(outcome.error);
    return;
  }
  if (routed.type === 'coupon') {
    const used = await turn.take(() => scanCoupon(counter, routed.token));
    if (!used.ok) screen.notice(used.error);
    return;
  }
  const added = scanGoods(counter, { routed, text: scan.text, isBusy: turn.isTaken() });
  if (added !== undefined) {
    if (!added.ok) screen.notice(added.error);
    return;
  }
  const words = noticeOf(routed);
  if (words === undefined) return;
  if (isWaiting(screen.till())) screen.step({ type: 'second-scan', atMs: counter.clock.nowMs() });
  else screen.notice(words);
}

type NotPaying = Exclude<RoutedScan, { type: 'payment' | 'member' | 'coupon' }>;

/** What the cashier is told; undefined where there is nothing to tell. Pure. */
export function noticeOf(routed: NotPaying): ErrorCode | undefined {
  switch (routed.type) {
    case 'product':
      return 'code-is-product';
    case 'voucher':
      return 'code-is-voucher';
    case 'link':
      return linkNotice[routed.purpose];
    case 'unknown':
      return unknownNotice[routed.reason];
    default:
      return exhaustive(routed);
  }
}

const linkNotice = {
  claim: 'code-is-claim',
  'static-payment': 'code-is-receiving',
  page: 'code-is-link',
} as const;

const unknownNotice: Readonly<Record<UnknownReason, ErrorCode | undefined>> = {
  empty: undefined,
  'too-long': 'code-too-long',
  'wrong-carrier': 'code-not-recognised',
  'gs1-without-product': 'code-not-recognised',
  'full-width': 'scan-through-input-method',
  'not-ascii': 'code-not-recognised',
  'no-rule': 'code-not-recognised',
};
