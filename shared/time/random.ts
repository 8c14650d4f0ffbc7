/** The one source of randomness. Passed in everywhere; seeded in tests. */
export interface Random {
  /** `count` random bytes, 1..1024. Cryptographic in production. */
  bytes(count: number): Uint8Array;
  /** A uniform number in [0, 1). */
  unit(): number;
}
