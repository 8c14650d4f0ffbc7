import type { BoxMethod } from '#drivers/ecr/box-pos.ts';
import type { BoxVerdict } from '#drivers/simulator/box/box-books.ts';

/** How a transaction goes at a simulated box. */
export type BoxBehaviour =
  /** Paid after `delayMs` (default 0). A long delay is an answer that comes late. */
  | { readonly type: 'approve'; readonly delayMs?: number; readonly method?: BoxMethod }
  | {
      readonly type: 'decline';
      readonly reason?: Exclude<BoxVerdict, 'done'>;
      readonly delayMs?: number;
    }
  /** Waits for `customerPays` or `customerCancels`. */
  | { readonly type: 'ask-customer' }
  | { readonly type: 'answer-twice' }
  /** Charges and reports another amount. */
  | { readonly type: 'wrong-amount'; readonly amountFen: number }
  /** Takes the transaction, charges or not, and never says a word about it. */
  | { readonly type: 'never-answer'; readonly charges: boolean }
  /** As before, and is dead for everything else until its power is cycled. */
  | { readonly type: 'die'; readonly charges: boolean }
  /** As before, but comes back by itself. */
  | { readonly type: 'lose-power'; readonly charges: boolean }
  | { readonly type: 'busy' };

/** Which behaviour comes next: the script first, one each, then the habit. */
export interface BehaviourPlan {
  next(): BoxBehaviour;
  /** What becomes of a wish: a box without its mobile line asks nobody for money. */
  possible(wanted: BoxBehaviour): BoxBehaviour;
  script(behaviours: readonly BoxBehaviour[]): void;
  setHabit(behaviour: BoxBehaviour): void;
  /** Without the mobile line every transaction is declined. */
  setMobileLine(up: boolean): void;
}

export function createBehaviourPlan(): BehaviourPlan {
  let habit: BoxBehaviour = { type: 'approve' };
  let scripted: BoxBehaviour[] = [];
  let mobileLine = true;
  const possible = (wanted: BoxBehaviour): BoxBehaviour =>
    mobileLine ? wanted : { type: 'decline', reason: 'network' };
  return {
    next: () => possible(scripted.shift() ?? habit),
    possible,
    script: (behaviours) => {
      scripted = [...behaviours];
    },
    setHabit: (behaviour) => {
      habit = behaviour;
    },
    setMobileLine: (up) => {
      mobileLine = up;
    },
  };
}
