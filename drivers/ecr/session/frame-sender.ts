import { createAlarm } from '#drivers/core/alarm.ts';
import type { Link } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import { mayResendFrame } from '#drivers/ecr/retry-policy.ts';
import type { Delivery } from '#drivers/ecr/session/session-state.ts';

/**
 * What may bring a frame out again. `silence`: no acknowledgement came, and the box knows a repetition, by its id or
 * because it does nothing. `refusal`: only the box's own word that it arrived broken; of a lost acknowledgement nobody
 * knows whether the box is at work already.
 */
export type RepeatOn = 'silence' | 'refusal';

/** Sends frames one after the other, each again and again until it is acknowledged or the policy says no. */
export interface FrameSender {
  send(bytes: Uint8Array, repeatOn: RepeatOn): Promise<Delivery>;
  /** The frame under way arrived. */
  acked(): void;
  /** It arrived broken: once more, at once. */
  nacked(): void;
  /** Its answer is here. */
  cease(): void;
  /** The connection is gone. */
  end(): void;
}

interface UnderWay {
  readonly bytes: Uint8Array;
  readonly repeatOn: RepeatOn;
  readonly done: (delivery: Delivery) => void;
  triesMade: number;
}

export function createFrameSender(deps: {
  readonly link: Pick<Link, 'write'>;
  readonly timers: Timers;
  readonly ackTimeoutMs: number;
}): FrameSender {
  const alarm = createAlarm(deps.timers);
  let underWay: UnderWay | null = null;
  let tail: Promise<unknown> = Promise.resolve();
  let ended = false;

  const finish = (frame: UnderWay, delivery: Delivery): void => {
    if (underWay !== frame) return;
    underWay = null;
    alarm.clear();
    frame.done(delivery);
  };

  const attempt = (frame: UnderWay): void => {
    const { triesMade } = frame;
    const known = { acknowledged: false, answered: false, sameConnection: !ended };
    if (!mayResendFrame({ ...known, triesMade })) return finish(frame, 'unacknowledged');
    frame.triesMade += 1;
    alarm.set(deps.ackTimeoutMs, () =>
      frame.repeatOn === 'silence' ? attempt(frame) : finish(frame, 'unacknowledged'),
    );
    void write(frame, triesMade === 0);
  };

  const write = async (frame: UnderWay, isFirst: boolean): Promise<void> => {
    const written = await deps.link.write(frame.bytes);
    if (written.ok) return;
    const nothingLeft = isFirst && written.error.type === 'not-open';
    finish(frame, nothingLeft ? 'not-written' : 'unacknowledged');
  };

  const begin = (bytes: Uint8Array, repeatOn: RepeatOn): Promise<Delivery> =>
    new Promise((done) => {
      if (ended) return done('not-written');
      underWay = { bytes, repeatOn, done, triesMade: 0 };
      attempt(underWay);
    });

  const settle = (delivery: Delivery): void => {
    if (underWay !== null) finish(underWay, delivery);
  };

  return {
    send: (bytes, repeatOn) => {
      const sent = tail.then(() => begin(bytes, repeatOn));
      tail = sent;
      return sent;
    },
    acked: () => settle('acknowledged'),
    nacked: () => {
      if (underWay !== null) attempt(underWay);
    },
    cease: () => settle('acknowledged'),
    end: () => {
      ended = true;
      settle('unacknowledged');
    },
  };
}
