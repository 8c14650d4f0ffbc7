import { getOrThrow } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { FarSide } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import { readerStart, readOn } from '#drivers/ecr/frame-reader.ts';
import {
  ack,
  encodeStxEtx,
  nak,
  takeStxEtx,
  type StxEtxEvent,
  type StxEtxFraming,
} from '#drivers/ecr/stx-etx/frame.ts';
import type { BoxBookEntry, BoxVerdict, DeskAsk } from '#drivers/simulator/box/box-books.ts';
import { createBoxDesk, type BoxDesk } from '#drivers/simulator/box/box-desk.ts';

/** A bank terminal that speaks STX/ETX/LRC at the far end of a wire. */
export interface StxEtxSimulator extends BoxDesk {
  attach(far: FarSide): void;
  /** Messages it could not read. A correct driver leaves this 0. */
  unreadableCount(): number;
}

/** The words of one dialect, from the box's side. */
export interface BoxWords {
  readonly framing: StxEtxFraming;
  /** null: not a message of the dialect. */
  read(payload: Uint8Array): BoxHeard | null;
  /** An answer to what was heard. */
  write(heard: BoxHeard, said: BoxSaid): Uint8Array;
  /** Sent while the customer is at it; null where the dialect has no such message. */
  progress(heard: BoxHeard): Uint8Array | null;
}

export type BoxHeard =
  | { readonly type: 'transaction'; readonly ask: DeskAsk; readonly wantsProgress: boolean }
  | { readonly type: 'last-sale' }
  | { readonly type: 'poll' }
  | { readonly type: 'load-keys' }
  | { readonly type: 'close-day' };

export interface BoxSaid {
  readonly verdict: BoxVerdict;
  readonly entry: BoxBookEntry | null;
}

export interface StxEtxSimulatorDeps {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly words: BoxWords;
  /** Pause before each message of its own, in ms; default 0: glued to the acknowledgement before it. */
  readonly thinkMs?: number;
}

const repeatMs = 600;
const repeatsMax = 5;

export function createStxEtxSimulator(deps: StxEtxSimulatorDeps): StxEtxSimulator {
  const desk = createBoxDesk(deps);
  const { words } = deps;
  const voice = createStxEtxVoice({ ...deps, framing: words.framing, isDead: () => desk.isDead() });
  let unreadable = 0;
  /** The transaction that was taken last: the same bytes once more are a repetition, not a new one. */
  let lastTaken = '';
  let lastAnswer: Uint8Array | null = null;

  const answer = (heard: BoxHeard, said: BoxSaid): void => voice.say(words.write(heard, said));

  const transact = (heard: Extract<BoxHeard, { type: 'transaction' }>, print: string): void => {
    voice.acknowledge();
    if (print === lastTaken) {
      if (lastAnswer !== null) voice.say(lastAnswer);
      return;
    }
    lastTaken = print;
    lastAnswer = null;
    const progress = heard.wantsProgress ? words.progress(heard) : null;
    if (progress !== null) voice.say(progress);
    desk.take(heard.ask, (said) => {
      lastAnswer = words.write(heard, said);
      voice.say(lastAnswer);
    });
  };

  const obey = (payload: Uint8Array): void => {
    const heard = words.read(payload);
    const print = Buffer.from(payload).toString('latin1');
    if (heard === null) {
      unreadable += 1;
      return voice.refuse();
    }
    // With a customer before it the box hears nothing but a repetition of what it is doing.
    if (desk.isBusy()) return print === lastTaken ? voice.acknowledge() : undefined;
    if (heard.type === 'transaction') return transact(heard, print);
    voice.acknowledge();
    if (heard.type === 'poll') return;
    if (heard.type !== 'last-sale') return answer(heard, { verdict: 'done', entry: null });
    const entry = desk.lastSale() ?? null;
    answer(heard, { verdict: entry === null ? 'unknown-sale' : 'done', entry });
  };

  voice.onMessage(obey);
  // Repetitions are known on one connection only: what comes after a reconnection is charged like any other.
  voice.onFresh(() => {
    lastTaken = '';
  });
  return {
    ...desk,
    powerCycle: () => {
      voice.forget();
      lastTaken = '';
      desk.powerCycle();
    },
    attach: (far) => voice.attach(far),
    unreadableCount: () => unreadable,
  };
}

interface StxEtxVoice {
  attach(far: FarSide): void;
  onMessage(listener: (payload: Uint8Array) => void): void;
  /** A host came or went. */
  onFresh(listener: () => void): void;
  acknowledge(): void;
  refuse(): void;
  /** Sends one message after the other, each until it is acknowledged or given up. */
  say(payload: Uint8Array): void;
  forget(): void;
}

function createStxEtxVoice(deps: {
  readonly timers: Timers;
  readonly framing: StxEtxFraming;
  readonly thinkMs?: number;
  readonly isDead: () => boolean;
}): StxEtxVoice {
  const alarm = createAlarm(deps.timers);
  const takeHead = takeStxEtx(deps.framing);
  let far: FarSide | null = null;
  const listeners: ((payload: Uint8Array) => void)[] = [];
  const freshListeners: (() => void)[] = [];
  let waiting: { readonly bytes: Uint8Array; repeats: number }[] = [];

  const write = (bytes: Uint8Array): void => {
    if (!deps.isDead()) far?.send(bytes);
  };
  const sayFirst = (): void => {
    const [first] = waiting;
    if (first === undefined) return alarm.clear();
    if (first.repeats > repeatsMax) return drop();
    first.repeats += 1;
    write(first.bytes);
    alarm.set(repeatMs, sayFirst);
  };
  const sayAfterThinking = (): void => {
    if (deps.thinkMs === undefined) sayFirst();
    else alarm.set(deps.thinkMs, sayFirst);
  };
  const drop = (): void => {
    waiting.shift();
    sayAfterThinking();
  };

  const take = (event: StxEtxEvent): void => {
    if (event.type === 'frame') for (const listener of listeners) listener(event.data);
    else if ((waiting[0]?.repeats ?? 0) === 0) return;
    else if (event.type === 'ack') drop();
    else sayFirst();
  };

  return {
    attach: (wire) => {
      let reader = readerStart;
      wire.onPresence(() => {
        reader = readerStart;
        for (const listener of freshListeners) listener();
      });
      wire.onBytes((chunk) => {
        if (deps.isDead()) return;
        far = wire;
        const step = readOn(reader, chunk, takeHead);
        reader = step.state;
        for (const event of step.values) if (!deps.isDead()) take(event);
        const heard = step.values.some((event) => event.type === 'frame');
        if (step.badCount > 0 && !heard) write(Uint8Array.of(nak));
      });
    },
    onMessage: (listener) => void listeners.push(listener),
    onFresh: (listener) => void freshListeners.push(listener),
    acknowledge: () => write(Uint8Array.of(ack)),
    refuse: () => write(Uint8Array.of(nak)),
    say: (payload) => {
      const bytes = getOrThrow(encodeStxEtx(payload, deps.framing));
      waiting.push({ bytes, repeats: 0 });
      if (waiting.length === 1) sayAfterThinking();
    },
    forget: () => {
      alarm.clear();
      waiting = [];
    },
  };
}
