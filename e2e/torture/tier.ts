/** What one tier did and found. Counts are whole numbers; `lost` and `doubled` must be 0. */
export interface TierOutcome {
  /** Kills, cuts, stops, sales: what `unit` says. */
  readonly tried: number;
  /** Sales that were answered as stored before or between the faults. */
  readonly acknowledged: number;
  /** Acknowledged sales that are missing afterwards. */
  readonly lost: number;
  /** Sales that stand there more than once. */
  readonly doubled: number;
  /** Everything else that must not be: a broken chain, a store that does not open, a total that is off. */
  readonly faults: readonly string[];
  /** What else was counted, for the reader. */
  readonly note: string;
}

export interface TierRun {
  /** How many times, in the tier's own unit. */
  readonly count: number;
  /** The same seed is the same plan; what the machine does in between is its own. */
  readonly seed: number;
  readonly say: (text: string) => void;
}

export interface Tier {
  readonly title: string;
  readonly unit: string;
  /** The count of a long run. */
  readonly fullCount: number;
  /** Answers why this machine cannot run it; undefined: it can. */
  readonly missing: () => string | undefined;
  readonly run: (run: TierRun) => Promise<TierOutcome>;
}

export const isClean = ({ lost, doubled, faults }: TierOutcome): boolean =>
  lost === 0 && doubled === 0 && faults.length === 0;
