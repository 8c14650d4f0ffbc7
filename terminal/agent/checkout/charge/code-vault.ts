import { createHmac } from 'node:crypto';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Clock } from '#shared/time/clock.ts';

/**
 * The only place where a payment code exists on this machine: in memory, for 45 s at most, then dropped.
 * Beside it, keyed hashes of codes that were sent, so that a code shown twice is recognised without keeping it.
 */
export interface CodeVault {
  /** Takes a code in for an order, replacing an earlier one. */
  readonly keep: (orderId: OrderId, code: string) => void;
  /** The code, while it is alive. */
  readonly codeOf: (orderId: OrderId) => string | undefined;
  /** Wall time until which the code of the order is alive; undefined when there is none. */
  readonly aliveUntilMs: (orderId: OrderId) => number | undefined;
  readonly drop: (orderId: OrderId) => void;
  readonly hashOf: (code: string) => string;
  /** A number of 0..2^32-1 that follows from the text and this till's secret: nobody outside can foresee it. */
  readonly lotOf: (text: string) => number;
  /** From now on the code with this hash counts as used. */
  readonly markSent: (orderId: OrderId, hash: string) => void;
  /** The code was not received after all: it may be scanned again. */
  readonly markUnsent: (orderId: OrderId) => void;
  /** The order a code was sent for, if it was. */
  readonly sentFor: (hash: string) => OrderId | undefined;
}

/** How long a scanned code is kept, at most: payer codes live about a minute. */
export const codeLifeMs = 45_000;
/** More orders than this never have a live code on one till. */
const codesMax = 16;
const sentMax = 200;

export function createCodeVault(deps: { clock: Clock; hashKey: Uint8Array }): CodeVault {
  const codes = new Map<OrderId, { code: string; untilMs: number; untilMonotonicMs: number }>();
  const sent = new Map<string, OrderId>();
  const alive = (orderId: OrderId) => {
    const kept = codes.get(orderId);
    if (!kept) return undefined;
    if (deps.clock.monotonicMs() < kept.untilMonotonicMs) return kept;
    codes.delete(orderId);
    return undefined;
  };
  return {
    keep: (orderId, code) => {
      for (const known of codes.keys()) alive(known);
      if (codes.size >= codesMax) codes.delete([...codes.keys()][0] ?? orderId);
      codes.set(orderId, {
        code,
        untilMs: deps.clock.nowMs() + codeLifeMs,
        untilMonotonicMs: deps.clock.monotonicMs() + codeLifeMs,
      });
    },
    codeOf: (orderId) => alive(orderId)?.code,
    aliveUntilMs: (orderId) => alive(orderId)?.untilMs,
    drop: (orderId) => {
      codes.delete(orderId);
    },
    hashOf: (code) => createHmac('sha256', deps.hashKey).update(code).digest('hex'),
    lotOf: (text) =>
      createHmac('sha256', deps.hashKey).update(`lot\n${text}`).digest().readUInt32BE(),
    markSent: (orderId, hash) => {
      sent.delete(hash);
      sent.set(hash, orderId);
      const [oldest] = sent.keys();
      if (sent.size > sentMax && oldest !== undefined) sent.delete(oldest);
    },
    markUnsent: (orderId) => {
      for (const [hash, owner] of sent) if (owner === orderId) sent.delete(hash);
    },
    sentFor: (hash) => sent.get(hash),
  };
}
