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
  /** What else was counted; the tier's `note` says it in words. */
  readonly counts: Counts;
}

export type Counts = Readonly<Record<string, number>>;

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
  /**
   * A long run is cut into parts of so many, each judged and kept by itself, so that it can be taken up again where it
   * stopped. Undefined: in one piece.
   */
  readonly partCount?: number;
  readonly run: (run: TierRun) => Promise<TierOutcome>;
  /** What was done, with the tier's own counts. Pure. */
  readonly note: (counts: Counts) => string;
  /** What the tier has found so far, and how it was fixed. Whole sentences. */
  readonly found: string;
}

export const isClean = ({ lost, doubled, faults }: TierOutcome): boolean =>
  lost === 0 && doubled === 0 && faults.length === 0;

export const nothingTried: TierOutcome = {
  tried: 0,
  acknowledged: 0,
  lost: 0,
  doubled: 0,
  faults: [],
  counts: {},
};

/** Two parts of one run as one. Pure. */
export const addOutcomes = (a: TierOutcome, b: TierOutcome): TierOutcome => ({
  tried: a.tried + b.tried,
  acknowledged: a.acknowledged + b.acknowledged,
  lost: a.lost + b.lost,
  doubled: a.doubled + b.doubled,
  faults: [...a.faults, ...b.faults],
  counts: addCounts(a.counts, b.counts),
});

export const addCounts = (a: Counts, b: Counts): Counts =>
  Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [
      name,
      (a[name] ?? 0) + (b[name] ?? 0),
    ]),
  );

/** A count in the house's way: 12,345; 0 when it was never counted. */
export const counted = (counts: Counts, name: string): string =>
  (counts[name] ?? 0).toLocaleString('en-US');
