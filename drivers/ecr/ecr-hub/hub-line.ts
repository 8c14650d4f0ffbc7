import { getOrThrow } from '#shared/result/result.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import {
  encodeHubFrame,
  hubAck,
  hubHandshake,
  hubHeartbeat,
  nextSendId,
  takeHubFrame,
  type HubFrame,
} from '#drivers/ecr/ecr-hub/frame.ts';
import { readerStart, readOn, readTorn, type ReaderStep } from '#drivers/ecr/frame-reader.ts';
import { linkTriesMax } from '#drivers/ecr/retry-policy.ts';
import { tornFrameMs, type BoxLine, type BoxLineDeps } from '#drivers/ecr/session/box-line.ts';
import { createFrameSender } from '#drivers/ecr/session/frame-sender.ts';

/** Both sides say that they live so often, in ms. */
export const hubHeartbeatMs = 2_000;
/** Three heartbeats missed and a little. */
export const hubSilentMsMax = 7_000;
const hubAckTimeoutMs = 500;
const hubGreetTimeoutMs = 1_000;

/** One connection to an ECR-Hub box: handshake, heartbeats both ways, packets acknowledged by their id. */
export function createHubLine(deps: BoxLineDeps): BoxLine {
  const sender = createFrameSender({ ...deps, ackTimeoutMs: hubAckTimeoutMs });
  const tornAlarm = createAlarm(deps.timers);
  const beatAlarm = createAlarm(deps.timers);
  const greeter = createGreeter(deps);
  const silentAlarm = createAlarm(deps.timers);
  let reader = readerStart;
  let sendId = 0;
  let lastReceived: HubFrame | null = null;

  const write = (frame: HubFrame): void => {
    void deps.link.write(getOrThrow(encodeHubFrame(frame)));
  };
  const beat = (): void => {
    write(hubHeartbeat);
    beatAlarm.set(hubHeartbeatMs, beat);
  };

  const take = (frame: HubFrame): void => {
    silentAlarm.set(hubSilentMsMax, deps.onSilent);
    if (frame.type === 'confirm') return greeter.confirmed();
    if (frame.type === 'handshake') return;
    if (frame.ack !== 0 && frame.ack === sendId) sender.acked();
    if (frame.id === 0) return;
    write(hubAck(frame.id));
    const repeated = lastReceived !== null && isSameFrame(frame, lastReceived);
    lastReceived = frame;
    if (!repeated && frame.data.length > 0) deps.onMessage(frame.data);
  };

  const apply = (step: ReaderStep<HubFrame>): void => {
    reader = step.state;
    for (const frame of step.values) take(frame);
  };

  silentAlarm.set(hubSilentMsMax, deps.onSilent);
  beatAlarm.set(hubHeartbeatMs, beat);
  return {
    feed: (chunk) => {
      tornAlarm.clear();
      apply(readOn(reader, chunk, takeHubFrame));
      if (reader.pending.length === 0) return;
      tornAlarm.set(tornFrameMs, () => apply(readTorn(reader, takeHubFrame)));
    },
    greet: () => greeter.greet(),
    deliver: (payload) => {
      sendId = nextSendId(sendId);
      const frame = encodeHubFrame({ type: 'data', ack: 0, id: sendId, data: payload });
      return sender.send(getOrThrow(frame), 'silence');
    },
    cease: () => sender.cease(),
    end: () => {
      for (const alarm of [tornAlarm, beatAlarm, silentAlarm]) alarm.clear();
      greeter.end();
      sender.end();
    },
  };
}

/** The box repeats a packet whose acknowledgement was lost; a new packet differs in its id or in its data. */
const isSameFrame = (a: HubFrame, b: HubFrame): boolean =>
  a.id === b.id &&
  a.data.length === b.data.length &&
  a.data.every((byte, at) => byte === b.data[at]);

interface Greeter {
  greet(): Promise<boolean>;
  confirmed(): void;
  end(): void;
}

/** Sends the handshake until it is confirmed, a few times. Who asks meanwhile waits for the same confirmation. */
function createGreeter(deps: Pick<BoxLineDeps, 'link' | 'timers'>): Greeter {
  const alarm = createAlarm(deps.timers);
  const bytes = getOrThrow(encodeHubFrame(hubHandshake));
  let waiting: ((answered: boolean) => void)[] = [];
  let triesMade = 0;

  const settle = (answered: boolean): void => {
    alarm.clear();
    const told = waiting;
    waiting = [];
    for (const tell of told) tell(answered);
  };
  const attempt = (): void => {
    if (triesMade >= linkTriesMax) return settle(false);
    triesMade += 1;
    alarm.set(hubGreetTimeoutMs, attempt);
    void deps.link.write(bytes);
  };
  return {
    greet: () =>
      new Promise((tell) => {
        waiting.push(tell);
        if (waiting.length > 1) return;
        triesMade = 0;
        attempt();
      }),
    confirmed: () => settle(true),
    end: () => settle(false),
  };
}
