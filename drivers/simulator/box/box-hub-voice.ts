import { getOrThrow } from '#shared/result/result.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { FarSide } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';
import {
  encodeHubFrame,
  hubAck,
  hubConfirm,
  hubHeartbeat,
  nextSendId,
  takeHubFrame,
  type HubFrame,
} from '#drivers/ecr/ecr-hub/frame.ts';
import { readerStart, readOn } from '#drivers/ecr/frame-reader.ts';

/** The link layer of a simulated ECR-Hub box. Messages go to the wire that was heard last, one after the other. */
export interface HubVoice {
  attach(far: FarSide): void;
  /** Sends one message, again and again until it is acknowledged or given up. */
  say(data: Uint8Array): void;
  forget(): void;
}

const heartbeatMs = 2_000;
const repeatMs = 500;
const repeatsMax = 3;

export function createHubVoice(deps: {
  readonly timers: Timers;
  readonly isDead: () => boolean;
  readonly onData: (data: Uint8Array) => void;
}): HubVoice {
  const beatAlarm = createAlarm(deps.timers);
  let far: FarSide | null = null;
  let lastReceived = '';

  const write = (frame: HubFrame): void => {
    if (!deps.isDead()) far?.send(getOrThrow(encodeHubFrame(frame)));
  };
  const outbox = createOutbox(deps.timers, write);
  const beat = (): void => {
    write(hubHeartbeat);
    beatAlarm.set(heartbeatMs, beat);
  };

  const take = (frame: HubFrame): void => {
    if (frame.type === 'handshake') {
      lastReceived = '';
      write(hubConfirm);
      return beat();
    }
    if (frame.ack !== 0) outbox.acknowledged(frame.ack);
    if (frame.id === 0) return;
    write(hubAck(frame.id));
    const print = `${frame.id} ${Buffer.from(frame.data).toString('hex')}`;
    if (print === lastReceived) return;
    lastReceived = print;
    deps.onData(frame.data);
  };

  return {
    attach: (wire) => {
      let reader = readerStart;
      wire.onPresence((present) => {
        reader = readerStart;
        if (!present && far === wire) beatAlarm.clear();
      });
      wire.onBytes((chunk) => {
        if (deps.isDead()) return;
        far = wire;
        const step = readOn(reader, chunk, takeHubFrame);
        reader = step.state;
        for (const frame of step.values) if (!deps.isDead()) take(frame);
      });
    },
    say: (data) => outbox.add(data),
    forget: () => {
      beatAlarm.clear();
      outbox.clear();
      lastReceived = '';
    },
  };
}

/** Messages that were not acknowledged yet: the first is written again and again, the others wait behind it. */
interface Outbox {
  add(data: Uint8Array): void;
  acknowledged(id: number): void;
  clear(): void;
}

function createOutbox(timers: Timers, write: (frame: HubFrame) => void): Outbox {
  const repeatAlarm = createAlarm(timers);
  let sendId = 0;
  let waiting: { readonly id: number; readonly data: Uint8Array; repeats: number }[] = [];

  const sayFirst = (): void => {
    const [first] = waiting;
    if (first === undefined) return repeatAlarm.clear();
    if (first.repeats > repeatsMax) return drop();
    first.repeats += 1;
    write({ type: 'data', ack: 0, id: first.id, data: first.data });
    repeatAlarm.set(repeatMs, sayFirst);
  };
  const drop = (): void => {
    waiting.shift();
    sayFirst();
  };

  return {
    add: (data) => {
      sendId = nextSendId(sendId);
      waiting.push({ id: sendId, data, repeats: 0 });
      if (waiting.length === 1) sayFirst();
    },
    acknowledged: (id) => {
      if (id === waiting[0]?.id) drop();
    },
    clear: () => {
      repeatAlarm.clear();
      waiting = [];
    },
  };
}
