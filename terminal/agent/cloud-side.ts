import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { Heartbeat } from '#shared/wire/v1/journal.ts';
import { createBusinessClock } from '#terminal/agent/business-clock.ts';
import { createCataloguePoller } from '#terminal/agent/goods/catalogue-poller.ts';
import type { KeyRing } from '#terminal/agent/identity/device-key.ts';
import { createSession, type Session } from '#terminal/agent/identity/session.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { createTroubles, type Troubles } from '#terminal/agent/troubles.ts';
import { createCloudClient, type CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { createHintSocket, HintSocket } from '#terminal/agent/uplink/hint-socket.ts';
import { standingRefusal } from '#terminal/agent/uplink/identity-refusal.ts';
import { createLink, type Link } from '#terminal/agent/uplink/link.ts';
import { createPoller, type Poller } from '#terminal/agent/uplink/poller.ts';
import { pullResults, type Alongside } from '#terminal/agent/uplink/results.ts';
import { createUplink, type Uplink } from '#terminal/agent/uplink/uplink.ts';

/** The agent's half that looks at the cloud: who this till is, what goes up, what comes down. */
export interface CloudSide {
  readonly link: Link;
  readonly cloud: CloudClient;
  /** What time it is for the business: the computer's, corrected by the cloud's. */
  readonly businessClock: Clock;
  readonly session: Session;
  readonly troubles: Troubles;
  readonly uplink: Uplink;
  readonly results: Poller;
  readonly heartbeat: Poller;
  /** Pulls the shop's goods; kicked by a heartbeat that knows of newer ones. */
  readonly catalogue: Poller;
  readonly hints: HintSocket;
  /** Whether this till has an identity. */
  readonly isReady: () => boolean;
}

export interface CloudSideDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly journal: Journal;
  readonly key: KeyRing;
  readonly cloudUrl: string;
  readonly model: string;
  readonly appVersion: string;
  readonly fetch: typeof globalThis.fetch;
  readonly createHints: typeof createHintSocket;
  readonly peripherals: () => Heartbeat['peripherals'];
  /** What the shop's owner should hear of what was done with his PIN. */
  readonly ownerNews: () => Pick<Heartbeat, 'pinLocks' | 'firstPinAtMs' | 'ownerChangeNo'>;
  readonly ownerSeen: (changeNo: number) => void;
  readonly alongside: Alongside;
}

export const heartbeatPauseMs = 30_000;
/** Results are pulled on a hint; this is for hints that got lost. */
export const resultsPauseMs = 15_000;

export function createCloudSide(deps: CloudSideDeps): CloudSide {
  const { journal } = deps;
  const troubles = createTroubles(deps);
  let refusal: ErrorCode | undefined;
  const link = createLink({ ...deps, probe: (timeoutMs) => cloud.probe(timeoutMs) });
  const cloud = createCloudClient({
    ...deps,
    terminalId: () => session.identity()?.terminalId,
    onOutcome: (reached) => link.report(reached),
    onIdentityEvidence: (evidence) => {
      refusal = standingRefusal(refusal, evidence);
      troubles.note('identity', refusal);
    },
  });
  const businessClock = createBusinessClock({ ...deps, cloud });
  const session = createSession({
    ...deps,
    cloud,
    onConfigTrouble: (code) => troubles.note('config', code),
    onCatalogueSeen: (version) => catalogue.seen(version),
  });
  const isReady = (): boolean => session.identity() !== undefined;
  const uplink = createUplink({
    ...deps,
    cloud,
    isReady,
    onTrouble: (code) => troubles.note('journal', code),
  });
  const results = createPoller({
    timers: deps.timers,
    pauseMs: resultsPauseMs,
    run: async () => {
      if (isReady()) await pullResults({ journal, cloud, alongside: deps.alongside });
    },
  });
  const catalogue = createCataloguePoller({
    ...deps,
    cloud,
    session,
    onTrouble: (code) => troubles.note('catalogue', code),
  });
  const heartbeat = createPoller({
    timers: deps.timers,
    pauseMs: heartbeatPauseMs,
    run: session.beat,
  });
  const hints = deps.createHints({ ...deps, session, cloud, onPull: results.kick });

  link.onChange((online) => {
    if (!online) return;
    uplink.lineUp();
    results.kick();
    heartbeat.kick();
    hints.wake();
  });
  troubles.onChange((source) => {
    if (source === 'identity' && refusal === undefined) uplink.retryNow();
  });
  const parts = { link, cloud, businessClock, session, troubles, uplink };
  return { ...parts, results, heartbeat, catalogue, hints, isReady };
}
