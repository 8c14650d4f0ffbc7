import { goodsCodeOf } from '#shared/goods/goods-code.ts';
import type { RoutedScan } from '#shared/scan/route-scan.ts';
import { err } from '#shared/result/result.ts';
import { isWaiting } from '#terminal/agent/checkout/checkout-machine.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';
import { catalogueVersion, findGoods } from '#terminal/agent/goods/goods-store.ts';

/** Under which code goods may stand: a product's, or a text that nothing else claims, which may be the shop's own. */
export function goodsCodeOfScan(routed: RoutedScan, text: string): string | undefined {
  if (routed.type === 'product') return routed.product.gtin;
  return routed.type === 'unknown' && routed.reason === 'no-rule' ? goodsCodeOf(text) : undefined;
}

/**
 * Adds one piece of the scanned goods to the sale being typed. Undefined: the catalogue says nothing about this code,
 * and neither does the till. Errors: `goods-not-in-catalogue`, `goods-lines-full`, `amount-over-limit`,
 * `result-not-known`, `scan-during-charge` while something else of the sale is being prepared.
 */
export function scanGoods(
  counter: Counter,
  {
    routed,
    text,
    isBusy,
  }: { readonly routed: RoutedScan; readonly text: string; readonly isBusy: boolean },
): Outcome | undefined {
  const { screen, journal, clock } = counter;
  const code = goodsCodeOfScan(routed, text);
  const merchantId = counter.config()?.merchantId;
  if (code === undefined || merchantId === undefined) return undefined;
  const goods = findGoods(journal.read, { merchantId, code });
  if (goods === undefined) {
    const isSilent = routed.type !== 'product' || catalogueVersion(journal.read, merchantId) === 0;
    return isSilent || isWaiting(screen.till()) ? undefined : err('goods-not-in-catalogue');
  }
  if (isWaiting(screen.till())) return screen.step({ type: 'second-scan', atMs: clock.nowMs() });
  return isBusy ? err('scan-during-charge') : screen.step({ type: 'goods-added', goods });
}
