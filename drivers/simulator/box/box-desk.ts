import type { BoxMethod } from '#drivers/ecr/box-pos.ts';
import { createBehaviourPlan, type BoxBehaviour } from '#drivers/simulator/box/box-behaviour.ts';
import {
  createBoxBooks,
  type BoxBookEntry,
  type BoxVerdict,
  type DeskAnswer,
  type DeskAsk,
} from '#drivers/simulator/box/box-books.ts';
import { createBoxHand, type BoxHandDeps } from '#drivers/simulator/box/box-hand.ts';

/**
 * The inside of a simulated box: a screen, a customer, and books of its own. It knows nothing of
 * bytes. Its books are the truth in tests: a sale that is handed to it twice is charged twice.
 */
export interface BoxDesk {
  screen(): BoxScreen;
  /** Money that moved, oldest first. Survives the loss of power. */
  books(): readonly BoxBookEntry[];
  /** How the next transactions go, one each; afterwards again as `setHabit` says. */
  script(...behaviours: readonly BoxBehaviour[]): void;
  /** How transactions go that no script names; default: approved at once. */
  setHabit(behaviour: BoxBehaviour): void;
  /** The mobile line of the box: without it every transaction is declined. */
  setMobileLine(up: boolean): void;
  /** The customer who stands before the waiting screen decides. */
  customerPays(method?: BoxMethod): void;
  customerCancels(): void;
  /** What is in hand goes on like this, whatever was scripted for it; nothing happens while nothing is. */
  decide(behaviour: BoxBehaviour): void;
  /** Off and on: what waited is lost, the books stay. A dead box lives again. */
  powerCycle(): void;
  isDead(): boolean;
  onChange(listener: () => void): void;
}

export type BoxScreen =
  | { readonly type: 'idle' }
  | { readonly type: 'waiting'; readonly mark: string; readonly amountFen: number }
  | { readonly type: 'dead' };

/** The half of the desk that protocols use. */
export interface BoxDeskInside extends BoxDesk {
  /** Takes a transaction in hand. `answer` is called once, twice or never. Never call it while {@link isBusy}. */
  take(ask: DeskAsk, answer: (answer: DeskAnswer) => void): void;
  isBusy(): boolean;
  find(mark: string): BoxBookEntry | undefined;
  /** A transaction that ended without money. */
  endedWithout(mark: string): BoxVerdict | undefined;
  lastSale(): BoxBookEntry | undefined;
}

export function createBoxDesk(deps: Pick<BoxHandDeps, 'timers' | 'clock'>): BoxDeskInside {
  const books = createBoxBooks();
  const plan = createBehaviourPlan();
  const listeners: (() => void)[] = [];
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const hand = createBoxHand({ ...deps, books, onChange: changed });

  return {
    screen: () => {
      if (hand.isDead()) return { type: 'dead' };
      const ask = hand.holds();
      if (ask === null) return { type: 'idle' };
      return { type: 'waiting', mark: ask.mark, amountFen: ask.amountFen };
    },
    books: () => books.entries(),
    script: (...behaviours) => plan.script(behaviours),
    setHabit: (behaviour) => plan.setHabit(behaviour),
    setMobileLine: (up) => plan.setMobileLine(up),
    customerPays: (method = 'scan') => hand.pay(method),
    customerCancels: () => hand.cancel(),
    decide: (behaviour) => {
      if (hand.holds() === null) return;
      hand.perform(plan.possible(behaviour));
      changed();
    },
    powerCycle: () => hand.powerCycle(),
    isDead: () => hand.isDead(),
    onChange: (listener) => void listeners.push(listener),
    take: (ask, answer) => {
      hand.take({ ask, answer });
      hand.perform(plan.next());
      changed();
    },
    isBusy: () => hand.holds() !== null,
    find: (mark) => books.find(mark),
    endedWithout: (mark) => hand.endedWithout(mark),
    lastSale: () => books.lastSale(),
  };
}
