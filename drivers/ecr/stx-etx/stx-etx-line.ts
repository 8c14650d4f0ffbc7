import { getOrThrow } from '#shared/result/result.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import { readerStart, readOn, readTorn, type ReaderStep } from '#drivers/ecr/frame-reader.ts';
import { tornFrameMs, type BoxLine, type BoxLineDeps } from '#drivers/ecr/session/box-line.ts';
import { createFrameSender, type RepeatOn } from '#drivers/ecr/session/frame-sender.ts';
import {
  ack,
  encodeStxEtx,
  nak,
  takeStxEtx,
  type StxEtxEvent,
  type StxEtxFraming,
} from '#drivers/ecr/stx-etx/frame.ts';

export interface StxEtxLineConfig {
  readonly framing: StxEtxFraming;
  /** How long an acknowledgement may take, in ms. */
  readonly ackTimeoutMs: number;
  /** The message that a listening box acknowledges and that does nothing else; null when the dialect has none. */
  readonly poll: Uint8Array | null;
}

/** One connection to an STX/ETX/LRC terminal. */
export function createStxEtxLine(deps: BoxLineDeps, config: StxEtxLineConfig): BoxLine {
  const sender = createFrameSender({ ...deps, ackTimeoutMs: config.ackTimeoutMs });
  const tornAlarm = createAlarm(deps.timers);
  const takeHead = takeStxEtx(config.framing);
  let reader = readerStart;
  let lastReceived: Uint8Array | null = null;

  const send = (payload: Uint8Array, repeatOn: RepeatOn): ReturnType<BoxLine['deliver']> =>
    sender.send(getOrThrow(encodeStxEtx(payload, config.framing)), repeatOn);
  const reply = (byte: number): void => void deps.link.write(Uint8Array.of(byte));

  const take = (event: StxEtxEvent): void => {
    switch (event.type) {
      case 'ack':
        return sender.acked();
      case 'nak':
        return sender.nacked();
      case 'frame': {
        reply(ack);
        // The box repeats a message whose acknowledgement was lost. Only a question of ours makes it news again.
        const repeated = lastReceived !== null && isSame(lastReceived, event.data);
        lastReceived = event.data;
        if (!repeated) deps.onMessage(event.data);
      }
    }
  };

  const apply = (step: ReaderStep<StxEtxEvent>): void => {
    reader = step.state;
    for (const event of step.values) take(event);
    const heard = step.values.some((event) => event.type === 'frame');
    if (step.badCount > 0 && !heard) reply(nak);
  };

  return {
    feed: (chunk) => {
      tornAlarm.clear();
      apply(readOn(reader, chunk, takeHead));
      if (reader.pending.length === 0) return;
      tornAlarm.set(tornFrameMs, () => apply(readTorn(reader, takeHead)));
    },
    greet: async () => {
      if (config.poll === null) return true;
      return (await send(config.poll, 'silence')) === 'acknowledged';
    },
    deliver: (payload) => {
      lastReceived = null;
      // These frames carry no number: a box that took this one may take a repetition for a second sale.
      return send(payload, 'refusal');
    },
    cease: () => sender.cease(),
    end: () => {
      tornAlarm.clear();
      sender.end();
    },
  };
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);
