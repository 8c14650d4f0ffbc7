import type { Clock } from '#shared/time/clock.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { BoxMethod } from '#drivers/ecr/box-pos.ts';
import {
  createBoxBooks,
  type BoxBookEntry,
  type BoxVerdict,
  type DeskAnswer,
  type DeskAsk,
} from '#drivers/simulator/box-books.ts';

/**
 * The inside of a simulated box: a screen, a customer, and books of its own. It knows nothing of bytes. Its books are the
 * truth in tests: a sale that is handed to it twice is charged twice.
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

const powerLossMs = 3_000;

export function createBoxDesk(deps: {
  readonly timers: Timers;
  readonly clock: Clock;
}): BoxDeskInside {
  const books = createBoxBooks();
  const ended = new Map<string, BoxVerdict>();
  const listeners: (() => void)[] = [];
  let habit: BoxBehaviour = { type: 'approve' };
  let scripted: BoxBehaviour[] = [];
  let mobileLine = true;
  let dead = false;
  let life = 0;
  let inHand: InHand | null = null;

  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const later = (delayMs: number, run: () => void): void => {
    const born = life;
    const guarded = (): void => {
      if (born === life) run();
    };
    if (delayMs === 0) guarded();
    else deps.timers.after(delayMs, guarded);
  };

  const charge = (ask: DeskAsk, method: BoxMethod, amountFen: number): DeskAnswer =>
    books.charge(ask, { method, amountFen, atMs: deps.clock.nowMs() });

  const finish = (hand: InHand, answer: DeskAnswer, times = 1): void => {
    inHand = null;
    if (answer.verdict !== 'done') ended.set(hand.ask.mark, answer.verdict);
    for (let count = 0; count < times; count += 1) hand.answer(answer);
    changed();
  };
  const pay = (hand: InHand, method: BoxMethod, times = 1, amountFen = hand.ask.amountFen): void =>
    finish(hand, charge(hand.ask, method, amountFen), times);

  const perform = (hand: InHand, behaviour: BoxBehaviour): void => {
    switch (behaviour.type) {
      case 'approve':
        return later(behaviour.delayMs ?? 0, () => {
          // Whoever gave up meanwhile pays no more.
          if (inHand === hand) pay(hand, behaviour.method ?? 'scan');
        });
      case 'decline':
        return later(behaviour.delayMs ?? 0, () => {
          if (inHand === hand) finish(hand, { verdict: behaviour.reason ?? 'bank', entry: null });
        });
      case 'ask-customer':
        return;
      case 'answer-twice':
        return pay(hand, 'scan', 2);
      case 'wrong-amount':
        return pay(hand, 'scan', 1, behaviour.amountFen);
      case 'busy':
        inHand = null;
        return hand.answer({ verdict: 'busy', entry: null });
      case 'never-answer':
      case 'die':
      case 'lose-power':
        if (behaviour.charges) charge(hand.ask, 'scan', hand.ask.amountFen);
        else ended.set(hand.ask.mark, 'user');
        inHand = null;
        dead = behaviour.type !== 'never-answer';
        if (behaviour.type === 'lose-power') later(powerLossMs, powerCycle);
    }
  };

  /** A box without its mobile line asks nobody for money. */
  const begin = (hand: InHand, planned: BoxBehaviour): void => {
    perform(hand, mobileLine ? planned : { type: 'decline', reason: 'network' });
    changed();
  };

  const powerCycle = (): void => {
    life += 1;
    if (inHand !== null) ended.set(inHand.ask.mark, 'user');
    inHand = null;
    dead = false;
    changed();
  };

  return {
    screen: () => {
      if (dead) return { type: 'dead' };
      if (inHand === null) return { type: 'idle' };
      return { type: 'waiting', mark: inHand.ask.mark, amountFen: inHand.ask.amountFen };
    },
    books: () => books.entries(),
    script: (...behaviours) => {
      scripted = [...behaviours];
    },
    setHabit: (behaviour) => {
      habit = behaviour;
    },
    setMobileLine: (up) => {
      mobileLine = up;
    },
    customerPays: (method = 'scan') => {
      if (inHand !== null) pay(inHand, method);
    },
    customerCancels: () => {
      if (inHand !== null) finish(inHand, { verdict: 'user', entry: null });
    },
    decide: (behaviour) => {
      if (inHand !== null) begin(inHand, behaviour);
    },
    powerCycle,
    isDead: () => dead,
    onChange: (listener) => void listeners.push(listener),
    take: (ask, answer) => {
      const hand: InHand = { ask, answer };
      inHand = hand;
      begin(hand, scripted.shift() ?? habit);
    },
    isBusy: () => inHand !== null,
    find: (mark) => books.find(mark),
    endedWithout: (mark) => ended.get(mark),
    lastSale: () => books.lastSale(),
  };
}

interface InHand {
  readonly ask: DeskAsk;
  readonly answer: (answer: DeskAnswer) => void;
}
