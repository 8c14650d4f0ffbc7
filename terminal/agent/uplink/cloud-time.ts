import type { Clock } from '#shared/time/clock.ts';
import { signatureAgeSecondsMax } from '#shared/wire/v1/signing.ts';

/** A clock this close to the cloud's is left alone. */
const offsetToleratedMs = 2_000;
/** The cloud takes a signature made this far from its own time. */
const signatureAgeMsMax = signatureAgeSecondsMax * 1_000;
/** The time in a signature and in a header are whole seconds. */
const wholeSecondMs = 1_000;

/** The time that a request named in its signature, and when it left by the steady clock. */
export interface TimeOfSignature {
  readonly createdMs: number;
  readonly monotonicMs: number;
}

export interface CloudTime {
  /** What the computer's clock is corrected by, milliseconds. */
  offsetMs(): number;
  /** The last believed time plus the steady time since; undefined before there was one. */
  trustedNowMs(): number | undefined;
  /** What the last answer of anything said, the same way. */
  claimedNowMs(): number | undefined;
  /** What anything between here and the cloud may have said: to be shown, not to be believed. */
  heed(headers: Headers): void;
  /**
   * The cloud took a signature of ours: its clock is within the window of the time in it. A header
   * says it closer, and is believed inside that window alone; further away it is not the cloud's,
   * whoever wrote it. `agreedMs`: what the cloud had named when it refused the clock before, and
   * took a signature by now.
   */
  learn(headers: Headers, signed: TimeOfSignature, agreedMs: number | undefined): void;
}

/**
 * The cloud's time, as far as a till may believe it. A proxy, a gateway or a login page writes
 * dates too, and days of sales, times of offline sales and the ends of codes go by this time: so
 * nothing is believed that the cloud did not prove by taking a signature (docs/wire.md 4).
 */
export function createCloudTime(clock: Clock): CloudTime {
  let offsetMs = 0;
  let trusted: Anchor | undefined;
  let claimed: Anchor | undefined;
  const sinceThen = (then: Anchor | undefined): number | undefined =>
    then && Math.trunc(then.serverMs + clock.monotonicMs() - then.monotonicMs);
  return {
    offsetMs: () => offsetMs,
    trustedNowMs: () => sinceThen(trusted),
    claimedNowMs: () => sinceThen(claimed),
    heed: (headers) => {
      const serverMs = dateOf(headers);
      if (serverMs !== undefined) claimed = { serverMs, monotonicMs: clock.monotonicMs() };
    },
    learn: (headers, signed, agreedMs) => {
      const underWayMs = clock.monotonicMs() - signed.monotonicMs;
      const headerMs = dateOf(headers);
      const isInside = headerMs !== undefined && isNear(headerMs - signed.createdMs, underWayMs);
      const serverMs = isInside ? headerMs : agreedMs;
      if (serverMs === undefined) return;
      trusted = { serverMs, monotonicMs: clock.monotonicMs() };
      const differenceMs = serverMs - clock.nowMs();
      offsetMs = Math.abs(differenceMs) > offsetToleratedMs ? differenceMs : 0;
    },
  };
}

/** A wall time, and what the steady clock was then. */
interface Anchor {
  readonly serverMs: number;
  readonly monotonicMs: number;
}

const isNear = (aheadMs: number, underWayMs: number): boolean =>
  aheadMs >= -signatureAgeMsMax - wholeSecondMs &&
  aheadMs <= signatureAgeMsMax + wholeSecondMs + underWayMs;

function dateOf(headers: Headers): number | undefined {
  const dateMs = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(dateMs) ? undefined : dateMs;
}
