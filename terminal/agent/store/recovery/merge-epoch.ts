import { genesisHash, type WireEntry } from '#shared/wire/v1/journal.ts';
import { entryHash } from '#terminal/agent/journal/hash-chain.ts';

/** Where a piece of chain begins: the entry before it. */
export interface ChainStart {
  readonly seq: number;
  readonly hash: string;
}
export const genesis: ChainStart = { seq: 0, hash: genesisHash };

/** What the cloud has of an epoch. */
export interface CloudEpoch {
  readonly headSeq: number;
  readonly headHash: string;
}

export interface MergedEpoch {
  /** One unbroken, proved chain from the start: what the cloud has, and what the files have after it. */
  readonly chain: readonly WireEntry[];
  /** Entries of the files that belong nowhere in it, in order: after a gap, or of another history than the cloud's. */
  readonly left: readonly WireEntry[];
  /** Numbers between the chain and the last entry that was left, which nobody has. */
  readonly lost: readonly { readonly fromSeq: number; readonly toSeq: number }[];
  /** How many entries came from the cloud. */
  readonly pulledCount: number;
  /** Entries whose text and hash contradict each other. */
  readonly altered: readonly WireEntry[];
}

/**
 * Puts one epoch together from what several files have of it and what the cloud has. The cloud's word stands as far as
 * it goes; after it, an entry counts when its hash follows from the one before.
 */
export async function mergeEpoch(parts: {
  readonly epoch: string;
  readonly start: ChainStart;
  readonly files: readonly ReadonlyMap<number, WireEntry>[];
  readonly cloud: CloudEpoch | undefined;
  /** The last number that a file knows of, whether or not it can be read; 0 when none does. */
  readonly lastSeq: number;
  /** All entries that the cloud has after `afterSeq`. */
  readonly pull: (afterSeq: number) => Promise<readonly WireEntry[]>;
}): Promise<MergedEpoch> {
  const { epoch, start, cloud } = parts;
  let chain = extend(epoch, [], parts);
  let pulledCount = 0;
  if (cloud && cloud.headSeq > start.seq && !agrees(chain, start, cloud)) {
    const end = chain.at(-1)?.seq ?? start.seq;
    const behind = cloud.headSeq > end ? await parts.pull(end) : [];
    const before = chain.at(-1)?.hash ?? start.hash;
    const follows =
      behind[0] !== undefined && entryHash(before, { epoch, ...behind[0] }) === behind[0].hash;
    // Two histories under one name: the cloud's is the one that others have seen.
    const pulled = follows ? behind : await parts.pull(start.seq);
    chain = extend(epoch, follows ? [...chain, ...pulled] : [...pulled], parts);
    pulledCount = pulled.length;
  }
  return { chain, pulledCount, ...leftOver(epoch, { ...parts, chain }) };
}

/** Goes on with whatever entry of any file follows. */
function extend(
  epoch: string,
  chain: readonly WireEntry[],
  {
    start,
    files,
  }: { readonly start: ChainStart; readonly files: readonly ReadonlyMap<number, WireEntry>[] },
): WireEntry[] {
  const longer = [...chain];
  let last: ChainStart = longer.at(-1) ?? start;
  for (;;) {
    const { seq, hash } = last;
    const next = files
      .map((file) => file.get(seq + 1))
      .find((entry) => entry && entryHash(hash, { epoch, ...entry }) === entry.hash);
    if (!next) return longer;
    longer.push(next);
    last = next;
  }
}

const agrees = (chain: readonly WireEntry[], start: ChainStart, cloud: CloudEpoch): boolean =>
  chain[cloud.headSeq - start.seq - 1]?.hash === cloud.headHash;

function leftOver(
  epoch: string,
  parts: {
    readonly chain: readonly WireEntry[];
    readonly files: readonly ReadonlyMap<number, WireEntry>[];
    readonly start: ChainStart;
    readonly lastSeq: number;
  },
): Pick<MergedEpoch, 'left' | 'lost' | 'altered'> {
  const inChain = new Map(parts.chain.map((entry) => [entry.seq, entry.hash]));
  const others = new Map<number, WireEntry>();
  for (const file of parts.files)
    for (const [seq, entry] of file)
      if (seq > parts.start.seq && inChain.get(seq) !== entry.hash && !others.has(seq))
        others.set(seq, entry);
  const ordered = [...others.values()].toSorted((a, b) => a.seq - b.seq);
  const altered = ordered.filter((entry) => {
    const before = others.get(entry.seq - 1)?.hash ?? inChain.get(entry.seq - 1);
    return before !== undefined && entryHash(before, { epoch, ...entry }) !== entry.hash;
  });
  const left = ordered.filter((entry) => !altered.includes(entry));
  const chainEnd = parts.chain.at(-1)?.seq ?? parts.start.seq;
  return { left, altered, lost: holes({ chainEnd, lastSeq: parts.lastSeq, left, altered }) };
}

function holes({
  chainEnd,
  lastSeq,
  left,
  altered,
}: {
  readonly chainEnd: number;
  readonly lastSeq: number;
  readonly left: readonly WireEntry[];
  readonly altered: readonly WireEntry[];
}): MergedEpoch['lost'] {
  const present = new Set(left.map(({ seq }) => seq));
  const last = Math.max(lastSeq, left.at(-1)?.seq ?? 0, altered.at(-1)?.seq ?? 0);
  const lost: { fromSeq: number; toSeq: number }[] = [];
  for (let seq = chainEnd + 1; seq <= last; seq += 1) {
    if (present.has(seq)) continue;
    const open = lost.at(-1);
    if (open && open.toSeq === seq - 1) open.toSeq = seq;
    else lost.push({ fromSeq: seq, toSeq: seq });
  }
  return lost;
}
