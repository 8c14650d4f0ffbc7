import type { Random } from '#shared/time/random.ts';
import { createMutator } from './mutate.ts';
import type { FuzzTarget } from './fuzz-target.ts';

export interface FuzzReport {
  readonly target: string;
  readonly inputCount: number;
  /** Messages recognised: a run that recognises none has not reached the parser's inside. */
  readonly foundCount: number;
  readonly heldPeak: number;
  readonly recoveryCount: number;
  readonly failure: FuzzFailure | null;
}

export interface FuzzFailure {
  readonly law: 'throws' | 'holds too much' | 'does not recover' | 'recognises nothing';
  readonly inputNumber: number;
  /** The last inputs in hex, the guilty one last. */
  readonly inputs: readonly string[];
  readonly detail: string;
}

/** After so many inputs the parser is asked to recover, and starts over after as many recoveries. */
const inputsPerRecovery = 64;
const recoveriesPerParser = 64;
const inputsShown = 8;

/** Feeds `inputCount` inputs and judges the parser's laws after each. Stops at the first that is broken. */
export function runFuzz(target: FuzzTarget, inputCount: number, random: Random): FuzzReport {
  const next = createMutator(target.seeds, random);
  const recent: Uint8Array[] = [];
  let parser = target.open();
  let foundCount = 0;
  let heldPeak = 0;
  let recoveryCount = 0;
  let inputNumber = 0;
  const report = (law?: FuzzFailure['law'], detail = ''): FuzzReport => ({
    target: target.name,
    inputCount: inputNumber,
    foundCount,
    heldPeak,
    recoveryCount,
    failure: law === undefined ? null : { law, inputNumber, detail, inputs: recent.map(hexOf) },
  });

  while (inputNumber < inputCount) {
    const input = next();
    inputNumber += 1;
    recent.push(input);
    if (recent.length > inputsShown) recent.shift();
    try {
      foundCount += parser.feed(input);
      heldPeak = Math.max(heldPeak, parser.held());
      if (heldPeak > target.heldMax) return report('holds too much', `${heldPeak} held`);
      if (inputNumber % inputsPerRecovery > 0) continue;
      if (!parser.recovers()) return report('does not recover');
      recoveryCount += 1;
    } catch (error) {
      return report('throws', error instanceof Error ? (error.stack ?? error.message) : 'unnamed');
    }
    if (recoveryCount % recoveriesPerParser === 0) parser = target.open();
  }
  return foundCount === 0 ? report('recognises nothing') : report();
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
