import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import { createLinkSupervisor } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type {
  BoxFailure,
  BoxLateOutcome,
  BoxOutcome,
  BoxPos,
  BoxRequest,
  BoxReversal,
  BoxSale,
  BoxStatus,
} from '#drivers/ecr/box-pos.ts';
import type { BoxDialect } from '#drivers/ecr/session/box-dialect.ts';
import { createBoxTalk, type BoxTalk } from '#drivers/ecr/session/box-talk.ts';
import type { BoxChore, BoxIntent } from '#drivers/ecr/session/box-report.ts';
import { statusOf } from '#drivers/ecr/session/box-status.ts';
import { stepSession } from '#drivers/ecr/session/session-machine.ts';
import {
  sessionStart,
  whyBlocked,
  type SessionEffect,
  type SessionEvent,
} from '#drivers/ecr/session/session-state.ts';

export interface BoxDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Called on every change of link, state or progress. */
  readonly onStatus?: (status: BoxStatus) => void;
  /** The box spoke again about an intent that was over. Must be written down: money may have moved. */
  readonly onLateOutcome?: (late: BoxLateOutcome) => void;
}

/** A box with the daily duties of its dialect. */
export interface BoxWithChores extends BoxPos {
  /** Loads keys or closes the day; `box-cannot` where the dialect has no such duty. */
  chore(chore: BoxChore): Promise<BoxChoreOutcome>;
}

export type BoxChoreOutcome =
  | { readonly type: 'done' }
  | { readonly type: 'not-done'; readonly code: BoxFailure; readonly detail: string };

/** Carries out the session machine over one dialect: a thin shell of timers, promises and one connection. */
export function createBox(deps: BoxDeps, dialect: BoxDialect): BoxWithChores {
  const answerAlarm = createAlarm(deps.timers);
  const pauseAlarm = createAlarm(deps.timers);
  const now = (): number => deps.clock.nowMs();
  let session = sessionStart;
  let tellSale: ((outcome: BoxOutcome) => void) | null = null;
  let tellQueries: ((outcome: BoxOutcome) => void)[] = [];

  const handle = (event: SessionEvent): void => {
    const step = stepSession(session, event, dialect);
    session = step.state;
    const { type } = session.phase;
    if (type !== 'waiting') answerAlarm.clear();
    if (type !== 'asking') {
      pauseAlarm.clear();
      talk.dropQuery();
    }
    for (const effect of step.effects) run(effect);
    deps.onStatus?.(status());
  };

  const run = (effect: SessionEffect): void => {
    switch (effect.type) {
      case 'send':
        void talk
          .deliver(effect.intent)
          .then((delivery) => handleIfCurrent(effect.intent, { type: 'delivered', delivery }));
        return;
      case 'await-answer':
        answerAlarm.set(dialect.answerTimeoutMs, () => handle({ type: 'answer-timeout' }));
        return;
      case 'tell':
        talk.cease();
        return tellSale?.(effect.outcome);
      case 'look-up':
        void talk
          .lookUp(effect.intent)
          .then((reply) => handleIfCurrent(effect.intent, { type: 'looked-up', reply }));
        return;
      case 'pause':
        return pauseAlarm.set(effect.pauseMs, () => handle({ type: 'pause-over' }));
      case 'tell-query': {
        const told = tellQueries;
        tellQueries = [];
        for (const tell of told) tell(effect.outcome);
        return;
      }
      case 'late':
        return deps.onLateOutcome?.({
          merchantOrderNo: effect.merchantOrderNo,
          outcome: effect.outcome,
        });
      default:
        exhaustive(effect);
    }
  };

  /** What a promise of an intent that is over brings is of no interest. */
  const handleIfCurrent = (intent: BoxIntent, event: SessionEvent): void => {
    const { phase } = session;
    if (phase.type !== 'free' && phase.intent === intent) handle(event);
  };

  const link = createLinkSupervisor({
    ...deps,
    onUp: (fresh) => talk.lineUp(fresh),
    onDown: () => {
      const code = talk.lineDown();
      handle({ type: 'link-lost', code });
    },
    onData: (chunk) => talk.feed(chunk),
    onState: () => deps.onStatus?.(status()),
  });

  const talk: BoxTalk = createBoxTalk({
    clock: deps.clock,
    timers: deps.timers,
    dialect,
    restart: () => link.restart(),
    isIdle: () => session.phase.type === 'free',
    // A box that is back is asked at once, not when the pause is over.
    onReady: () => handle({ type: 'pause-over' }),
    onReport: (report) => handle({ type: 'report', report }),
    onUnreadable: () => handle({ type: 'unreadable' }),
  });

  const status = (): BoxStatus =>
    statusOf({ session, link: link.state(), ready: talk.isReady(), lastSeenMs: talk.lastSeenMs() });

  const offlineCode = (): BoxFailure | null => {
    const state = link.state();
    if (state.type === 'offline') return state.code;
    return talk.isReady() ? null : 'box-silent';
  };

  const begin = (wanted: BoxIntent): Promise<BoxOutcome> => {
    const intent = stamped(wanted, now());
    const busy = talk.isAsking() ? 'box-busy' : null;
    const code = whyBlocked(session) ?? offlineCode() ?? busy ?? talk.whyNot(intent);
    if (code !== null) return Promise.resolve({ type: 'not-sent', code });
    return new Promise((tell) => {
      tellSale = tell;
      handle({ type: 'begin', intent });
    });
  };

  const query = (order: BoxSale | BoxReversal): Promise<BoxOutcome> => {
    const { phase } = session;
    const joins = phase.type === 'asking' && isOf(phase.intent, order);
    if (phase.type === 'asking' && !joins) {
      return Promise.resolve({ type: 'unknown', code: 'box-blocked' });
    }
    return new Promise((tell) => {
      tellQueries.push(tell);
      if (!joins) handle({ type: 'query', intent: intentOf(order) });
    });
  };

  const close = async (order: BoxSale): Promise<BoxRequest> => {
    const { phase } = session;
    const code = offlineCode() ?? (phase.type === 'sending' ? 'box-busy' : null);
    if (code !== null) return { type: 'not-sent', code };
    if (phase.type === 'free' || !isOf(phase.intent, order)) {
      return { type: 'not-sent', code: 'box-not-found' };
    }
    return talk.requestClose(order);
  };

  return {
    address: deps.transport.address,
    protocol: dialect.name,
    start: () => link.start(),
    stop: async () => {
      handle({ type: 'stopped' });
      talk.lineDown();
      await link.stop();
    },
    sale: (order) => begin({ kind: 'sale', order }),
    voidSale: (order) => begin({ kind: 'void', order }),
    refund: (order) => begin({ kind: 'refund', order }),
    query,
    close,
    chore: async (chore) => {
      const busy = talk.isAsking() ? 'box-busy' : null;
      const code = whyBlocked(session) ?? offlineCode() ?? busy;
      return code === null ? talk.chore(chore) : { type: 'not-done', code, detail: '' };
    },
    release: (merchantOrderNo) => handle({ type: 'release', merchantOrderNo }),
    status,
    recentBytes: () => link.recentBytes(),
  };
}

const isOf = (intent: BoxIntent, order: BoxSale): boolean =>
  intent.order.merchantOrderNo === order.merchantOrderNo;

const intentOf = (order: BoxSale | BoxReversal): BoxIntent =>
  'originalOrderNo' in order ? { kind: 'refund', order } : { kind: 'sale', order };

/** Every intent says when it began: who handed it over without saying so began it now. */
function stamped(intent: BoxIntent, nowMs: number): BoxIntent {
  const startedAtMs = intent.order.startedAtMs ?? nowMs;
  return intent.kind === 'sale'
    ? { kind: 'sale', order: { ...intent.order, startedAtMs } }
    : { kind: intent.kind, order: { ...intent.order, startedAtMs } };
}
