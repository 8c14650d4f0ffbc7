import { err, type Result } from '#shared/result/result.ts';
import type { Link } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { WriteError } from '#drivers/core/transport.ts';
import { createEventWaits } from '#drivers/printer/status/event-waits.ts';
import {
  readCondition,
  type AskStatus,
  type Reading,
} from '#drivers/printer/status/printer-condition.ts';
import { demux, demuxStart, type PrinterEvent } from '#drivers/printer/status/status-demux.ts';

/** One connection to a printer: writes in turn, questions with their answers. Dies with the connection. */
export interface PrinterLine {
  readonly generation: number;
  feed(chunk: Uint8Array): void;
  /** The connection is gone: every wait ends unanswered. */
  end(): void;
  /** Sends between two other sends, never inside one. */
  send(bytes: ArrayLike<number>): Promise<Result<void, WriteError>>;
  /** As `send`, but waits while the printer says XOFF (up to `flowWaitMsMax`). For data; questions need no room. */
  sendData(bytes: Uint8Array): Promise<Result<void, WriteError>>;
  drain(): Promise<Result<void, WriteError>>;
  /** Full condition by DLE EOT; `silent` when two questions in a row were not answered. */
  condition(): Promise<Reading>;
  /** The first event that `match` takes, or null after `timeoutMs`. */
  wait<T>(match: (event: PrinterEvent) => T | null, timeoutMs: number): Promise<T | null>;
  /**
   * Nobody else asks in sequence meanwhile. Answers do not say what they answer, so two questions of the same kind must
   * never be open at once; a job that ends with GS r waits here for its turn.
   */
  inSequence<T>(work: () => Promise<T>): Promise<T>;
  /** Sends an in-sequence question, when its turn has come, and waits for its answer. */
  ask<T>(question: {
    readonly bytes: ArrayLike<number>;
    readonly match: (event: PrinterEvent) => T | null;
    readonly timeoutMs: number;
  }): Promise<T | null>;
}

export const statusAnswerMsMax = 400;
/** After an unanswered question its late answer is waited out: every status byte looks alike, and n is not in it. */
const lateAnswerMs = 300;
const flowWaitMsMax = 30_000;

export function createPrinterLine(deps: {
  readonly link: Link;
  readonly timers: Timers;
  readonly onEvent: (event: PrinterEvent) => void;
}): PrinterLine {
  const { link } = deps;
  const waits = createEventWaits(deps.timers);
  let demuxed = demuxStart;
  let ended = false;
  const writing = createTurn();
  const realTime = createTurn();
  const inSequence = createTurn();
  let mayFlow = true;

  const send = (bytes: ArrayLike<number>): Promise<Result<void, WriteError>> =>
    writing(async () => (ended ? err({ type: 'not-open' }) : link.write(Uint8Array.from(bytes))));

  const sendData = async (bytes: Uint8Array): Promise<Result<void, WriteError>> => {
    if (!mayFlow) {
      const resumed = await waits.wait(resumesFlow, flowWaitMsMax);
      if (resumed === null && !ended) mayFlow = true;
    }
    return send(bytes);
  };

  const askNow: PrinterLine['ask'] = async (question) => {
    const answer = waits.wait(question.match, question.timeoutMs);
    const sent = await send(question.bytes);
    return sent.ok ? answer : null;
  };

  const askStatus: AskStatus = async (bytes) => {
    const answer = await askNow({ bytes, timeoutMs: statusAnswerMsMax, match: statusByteOf });
    if (answer === null && !ended) await waits.wait(() => null, lateAnswerMs);
    return answer;
  };

  return {
    generation: link.generation,
    feed: (chunk) => {
      const step = demux(demuxed, chunk);
      demuxed = step.state;
      for (const event of step.events) {
        if (event.type === 'flow') mayFlow = event.send;
        waits.publish(event);
        deps.onEvent(event);
      }
    },
    end: () => {
      ended = true;
      waits.end();
    },
    send,
    sendData,
    drain: () => link.drain(),
    // One question at a time: the answers do not say which question they belong to.
    condition: () => realTime(() => readCondition(askStatus)),
    wait: (match, timeoutMs) => waits.wait(match, timeoutMs),
    inSequence,
    ask: (question) => inSequence(() => askNow(question)),
  };
}

/** One after the other. */
function createTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let turn: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = turn.then(work);
    turn = mine;
    return mine;
  };
}

const resumesFlow = (event: PrinterEvent): true | null =>
  event.type === 'flow' && event.send ? true : null;

const statusByteOf = (event: PrinterEvent): number | null =>
  event.type === 'real-time-status' ? event.byte : null;
