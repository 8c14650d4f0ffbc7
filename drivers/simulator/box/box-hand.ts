import type { Clock } from '#shared/time/clock.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { BoxMethod } from '#drivers/ecr/box-pos.ts';
import type { BoxBehaviour } from '#drivers/simulator/box/box-behaviour.ts';
import type {
  BoxBooks,
  BoxVerdict,
  DeskAnswer,
  DeskAsk,
} from '#drivers/simulator/box/box-books.ts';

/** The one transaction that a simulated box has in hand, and the power it lives on. */
export interface BoxHand {
  take(transaction: Transaction): void;
  /** Lets the transaction in hand go as `behaviour` says; nothing happens without one. */
  perform(behaviour: BoxBehaviour): void;
  holds(): DeskAsk | null;
  /** The customer pays or gives up what is in hand; nothing happens without one. */
  pay(method: BoxMethod): void;
  cancel(): void;
  /** A transaction that ended without money. */
  endedWithout(mark: string): BoxVerdict | undefined;
  powerCycle(): void;
  isDead(): boolean;
}

interface Transaction {
  readonly ask: DeskAsk;
  /** Called once, twice or never. */
  readonly answer: (answer: DeskAnswer) => void;
}

export interface BoxHandDeps {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly books: Pick<BoxBooks, 'charge'>;
  readonly onChange: () => void;
}

const powerLossMs = 3_000;

export function createBoxHand({ timers, clock, books, onChange }: BoxHandDeps): BoxHand {
  const ended = new Map<string, BoxVerdict>();
  const lives = createLives(timers);
  let dead = false;
  let inHand: Transaction | null = null;

  const charge = (ask: DeskAsk, method: BoxMethod, amountFen = ask.amountFen): DeskAnswer =>
    books.charge(ask, { method, amountFen, atMs: clock.nowMs() });

  const finish = ({ ask, answer }: Transaction, end: DeskAnswer, times = 1): void => {
    inHand = null;
    if (end.verdict !== 'done') ended.set(ask.mark, end.verdict);
    for (let count = 0; count < times; count += 1) answer(end);
    onChange();
  };

  const perform = (one: Transaction, behaviour: BoxBehaviour): void => {
    switch (behaviour.type) {
      case 'approve':
        return lives.later(behaviour.delayMs ?? 0, () => {
          // Whoever gave up meanwhile pays no more.
          if (inHand === one) finish(one, charge(one.ask, behaviour.method ?? 'scan'));
        });
      case 'decline':
        return lives.later(behaviour.delayMs ?? 0, () => {
          if (inHand === one) finish(one, { verdict: behaviour.reason ?? 'bank', entry: null });
        });
      case 'ask-customer':
        return;
      case 'answer-twice':
        return finish(one, charge(one.ask, 'scan'), 2);
      case 'wrong-amount':
        return finish(one, charge(one.ask, 'scan', behaviour.amountFen));
      case 'busy':
        inHand = null;
        return one.answer({ verdict: 'busy', entry: null });
      case 'never-answer':
      case 'die':
      case 'lose-power':
        if (behaviour.charges) charge(one.ask, 'scan');
        else ended.set(one.ask.mark, 'user');
        inHand = null;
        dead = behaviour.type !== 'never-answer';
        if (behaviour.type === 'lose-power') lives.later(powerLossMs, powerCycle);
    }
  };

  const powerCycle = (): void => {
    lives.next();
    if (inHand !== null) ended.set(inHand.ask.mark, 'user');
    inHand = null;
    dead = false;
    onChange();
  };

  return {
    take: (one) => {
      inHand = one;
    },
    perform: (behaviour) => {
      if (inHand !== null) perform(inHand, behaviour);
    },
    holds: () => inHand?.ask ?? null,
    pay: (method) => {
      if (inHand !== null) finish(inHand, charge(inHand.ask, method));
    },
    cancel: () => {
      if (inHand !== null) finish(inHand, { verdict: 'user', entry: null });
    },
    endedWithout: (mark) => ended.get(mark),
    powerCycle,
    isDead: () => dead,
  };
}

/** What a former life of the box had planned does not happen any more. */
function createLives(timers: Timers): {
  readonly later: (delayMs: number, run: () => void) => void;
  readonly next: () => void;
} {
  let life = 0;
  return {
    later: (delayMs, run) => {
      const born = life;
      const guarded = (): void => {
        if (born === life) run();
      };
      if (delayMs === 0) guarded();
      else timers.after(delayMs, guarded);
    },
    next: () => {
      life += 1;
    },
  };
}
