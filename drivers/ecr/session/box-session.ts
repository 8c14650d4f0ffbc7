import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createLinkSupervisor, type LinkSupervisor } from '#drivers/core/link-supervisor.ts';
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
import {
  isIntentOf,
  type BoxChore,
  type BoxChoreOutcome,
  type BoxIntent,
} from '#drivers/ecr/session/box-report.ts';
import { statusOf } from '#drivers/ecr/session/box-status.ts';
import { createSessionRunner, type SessionRunner } from '#drivers/ecr/session/session-runner.ts';
import { whyBlocked } from '#drivers/ecr/session/session-state.ts';

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

/** A box over one dialect and one connection at a time: who may ask for what, and when. */
export function createBox(deps: BoxDeps, dialect: BoxDialect): BoxWithChores {
  const { link, talk, runner, status } = connectBox(deps, dialect);

  const offlineCode = (): BoxFailure | null => {
    const state = link.state();
    if (state.type === 'offline') return state.code;
    return talk.isReady() ? null : 'box-silent';
  };
  const whyNotNow = (): BoxFailure | null =>
    whyBlocked(runner.state()) ?? offlineCode() ?? (talk.isAsking() ? 'box-busy' : null);

  const begin = (wanted: BoxIntent): Promise<BoxOutcome> => {
    const intent = stamped(wanted, deps.clock.nowMs());
    const code = whyNotNow() ?? talk.whyNot(intent);
    return code === null ? runner.begin(intent) : Promise.resolve({ type: 'not-sent', code });
  };

  const query = (order: BoxSale | BoxReversal): Promise<BoxOutcome> => {
    const onDuty = runner.state().phase.type === 'free' && talk.isAsking();
    return onDuty
      ? Promise.resolve({ type: 'unknown', code: 'box-busy' })
      : runner.query(intentOf(order));
  };

  const close = async (order: BoxSale): Promise<BoxRequest> => {
    const { phase } = runner.state();
    const code = offlineCode() ?? (phase.type === 'sending' ? 'box-busy' : null);
    if (code !== null) return { type: 'not-sent', code };
    if (phase.type === 'free' || !isIntentOf(phase.intent, order)) {
      return { type: 'not-sent', code: 'box-not-found' };
    }
    return talk.requestClose(order);
  };

  return {
    address: deps.transport.address,
    protocol: dialect.name,
    start: () => link.start(),
    stop: async () => {
      runner.handle({ type: 'stopped' });
      talk.lineDown();
      await link.stop();
    },
    sale: (order) => begin({ kind: 'sale', order }),
    voidSale: (order) => begin({ kind: 'void', order }),
    refund: (order) => begin({ kind: 'refund', order }),
    query,
    close,
    chore: async (chore) => {
      const code = whyNotNow();
      return code === null ? talk.chore(chore) : { type: 'not-done', code, detail: '' };
    },
    release: (merchantOrderNo) => runner.handle({ type: 'release', merchantOrderNo }),
    status,
    recentBytes: () => link.recentBytes(),
  };
}

interface ConnectedBox {
  readonly link: LinkSupervisor;
  readonly talk: BoxTalk;
  readonly runner: SessionRunner;
  readonly status: () => BoxStatus;
}

/** The link, the talk on it and the session above them, each telling the next what it hears. */
function connectBox(deps: BoxDeps, dialect: BoxDialect): ConnectedBox {
  const link = createLinkSupervisor({
    ...deps,
    onUp: (fresh) => talk.lineUp(fresh),
    onDown: () => {
      const code = talk.lineDown();
      runner.handle({ type: 'link-lost', code });
    },
    onData: (chunk) => talk.feed(chunk),
    onState: () => deps.onStatus?.(status()),
  });

  const talk: BoxTalk = createBoxTalk({
    clock: deps.clock,
    timers: deps.timers,
    dialect,
    restart: () => link.restart(),
    isIdle: () => runner.state().phase.type === 'free',
    // A box that is back is asked at once, not when the pause is over.
    onReady: () => runner.handle({ type: 'pause-over' }),
    onReport: (report) => runner.handle({ type: 'report', report }),
    onUnreadable: () => runner.handle({ type: 'unreadable' }),
  });

  const runner = createSessionRunner({
    timers: deps.timers,
    dialect,
    talk: () => talk,
    onLateOutcome: (late) => deps.onLateOutcome?.(late),
    onChange: () => deps.onStatus?.(status()),
  });

  const status = (): BoxStatus =>
    statusOf({
      session: runner.state(),
      link: link.state(),
      ready: talk.isReady(),
      lastSeenMs: talk.lastSeenMs(),
    });
  return { link, talk, runner, status };
}

const intentOf = (order: BoxSale | BoxReversal): BoxIntent =>
  'originalOrderNo' in order ? { kind: 'refund', order } : { kind: 'sale', order };

/** Every intent says when it began: who handed it over without saying so began it now. */
function stamped(intent: BoxIntent, nowMs: number): BoxIntent {
  const startedAtMs = intent.order.startedAtMs ?? nowMs;
  return intent.kind === 'sale'
    ? { kind: 'sale', order: { ...intent.order, startedAtMs } }
    : { kind: intent.kind, order: { ...intent.order, startedAtMs } };
}
