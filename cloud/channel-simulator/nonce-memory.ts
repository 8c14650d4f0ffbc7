/** Nonces remembered at most; a caller that sends more within the window is refused until old ones run out. */
export const noncesMax = 500_000;

/** Refuses what was seen before. Shared by every face. */
export interface NonceMemory {
  /** False when the nonce was used within the window, or when there is no room. */
  use(nonce: string, nowMs: number): boolean;
}

export function createNonceMemory(windowMs: number): NonceMemory {
  // Insertion order is time order, so the oldest nonces come first and are dropped from the front.
  const seen = new Map<string, number>();
  const forget = (nowMs: number): void => {
    for (const [nonce, untilMs] of seen) {
      if (untilMs > nowMs) return;
      seen.delete(nonce);
    }
  };
  return {
    use: (nonce, nowMs) => {
      forget(nowMs);
      if (seen.has(nonce) || seen.size >= noncesMax) return false;
      seen.set(nonce, nowMs + windowMs);
      return true;
    },
  };
}
