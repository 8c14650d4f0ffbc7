import { divFloor } from '#shared/money/exact.ts';
import { fen, subtractFen, sumFen, type Fen } from '#shared/money/fen.ts';
import { shareFloor, wholeBp, type BasisPoints } from '#shared/money/rate.ts';
import { assert } from '#shared/result/assert.ts';

/**
 * Divides `amountFen` in two: floor(amount x rate) and the rest by subtraction, so that both always add up.
 * `amountFen` is not negative, `rate` at most one whole.
 */
export function splitByRate(
  amountFen: Fen,
  rate: BasisPoints,
): { readonly shareFen: Fen; readonly restFen: Fen } {
  assert(rate <= wholeBp, () => `a share of ${rate} basis points is more than the whole`);
  const shareFen = shareFloor(amountFen, rate);
  return { shareFen, restFen: subtractFen(amountFen, shareFen) };
}

/** A part of an allocation. Weights are integers of at least 0; their sum is above 0. */
export interface AllocationPart<Name extends string> {
  readonly name: Name;
  readonly weight: number;
}

/**
 * Allocates `amountFen` by weight: everybody gets his floor, and the fen that are left go one by one to those whose
 * fraction was cut the most (largest remainder). Where fractions are equal, `remainderTo` comes first and then the
 * order of `parts`: every fen has a named owner, and the parts add up to the amount.
 */
export function allocate<Name extends string>(request: {
  readonly amountFen: Fen;
  readonly parts: readonly AllocationPart<Name>[];
  readonly remainderTo: NoInfer<Name>;
}): Readonly<Record<Name, Fen>> {
  const { amountFen, parts, remainderTo } = request;
  assert(amountFen >= 0, () => `allocated a negative amount: ${amountFen}`);
  for (const { name, weight } of parts) {
    assert(Number.isSafeInteger(weight) && weight >= 0, () => `weight of ${name}: ${weight}`);
  }
  const names = new Set(parts.map(({ name }) => name));
  assert(names.size === parts.length, () => `a name stands twice in ${[...names].join(', ')}`);
  assert(names.has(remainderTo), () => `nobody is called ${remainderTo}`);
  const total = parts.reduce((sum, { weight }) => sum + BigInt(weight), 0n);
  const shares = parts.map(({ name, weight }, index) => {
    const product = BigInt(amountFen) * BigInt(weight);
    const floor = divFloor(product, total);
    return { name, floorFen: fen(Number(floor)), cut: product - floor * total, index };
  });
  const leftCount = amountFen - sumFen(shares.map(({ floorFen }) => floorFen));
  const lucky = new Set(
    shares
      .toSorted(
        (a, b) =>
          compareBig(b.cut, a.cut) ||
          Number(b.name === remainderTo) - Number(a.name === remainderTo) ||
          a.index - b.index,
      )
      .slice(0, leftCount)
      .map(({ name }) => name),
  );
  return Object.fromEntries(
    shares.map(({ name, floorFen }) => [name, fen(floorFen + (lucky.has(name) ? 1 : 0))]),
  ) as Record<Name, Fen>;
}

const compareBig = (a: bigint, b: bigint): number => Number(a > b) - Number(a < b);
