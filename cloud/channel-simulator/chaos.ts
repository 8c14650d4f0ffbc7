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

/**
 * The fault of each request, one after the other. The same seed makes the same plan: the third request fails or does
 * not, whatever it asks for. `share` of the requests fail, 0..1.
 */
export function createChaos(plan: {
  readonly seed: string;
  readonly share: number;
}): () => LineFault {
  const unit = (name: string): number =>
    createHash('sha256').update(`${plan.seed}/${name}`).digest().readUInt32BE() / 2 ** 32;
  let requests = 0;
  return () => {
    requests += 1;
    if (unit(`line/${requests}`) >= plan.share) return 'none';
    return chaosFaults[Math.floor(unit(`fault/${requests}`) * chaosFaults.length)] ?? 'none';
  };
}
