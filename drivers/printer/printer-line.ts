import { err, type Result } from '#shared/result/result.ts';
import type { Link } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { WriteError } from '#drivers/core/transport.ts';
import { escpos } from '#drivers/printer/escpos-bytes.ts';
import type { Condition } from '#drivers/printer/print-job-machine.ts';
import { demux, demuxStart, type PrinterEvent } from '#drivers/printer/status-demux.ts';

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
  /** Sends an in-sequence question and waits for its answer. */
  ask<T>(question: {
    readonly bytes: ArrayLike<number>;
    readonly match: (event: PrinterEvent) => T | null;
    readonly timeoutMs: number;
  }): Promise<T | null>;
}

export interface Reading {
  readonly condition: Condition;
  readonly paperNearEnd: boolean;
  readonly drawerPinHigh: boolean | null;
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
  const { link, timers } = deps;
  let demuxed = demuxStart;
  let ended = false;
  let turn: Promise<unknown> = Promise.resolve();
  let asking: Promise<unknown> = Promise.resolve();
  let mayFlow = true;
  /** Listeners answer true when they are finished. `null` tells them that the line ended. */
  const listeners = new Set<(event: PrinterEvent | null) => boolean>();

  const publish = (event: PrinterEvent | null): void => {
    for (const listener of listeners) if (listener(event)) listeners.delete(listener);
  };

  const wait = <T>(
    match: (event: PrinterEvent) => T | null,
    timeoutMs: number,
  ): Promise<T | null> =>
    new Promise((resolve) => {
      if (ended) return resolve(null);
      const listener = (event: PrinterEvent | null): boolean => {
        const matched = event === null ? null : match(event);
        if (event !== null && matched === null) return false;
        cancel();
        resolve(matched);
        return true;
      };
      const cancel = timers.after(timeoutMs, () => {
        listeners.delete(listener);
        resolve(null);
      });
      listeners.add(listener);
    });

  const send = (bytes: ArrayLike<number>): Promise<Result<void, WriteError>> => {
    const mine = turn.then(() =>
      ended ? err<WriteError>({ type: 'not-open' }) : link.write(Uint8Array.from(bytes)),
    );
    turn = mine;
    return mine;
  };

  const sendData = async (bytes: Uint8Array): Promise<Result<void, WriteError>> => {
    if (!mayFlow) {
      const resumed = await wait(
        (event) => (event.type === 'flow' && event.send ? true : null),
        flowWaitMsMax,
      );
      if (resumed === null && !ended) mayFlow = true;
    }
    return send(bytes);
  };

  const ask: PrinterLine['ask'] = async (question) => {
    const answer = wait(question.match, question.timeoutMs);
    const sent = await send(question.bytes);
    return sent.ok ? answer : null;
  };

  const askStatus = async (bytes: ArrayLike<number>): Promise<number | null> => {
    const answer = await ask({
      bytes,
      timeoutMs: statusAnswerMsMax,
      match: (event) => (event.type === 'real-time-status' ? event.byte : null),
    });
    if (answer === null && !ended) await wait(() => null, lateAnswerMs);
    return answer;
  };

  const read = async (): Promise<Reading> => {
    const first =
      (await askStatus(escpos.statusPrinter)) ?? (await askStatus(escpos.statusPrinter));
    if (first === null) return silentReading;
    const drawerPinHigh = (first & 0x04) !== 0;
    const paper = await askStatus(escpos.statusPaper);
    if (paper === null) return silentReading;
    const paperNearEnd = (paper & 0x0c) !== 0;
    if ((paper & 0x60) !== 0) return { condition: 'paper-out', paperNearEnd, drawerPinHigh };
    if ((first & 0x08) === 0) return { condition: 'ready', paperNearEnd, drawerPinHigh };
    const cause = await askStatus(escpos.statusOffline);
    return { condition: causeOf(cause), paperNearEnd, drawerPinHigh };
  };

  return {
    generation: link.generation,
    feed: (chunk) => {
      const step = demux(demuxed, chunk);
      demuxed = step.state;
      for (const event of step.events) {
        if (event.type === 'flow') mayFlow = event.send;
        publish(event);
        deps.onEvent(event);
      }
    },
    end: () => {
      ended = true;
      publish(null);
    },
    send,
    sendData,
    drain: () => link.drain(),
    condition: () => {
      // One question at a time: the answers do not say which question they belong to.
      const mine = asking.then(read);
      asking = mine;
      return mine;
    },
    wait,
    ask,
  };
}

const silentReading: Reading = { condition: 'silent', paperNearEnd: false, drawerPinHigh: null };

/** DLE EOT 2: bit 2 cover, bit 5 paper end, bit 6 error; bit 3 (feed button held) is left to pass. */
function causeOf(cause: number | null): Condition {
  if (cause === null) return 'silent';
  if ((cause & 0x04) !== 0) return 'cover-open';
  if ((cause & 0x20) !== 0) return 'paper-out';
  return (cause & 0x40) !== 0 ? 'error' : 'ready';
}
