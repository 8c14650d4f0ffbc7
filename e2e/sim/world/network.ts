import {
  cloudOrigin,
  type CloudHost,
  type HostAnswer,
  type HostRequest,
} from '../cloud/cloud-host.ts';
import { batchesPath, batchOf } from './batch-of.ts';
import type { World } from './virtual-world.ts';

/** How bad a line is: chances in 0..1 of each mishap of one exchange. */
export interface Weather {
  /** No connection is made: not one byte leaves. */
  readonly refused: number;
  /** The request is lost on its way. */
  readonly requestLost: number;
  /** It arrives twice, the second time later. */
  readonly twice: number;
  /** It is carried out, and the answer is lost. */
  readonly answerLost: number;
  /** The answer breaks off in the middle. */
  readonly answerCut: number;
  /** The cloud's front door says 429: come again in two seconds. */
  readonly busy: number;
  /** Longest way of one direction, ms; different ways reorder what was sent together. */
  readonly delayMsMax: number;
}

export const fairWeather: Weather = {
  refused: 0,
  requestLost: 0,
  twice: 0,
  answerLost: 0,
  answerCut: 0,
  busy: 0,
  delayMsMax: 30,
};

/** A till's way to the cloud, as its `fetch`. */
export interface Line {
  readonly fetch: typeof globalThis.fetch;
  readonly setWeather: (weather: Weather) => void;
  /** The cable: while it is out nothing leaves. */
  readonly setUp: (up: boolean) => void;
  /** What the cloud acknowledged of this till's journal, whether the till heard it or not. */
  readonly acknowledged: () => readonly Acknowledged[];
}

export interface Acknowledged {
  readonly epoch: string;
  readonly seq: number;
  readonly hash: string;
}

/** Every way takes at least so long. */
const delayMsMin = 3;
const probePath = '/healthz';

export function createLine(deps: {
  readonly world: World;
  readonly host: CloudHost;
  readonly name: string;
}): Line {
  const { world, host, name } = deps;
  const random = world.randomOf(`line of ${name}`);
  let weather = fairWeather;
  let up = true;
  const acknowledged = new Map<string, Acknowledged>();

  const strikes = (chance: number): boolean => random.unit() < chance;
  const wayMs = (): number =>
    delayMsMin + Math.floor(random.unit() * Math.max(0, weather.delayMsMax - delayMsMin));

  const keepAck = (request: HostRequest, answer: HostAnswer): void => {
    const { epoch, entries } = batchOf(request.body ?? new Uint8Array());
    const { ackedThrough } = JSON.parse(answer.body) as { readonly ackedThrough: number };
    for (const { seq, hash } of entries)
      if (seq <= ackedThrough) acknowledged.set(`${epoch}/${seq}/${hash}`, { epoch, seq, hash });
  };
  const carry = async (request: HostRequest): Promise<Response> => {
    const what = `${name} ${request.method} ${request.path}`;
    const isProbe = request.path === probePath;
    const heard = (answer: HostAnswer | undefined): HostAnswer | undefined => {
      if (answer?.status === 200 && request.path === batchesPath) keepAck(request, answer);
      return answer;
    };
    const lost = (why: string): Promise<never> => {
      if (!isProbe) world.trace.note(`${what}: ${why}`);
      return new Promise(() => undefined);
    };
    if (!up || strikes(weather.refused)) {
      await pause(world, delayMsMin);
      throw failed('ECONNREFUSED');
    }
    const isLost = strikes(weather.requestLost);
    const isTwice = strikes(weather.twice);
    const isAnswerLost = strikes(weather.answerLost);
    const isCut = strikes(weather.answerCut);
    const isBusy = strikes(weather.busy) && !isProbe;
    if (!isProbe) world.trace.note(`${what} leaves`);
    await pause(world, wayMs());
    if (isLost || !up) return lost('request lost');
    // Where nobody listens no connection comes about: not a byte leaves the till, and there is nothing to copy.
    if (!host.isUp()) throw failed('ECONNREFUSED');
    if (isTwice) void pause(world, 4 * wayMs()).then(() => host.answer(request).then(heard));
    const atDoor = isProbe ? probeAnswer(world) : isBusy ? busyAnswer(world) : undefined;
    const answer = atDoor ?? heard(await host.answer(request));
    if (answer === undefined) throw failed('ECONNRESET');
    await pause(world, wayMs());
    if (isAnswerLost || !up) return lost(`answer ${answer.status} lost`);
    if (!isProbe) world.trace.note(`${what}: ${answer.status}${isCut ? ' cut' : ''}`);
    return responseOf(answer, isCut);
  };

  return {
    setWeather: (next) => {
      weather = next;
    },
    setUp: (next) => {
      if (next !== up) world.trace.note(`${name} line ${next ? 'up' : 'down'}`);
      up = next;
    },
    acknowledged: () => [...acknowledged.values()],
    fetch: (input, init = {}) => {
      const { signal } = init;
      const request: HostRequest = {
        method: (init.method ?? 'GET') as HostRequest['method'],
        path: (input as string).slice(cloudOrigin.length),
        headers: init.headers as Record<string, string>,
        body: init.body as Uint8Array | undefined,
      };
      return new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        carry(request).then(resolve, reject);
      });
    },
  };
}

const pause = (world: World, durationMs: number): Promise<void> =>
  new Promise((resolve) => void world.timers.after(durationMs, resolve));

const failed = (code: string): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });

/** What the probe asks is only whether anybody is there: no need to bother the whole app once a second. */
const probeAnswer = (world: World): HostAnswer => ({
  status: 200,
  headers: {
    'content-type': 'application/json',
    date: new Date(world.clockOf(() => 0).nowMs()).toUTCString(),
  },
  body: '{"status":"alive"}',
});

const busyAnswer = (world: World): HostAnswer => ({
  ...probeAnswer(world),
  status: 429,
  headers: { ...probeAnswer(world).headers, 'retry-after': '2' },
  body: '{"type":"/errors/cloud-busy","title":"slow down","status":429,"code":"cloud-busy"}',
});

/** What a till reads of an answer: a real `Response` costs ten times as much, and a till asks every second. */
function responseOf({ status, headers, body }: HostAnswer, isCut: boolean): Response {
  const bytes = Buffer.from(body, 'utf8');
  const answer = {
    status,
    ok: status >= 200 && status < 300,
    headers: new Headers(headers),
    body: bytes.length === 0 ? null : isCut ? half(bytes) : [bytes],
  };
  return answer as unknown as Response;
}

/** A body that breaks off in the middle. */
function* half(bytes: Buffer): Generator<Buffer> {
  yield bytes.subarray(0, bytes.length >> 1);
  throw new TypeError('terminated');
}
