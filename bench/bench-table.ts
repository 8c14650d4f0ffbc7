/** What every benchmark answers: measured rows with their ratio to a peer in the same run, and the laws they prove. */
export interface BenchTable {
  readonly name: string;
  /** Processor, cores, operating system and Node version. */
  readonly machine: string;
  /** What each side was set to, where it matters to the comparison. */
  readonly settings?: readonly string[];
  readonly rows: readonly BenchRow[];
  readonly verdicts: readonly BenchVerdict[];
}

export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Ours divided by the peer's, or as the row's name says. */
  readonly ratio?: number;
}

export interface BenchVerdict {
  /** The law as a sentence. */
  readonly law: string;
  /** What was measured, in words with units. */
  readonly measured: string;
  readonly ok: boolean;
}
