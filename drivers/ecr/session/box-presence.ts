import type { Clock } from '#shared/time/clock.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { Link } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { BoxFailure } from '#drivers/ecr/box-pos.ts';
import type { BoxDialect } from '#drivers/ecr/session/box-dialect.ts';
import type { BoxLine } from '#drivers/ecr/session/box-line.ts';

/** Whether a box is there: the connection to it, the greetings on it, and when it was heard last. */
export interface BoxPresence {
  lineUp(link: Link): void;
  /** Answers why it went down. */
  lineDown(): BoxFailure;
  feed(chunk: Uint8Array): void;
  /** The connection, greeted or not; null without one. */
  readonly line: () => BoxLine | null;
  /** The box shook hands on this connection. */
  isReady(): boolean;
  /** Wall time in ms of the last byte; null before the first. */
  lastSeenMs(): number | null;
}

export interface BoxPresenceDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly dialect: Pick<BoxDialect, 'createLine' | 'keepAliveMs'>;
  /** The box is silent: the connection is to be made again. */
  readonly restart: () => void;
  /** No intent is at the box or in doubt: it may be greeted now and again. */
  readonly isIdle: () => boolean;
  readonly onReady: () => void;
  readonly onMessage: (payload: Uint8Array) => void;
}

/** After so many greetings without an answer the connection is given up; a new one is tried after a pause. */
const greetingsMax = 3;
const greetingPauseMs = 1_000;

export function createBoxPresence(deps: BoxPresenceDeps): BoxPresence {
  const { dialect, timers, onMessage } = deps;
  const greetAlarm = createAlarm(timers);
  let line: BoxLine | null = null;
  let ready = false;
  let downCode: BoxFailure = 'device-missing';
  let lastSeenMs: number | null = null;

  const silent = (): void => {
    downCode = 'box-silent';
    deps.restart();
  };

  /** Greets until the box answers, then now and again if the dialect wants it. */
  const greet = async (greeted: BoxLine, missedCount: number): Promise<void> => {
    const skip = ready && !deps.isIdle();
    const answered = skip || (await greeted.greet());
    if (line !== greeted) return;
    const missed = answered ? 0 : missedCount + 1;
    if (missed >= greetingsMax) return silent();
    if (answered && !ready) {
      ready = true;
      deps.onReady();
    }
    const pauseMs = answered ? dialect.keepAliveMs : greetingPauseMs;
    if (pauseMs !== null) greetAlarm.set(pauseMs, () => void greet(greeted, missed));
  };

  return {
    lineUp: (link) => {
      line = dialect.createLine({ link, timers, onMessage, onSilent: silent });
      void greet(line, 0);
    },
    lineDown: () => {
      const code = downCode;
      const gone = line;
      downCode = 'device-missing';
      line = null;
      ready = false;
      greetAlarm.clear();
      gone?.end();
      return code;
    },
    feed: (chunk) => {
      lastSeenMs = deps.clock.nowMs();
      line?.feed(chunk);
    },
    line: () => line,
    isReady: () => ready,
    lastSeenMs: () => lastSeenMs,
  };
}
