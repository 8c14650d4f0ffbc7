import { exhaustive } from '#shared/result/exhaustive.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { BoxLateOutcome, BoxOutcome } from '#drivers/ecr/box-pos.ts';
import type { BoxDialect } from '#drivers/ecr/session/box-dialect.ts';
import { isIntentOf, type BoxIntent } from '#drivers/ecr/session/box-report.ts';
import type { BoxTalk } from '#drivers/ecr/session/box-talk.ts';
import { stepSession } from '#drivers/ecr/session/session-machine.ts';
import {
  sessionStart,
  type SessionEffect,
  type SessionEvent,
  type SessionPhase,
  type SessionState,
} from '#drivers/ecr/session/session-state.ts';

/** Carries out the session machine: its timers, and the promises of those who wait for an outcome. */
export interface SessionRunner {
  state(): SessionState;
  handle(event: SessionEvent): void;
  /** Only while nothing blocks the session. */
  begin(intent: BoxIntent): Promise<BoxOutcome>;
  /** Who asks about the intent that is being asked about gets the same answer. */
  query(intent: BoxIntent): Promise<BoxOutcome>;
}

export interface SessionRunnerDeps {
  readonly timers: Timers;
  readonly dialect: Pick<BoxDialect, 'lookup' | 'markOf' | 'answerTimeoutMs'>;
  readonly talk: () => Pick<BoxTalk, 'deliver' | 'lookUp' | 'cease' | 'dropQuery'>;
  readonly onLateOutcome: (late: BoxLateOutcome) => void;
  readonly onChange: () => void;
}

export function createSessionRunner(deps: SessionRunnerDeps): SessionRunner {
  const answerAlarm = createAlarm(deps.timers);
  const pauseAlarm = createAlarm(deps.timers);
  let session = sessionStart;
  const inquirers = createInquirers();
  let tellSale: ((outcome: BoxOutcome) => void) | null = null;

  const handle = (event: SessionEvent): void => {
    const step = stepSession(session, event, deps.dialect);
    session = step.state;
    const { type } = session.phase;
    if (type !== 'waiting') answerAlarm.clear();
    if (type !== 'asking') {
      pauseAlarm.clear();
      deps.talk().dropQuery();
    }
    for (const effect of step.effects) run(effect);
    deps.onChange();
  };

  /** What a promise brings about an intent that is over is of no interest. */
  const handleFor = (intent: BoxIntent, event: SessionEvent): void => {
    const { phase } = session;
    if (phase.type !== 'free' && phase.intent === intent) handle(event);
  };
  const send = async (intent: BoxIntent): Promise<void> =>
    handleFor(intent, { type: 'delivered', delivery: await deps.talk().deliver(intent) });
  const lookUp = async (intent: BoxIntent): Promise<void> =>
    handleFor(intent, { type: 'looked-up', reply: await deps.talk().lookUp(intent) });

  const run = (effect: SessionEffect): void => {
    switch (effect.type) {
      case 'send':
        return void send(effect.intent);
      case 'await-answer':
        return answerAlarm.set(deps.dialect.answerTimeoutMs, () =>
          handle({ type: 'answer-timeout' }),
        );
      case 'tell':
        deps.talk().cease();
        return tellSale?.(effect.outcome);
      case 'look-up':
        return void lookUp(effect.intent);
      case 'pause':
        return pauseAlarm.set(effect.pauseMs, () => handle({ type: 'pause-over' }));
      case 'tell-query':
        return inquirers.tell(effect.outcome);
      case 'late': {
        const { merchantOrderNo, outcome } = effect;
        return deps.onLateOutcome({ merchantOrderNo, outcome });
      }
      default:
        exhaustive(effect);
    }
  };

  return {
    state: () => session,
    handle,
    begin: (intent) =>
      new Promise((tell) => {
        tellSale = tell;
        handle({ type: 'begin', intent });
      }),
    query: (intent) => {
      const standing = standingOf(session.phase, intent);
      if (standing === 'blocked') return Promise.resolve({ type: 'unknown', code: 'box-blocked' });
      const outcome = inquirers.wait();
      if (standing === 'first') handle({ type: 'query', intent });
      return outcome;
    },
  };
}

/** Whether a query begins, joins the one that runs, or must not disturb one about another intent. */
function standingOf(phase: SessionPhase, { order }: BoxIntent): 'first' | 'joins' | 'blocked' {
  if (phase.type !== 'asking') return 'first';
  return isIntentOf(phase.intent, order) ? 'joins' : 'blocked';
}

/** All who wait for the answer to the same query. */
function createInquirers(): {
  readonly wait: () => Promise<BoxOutcome>;
  readonly tell: (outcome: BoxOutcome) => void;
} {
  let waiting: ((outcome: BoxOutcome) => void)[] = [];
  return {
    wait: () => new Promise((tell) => void waiting.push(tell)),
    tell: (outcome) => {
      const told = waiting;
      waiting = [];
      for (const tell of told) tell(outcome);
    },
  };
}
