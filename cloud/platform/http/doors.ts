import type { FastifyReply, FastifyRequest } from 'fastify';
import { accessOf } from '#cloud/identity/access.ts';
import { createAppointments } from '#cloud/platform/http/appointments.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { createFairGate } from '#cloud/platform/http/fair-gate.ts';
import { laneLimits, laneOf, type Lane, type LaneLimits } from '#cloud/platform/http/lanes.ts';
import { sendProblem } from '#cloud/platform/problem.ts';

/**
 * Under pressure a body that takes longer to arrive than this loses its place: its sender has
 * nearly given up anyway.
 */
const arrivalMsMax = 5_000;

/**
 * Puts a door before every lane (platform/http/lanes.ts). Who finds the house full is answered 429
 * before his body is read; who waits, waits before anything of his request is verified, inflated or
 * looked up. So load costs a refused request a few microseconds, and an admitted one never waits
 * for a connection. Must be registered before the access check.
 *
 * Nobody is authenticated yet: a name is a claim that earns its bearer one fair share of waiting
 * and nothing else. It counts together with the address, so that a stranger cannot use up the share
 * of a till.
 */
export function registerDoors(
  app: CloudApp,
  deps: Pick<CloudDeps, 'clock' | 'random'>,
  limits: Readonly<Record<Exclude<Lane, 'free'>, LaneLimits>> = laneLimits,
): void {
  const doors = {
    journal: createDoor(deps, limits.journal),
    counter: createDoor(deps, limits.counter),
    desk: createDoor(deps, limits.desk),
    public: createDoor(deps, limits.public),
    notify: createDoor(deps, limits.notify),
  };
  const visits = new WeakMap<FastifyRequest, Visit>();
  app.addHook('onRequest', (request, reply, done) => {
    const lane = laneOfRequest(request);
    if (lane === 'free') return done();
    const door = doors[lane];
    const visit = door.arrive(request);
    if (visit === undefined) return void refuse(reply, door.returnSeconds(claimOf(request)));
    visits.set(request, visit);
    // Who hangs up before it is his turn gives his place back. At work it is the end of the work
    // that counts.
    reply.raw.once('close', () => visit.hangUp());
    done();
  });
  app.addHook('preValidation', async (request, reply) => {
    const visit = visits.get(request);
    if (visit === undefined || (await visit.enter())) return undefined;
    return refuse(reply, visit.returnSeconds());
  });
  app.addHook('onSend', (request, _reply, payload, done) => {
    visits.get(request)?.leave();
    done(null, payload);
  });
}

const refuse = (reply: FastifyReply, retryAfterSeconds: number): FastifyReply =>
  sendProblem(reply, { status: 429, code: 'cloud-busy', retryAfterSeconds });

/** The lane of a request whose route is known. */
export function laneOfRequest(request: FastifyRequest): Lane {
  if (request.is404) return 'free';
  const { config, url = '' } = request.routeOptions;
  const access = accessOf(config.access, url);
  return laneOf({ declared: config.lane, access, path: url });
}

/**
 * Whom a request claims to come from. Terminals share the line of a shop or a market hall: they
 * count by key id, strangers by address. On a public route nobody ever checks a signature, so there
 * a key id is only a word, and counting by it would let a stranger start over at will.
 */
export function claimOf(request: FastifyRequest): string {
  const { access } = request.routeOptions.config;
  if (access === 'public' || access === 'channel') return request.ip;
  const keyId = /keyid="(trm_[0-9A-Z]{26})"/.exec(String(request.headers['signature-input'] ?? ''));
  return `${request.ip} ${keyId?.[1] ?? ''}`;
}

/** One request in the house. */
interface Visit {
  /** Resolves when it is its turn: true; false: there is no room to wait. */
  readonly enter: () => Promise<boolean>;
  readonly leave: () => void;
  readonly hangUp: () => void;
  readonly returnSeconds: () => number;
}

function createDoor({ clock, random }: Pick<CloudDeps, 'clock' | 'random'>, limits: LaneLimits) {
  const gate = createFairGate({ limits, clock });
  const appointments = createAppointments({ clock, random });
  /** Whose bodies are on their way, the oldest first. */
  const arriving = new Map<
    FastifyRequest,
    { readonly sinceMs: number; readonly leave: () => void }
  >();
  let presentCount = 0;

  const returnSeconds = (who: string): number =>
    appointments.give(who, { waitingCount: gate.waiting(), stepMs: gate.stepMs() });

  const makeRoom = (): void => {
    const [oldest] = arriving;
    if (oldest === undefined) return;
    const [request, { sinceMs, leave }] = oldest;
    if (clock.monotonicMs() - sinceMs < arrivalMsMax) return;
    leave();
    request.raw.socket.destroy();
  };

  const arrive = (request: FastifyRequest): Visit | undefined => {
    if (gate.waiting() >= limits.waitingMax) return undefined;
    if (presentCount >= limits.presentMax) makeRoom();
    if (presentCount >= limits.presentMax) return undefined;
    const who = claimOf(request);
    presentCount += 1;
    let state: 'arriving' | 'waiting' | 'inside' | 'gone' = 'arriving';
    let wayOut: (() => void) | undefined;
    const leave = (): void => {
      if (state === 'gone') return;
      state = 'gone';
      presentCount -= 1;
      arriving.delete(request);
      wayOut?.();
    };
    arriving.set(request, { sinceMs: clock.monotonicMs(), leave });
    return {
      async enter() {
        arriving.delete(request);
        if (state === 'gone') return false;
        state = 'waiting';
        wayOut = await gate.enter(who);
        // TypeScript does not see that he may have hung up meanwhile.
        if ((state as string) === 'gone') wayOut?.();
        if (wayOut === undefined || (state as string) === 'gone') return false;
        state = 'inside';
        appointments.kept(who);
        return true;
      },
      leave,
      hangUp: () => {
        if (state !== 'inside') leave();
      },
      returnSeconds: () => returnSeconds(who),
    };
  };
  return { arrive, returnSeconds };
}
