import { createHash } from 'node:crypto';
import type { LineFault } from '#cloud/channel-simulator/line.ts';

/** What goes wrong on a bad line; one that loses answers is the commonest, so it stands here twice. */
export const chaosFaults: readonly LineFault[] = [
  'lose-request',
  'lose-answer',
  'lose-answer',
  'forge-answer',
  'garbage',
  'too-many-requests',
];

/** One request in five. */
export const chaosShareDefault = 0.2;

interface ChaosPlan {
  readonly seed: string;
  readonly share: number;
}

/**
 * The fault of each request, one after the other. The same seed makes the same plan: the third request fails or does
 * not, whatever it asks for. `share` of the requests fail, 0..1.
 */
export function createChaos(plan: ChaosPlan): () => LineFault {
  const unit = drawOf(plan);
  let requests = 0;
  return () => {
    requests += 1;
    if (unit(`line/${requests}`) >= plan.share) return 'none';
    return chaosFaults[Math.floor(unit(`fault/${requests}`) * chaosFaults.length)] ?? 'none';
  };
}

/**
 * Which postings of notifies bear a signature that must not hold, as WeChat Pay sends them to see whether its merchants
 * look. Drawn beside the faults of the line: that plan stays what it was.
 */
export function createProbes(plan: ChaosPlan): () => boolean {
  const unit = drawOf(plan);
  let postings = 0;
  return () => {
    postings += 1;
    return unit(`probe/${postings}`) < plan.share;
  };
}

const drawOf =
  ({ seed }: ChaosPlan) =>
  (name: string): number =>
    createHash('sha256').update(`${seed}/${name}`).digest().readUInt32BE() / 2 ** 32;
