import type { Clock } from '#shared/time/clock.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { Link } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { BoxFailure, BoxRequest, BoxSale } from '#drivers/ecr/box-pos.ts';
import type { BoxDialect } from '#drivers/ecr/session/box-dialect.ts';
import { createBoxQuestions } from '#drivers/ecr/session/box-questions.ts';
import type { BoxLine } from '#drivers/ecr/session/box-line.ts';
import type { BoxAsk, BoxChore, BoxIntent, BoxReport } from '#drivers/ecr/session/box-report.ts';
import type { BoxChoreOutcome } from '#drivers/ecr/session/box-session.ts';
import type { Delivery, LookUpReply } from '#drivers/ecr/session/session-state.ts';

/** The talk with a box across its connections: greetings, questions with their answers, and who an answer is for. */
export interface BoxTalk {
  lineUp(link: Link): void;
  /** Answers why it went down. */
  lineDown(): BoxFailure;
  feed(chunk: Uint8Array): void;
  /** The box shook hands on this connection. */
  isReady(): boolean;
  /** Wall time in ms of the last byte; null before the first. */
  lastSeenMs(): number | null;
  /** null when the dialect can put it into bytes. */
  whyNot(intent: BoxIntent): BoxFailure | null;
  deliver(intent: BoxIntent): Promise<Delivery>;
  cease(): void;
  lookUp(intent: BoxIntent): Promise<LookUpReply>;
  requestClose(order: BoxSale): Promise<BoxRequest>;
  chore(chore: BoxChore): Promise<BoxChoreOutcome>;
  /** A query or a chore waits for its answer. */
  isAsking(): boolean;
  /** What a query asked for is known from elsewhere: its answer is of no interest any more. */
  dropQuery(): void;
}

export interface BoxTalkDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly dialect: BoxDialect;
  readonly restart: () => void;
  /** No intent is at the box or in doubt. */
  readonly isIdle: () => boolean;
  readonly onReady: () => void;
  /** An answer to an intent, asked for now or long ago. */
  readonly onReport: (report: BoxReport) => void;
  readonly onUnreadable: () => void;
}

/** After so many greetings without an answer the connection is given up; a new one is tried after a pause. */
const greetingsMax = 3;
const greetingPauseMs = 1_000;

export function createBoxTalk(deps: BoxTalkDeps): BoxTalk {
  const { dialect } = deps;
  const greetAlarm = createAlarm(deps.timers);
  const questions = createBoxQuestions(deps.timers);
  let line: BoxLine | null = null;
  let ready = false;
  let downCode: BoxFailure = 'device-missing';
  let lastSeenMs: number | null = null;
  let askCount = 0;

  const encode = (ask: BoxAsk, requestId = ''): ReturnType<BoxDialect['encode']> =>
    dialect.encode(ask, { nowMs: deps.clock.nowMs(), requestId });
  const newRequestId = (): string => {
    askCount += 1;
    return `${deps.clock.nowMs().toString(36)}-${askCount}`;
  };

  const silent = (): void => {
    downCode = 'box-silent';
    deps.restart();
  };

  const onMessage = (payload: Uint8Array): void => {
    const report = dialect.decode(payload);
    if (report === null) return deps.onUnreadable();
    if (report.about === 'query' || report.about === 'chore') return void questions.answer(report);
    // A request to close is answered by the outcome of the sale itself.
    if (report.about !== 'close') deps.onReport(report);
  };

  const ask = (about: 'query' | 'chore', wanted: BoxAsk): Promise<BoxReport | null> => {
    const requestId = newRequestId();
    const encoded = encode(wanted, requestId);
    if (!encoded.ok || line === null) return Promise.resolve(null);
    const patienceMs = about === 'query' ? dialect.lookUpTimeoutMs : dialect.answerTimeoutMs;
    return questions.ask({ about, requestId, payload: encoded.value, line, patienceMs });
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

  const lineDown = (): BoxFailure => {
    const code = downCode;
    const gone = line;
    downCode = 'device-missing';
    line = null;
    ready = false;
    greetAlarm.clear();
    gone?.end();
    questions.drop();
    return code;
  };

  const lookUp = async (intent: BoxIntent): Promise<LookUpReply> => {
    const wanted: BoxAsk = { kind: 'query', about: intent.order };
    const possible = encode(wanted);
    if (!possible.ok) return { type: 'no-answer', code: possible.error };
    const asker = line;
    if (asker === null) return { type: 'no-answer', code: 'device-missing' };
    const greeted = await asker.greet();
    if (!greeted || line !== asker) return { type: 'no-answer', code: 'box-silent' };
    const report = await ask('query', wanted);
    return report === null
      ? { type: 'no-answer', code: 'box-silent' }
      : { type: 'report', report, greeted };
  };

  return {
    lineUp: (link) => {
      line = dialect.createLine({ link, timers: deps.timers, onMessage, onSilent: silent });
      void greet(line, 0);
    },
    lineDown,
    feed: (chunk) => {
      lastSeenMs = deps.clock.nowMs();
      line?.feed(chunk);
    },
    isReady: () => ready,
    isAsking: () => questions.isAsking(),
    dropQuery: () => questions.drop('query'),
    lastSeenMs: () => lastSeenMs,
    whyNot: (intent) => {
      const encoded = encode(intent);
      return encoded.ok ? null : encoded.error;
    },
    deliver: async (intent) => {
      const encoded = encode(intent, newRequestId());
      return !encoded.ok || line === null ? 'not-written' : line.deliver(encoded.value);
    },
    cease: () => line?.cease(),
    lookUp,
    requestClose: async (order) => {
      const encoded = encode({ kind: 'close', about: order }, newRequestId());
      if (!encoded.ok) return { type: 'not-sent', code: encoded.error };
      const delivery = line === null ? 'not-written' : await line.deliver(encoded.value);
      return delivery === 'not-written'
        ? { type: 'not-sent', code: 'device-missing' }
        : { type: 'asked' };
    },
    chore: async (chore) => {
      const possible = encode({ kind: 'chore', chore });
      if (!possible.ok) return { type: 'not-done', code: possible.error, detail: '' };
      const report = await ask('chore', { kind: 'chore', chore });
      if (report === null) return { type: 'not-done', code: 'box-silent', detail: '' };
      if (report.verdict === 'done') return { type: 'done' };
      return { type: 'not-done', code: report.code, detail: report.detail };
    },
  };
}
