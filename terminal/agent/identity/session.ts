import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { HeartbeatAnswerSchema, type Heartbeat } from '#shared/wire/v1/journal.ts';
import { activationProofText } from '#shared/wire/v1/signing.ts';
import {
  ActivationAnswerSchema,
  type ActivationAnswer,
  SignedConfigSchema,
  type ConfigPayload,
  type SignedConfig,
} from '#shared/wire/v1/terminals.ts';
import { activationCodeOf, isActivationCode } from '#terminal/agent/identity/activation-code.ts';
import { finishKeyChange } from '#terminal/agent/identity/change-key.ts';
import type { KeyRing } from '#terminal/agent/identity/device-key.ts';
import {
  openConfig,
  readConfig,
  readIdentity,
  type Identity,
} from '#terminal/agent/identity/identity.ts';
import { entryAt } from '#terminal/agent/journal/entry-rows.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import { setMeta } from '#terminal/agent/journal/meta.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { oldestUndeliveredMs } from '#terminal/agent/uplink/undelivered.ts';
import { ackedPosition } from '#terminal/agent/uplink/uplink.ts';

/** Who this till is and what it may do: activation, heartbeat, and the cloud's signed configuration. */
export interface Session {
  readonly identity: () => Identity | undefined;
  /** The configuration in force; undefined before activation. */
  readonly config: () => ConfigPayload | undefined;
  readonly activate: (code: string) => Promise<Result<void, { readonly code: ErrorCode }>>;
  /** One heartbeat; pulls the configuration when the cloud has a newer one. */
  readonly beat: () => Promise<void>;
  /** Monotonic milliseconds since the cloud said that this configuration is the newest; undefined: not in this run. */
  readonly sinceConfirmedMs: () => number | undefined;
  /** Calls `listener` whenever another configuration came into force. */
  readonly onConfig: (listener: () => void) => void;
}

export interface SessionDeps {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly key: KeyRing;
  readonly clock: Clock;
  readonly random: Random;
  readonly model: string;
  readonly appVersion: string;
  readonly peripherals: () => Heartbeat['peripherals'];
  /** What the shop's owner should hear of what was done with his PIN. */
  readonly ownerNews: () => Pick<Heartbeat, 'pinLocks' | 'firstPinAtMs' | 'ownerChangeNo'>;
  /** The cloud says how far the owner's record of this till has come, by what the till itself once said. */
  readonly ownerSeen: (changeNo: number) => void;
  /** The cloud has this version of the shop's goods. */
  readonly onCatalogueSeen: (version: number) => void;
  /** The newest configuration was refused; undefined when one came into force. */
  readonly onConfigTrouble: (code: ErrorCode | undefined) => void;
}

/** Of one start of the program: the cloud tells two copies of a till by it. */
const runIdBytes = 8;

export function createSession(deps: SessionDeps): Session {
  const { journal, cloud } = deps;
  const listeners: (() => void)[] = [];
  const runId = Buffer.from(deps.random.bytes(runIdBytes)).toString('hex');
  let confirmedAtMs: number | undefined;
  let identity = readIdentity(journal.read);
  let config = identity && readConfig(journal.read, identity);

  const adopt = (who: Identity, signed: SignedConfig): Result<void, { code: ErrorCode }> => {
    // The answer that brought it told the time as well.
    const nowMs = cloud.trustedNowMs() ?? deps.clock.nowMs();
    const opened = openConfig(signed, who, nowMs);
    if (!opened.ok) {
      deps.onConfigTrouble(opened.error.type);
      return err({ code: opened.error.type });
    }
    // Signed once does not mean still in force: an old word of the cloud must not come back.
    const isSame = identity?.terminalId === who.terminalId;
    const { config: pulled, who: pinned } = opened.value;
    if (isSame && pulled.configVersion < (config?.configVersion ?? 0)) {
      deps.onConfigTrouble('config-outdated');
      return err({ code: 'config-outdated' });
    }
    const { version } = pulled.caps;
    const { payload, signature } = signed;
    const kept = journal.append(
      config?.caps.version === version
        ? []
        : [{ type: 'caps.applied', body: { capsVersion: version } }],
      (tx) => {
        setMeta(tx, 'identity', JSON.stringify(pinned));
        setMeta(tx, 'config', JSON.stringify({ payload, signature }));
        setMeta(tx, 'contact', JSON.stringify({ wallMs: deps.clock.nowMs() }));
      },
    );
    if (!kept.ok) return err({ code: appendErrorCode(kept.error) });
    identity = pinned;
    config = pulled;
    confirmedAtMs = deps.clock.monotonicMs();
    deps.onConfigTrouble(undefined);
    for (const listener of listeners) listener();
    return ok(undefined);
  };

  const pullConfig = async (who: Identity): Promise<void> => {
    const answer = await cloud.call({
      method: 'GET',
      path: '/v1/terminals/me/config',
      answer: SignedConfigSchema,
    });
    if (answer.ok) adopt(who, answer.value);
  };

  return {
    identity: () => identity,
    config: () => config,
    sinceConfirmedMs: () =>
      confirmedAtMs === undefined ? undefined : deps.clock.monotonicMs() - confirmedAtMs,
    onConfig: (listener) => {
      listeners.push(listener);
    },
    activate: async (typed) => {
      const answer = await requestActivation(deps, typed);
      if (!answer.ok) return answer;
      const { terminalId, serverPublicKey } = answer.value;
      return adopt({ terminalId, serverPublicKey }, answer.value.config);
    },
    beat: async () => {
      if (!identity) return;
      const configVersion = await beat(deps, { terminalId: identity.terminalId, runId, config });
      if (configVersion > (config?.configVersion ?? 0)) await pullConfig(identity);
      else if (configVersion > 0) confirmedAtMs = deps.clock.monotonicMs();
    },
  };
}

/** One heartbeat, with what the cloud asks for in its answer. Returns the version of the newest configuration. */
async function beat(
  deps: SessionDeps,
  till: {
    readonly terminalId: string;
    readonly runId: string;
    readonly config: ConfigPayload | undefined;
  },
): Promise<number> {
  const { cloud, journal, key, clock } = deps;
  const { terminalId, runId, config } = till;
  await finishKeyChange({ key, cloud, terminalId });
  const answer = await cloud.call({
    method: 'POST',
    path: '/v1/heartbeats',
    body: { ...heartbeatOf(deps, config), runId },
    answer: HeartbeatAnswerSchema,
  });
  if (!answer.ok) return 0;
  deps.onCatalogueSeen(answer.value.catalogueVersion ?? 0);
  if (answer.value.ownerChangeNo !== undefined) deps.ownerSeen(answer.value.ownerChangeNo);
  journal.append([], (tx) => setMeta(tx, 'contact', JSON.stringify({ wallMs: clock.nowMs() })));
  // A disk that refuses the next key leaves the old one in force; the cloud asks again with every heartbeat.
  if (answer.value.rotateKey === true && key.beginChange())
    await finishKeyChange({ key, cloud, terminalId });
  return answer.value.configVersion;
}

/** Binds the till's key to a typed code. Errors: `activation-code-invalid` without asking, else the cloud's. */
async function requestActivation(
  { cloud, key, model, appVersion }: SessionDeps,
  typed: string,
): Promise<Result<ActivationAnswer, { readonly code: ErrorCode }>> {
  const code = activationCodeOf(typed);
  if (!isActivationCode(code)) return err({ code: 'activation-code-invalid' });
  const { publicKey } = key;
  const proof = key.sign(activationProofText(code, publicKey)).toString('base64url');
  const answer = await cloud.call({
    method: 'POST',
    path: '/v1/terminals/activate',
    body: { code, publicKey, proof, model, appVersion },
    answer: ActivationAnswerSchema,
    unsigned: true,
  });
  return answer.ok ? answer : err({ code: answer.error.code });
}

function heartbeatOf(deps: SessionDeps, config: ConfigPayload | undefined): Heartbeat {
  const { journal } = deps;
  const head = journal.head();
  const acked = ackedPosition(journal);
  const ackedEntry = entryAt(journal.read, acked);
  return {
    epoch: head.epoch,
    headSeq: head.seq,
    headHash: head.hash,
    ackedSeq: ackedEntry?.epoch === head.epoch ? ackedEntry.seq : 0,
    oldestUnsyncedMs: oldestUndeliveredMs(journal.read),
    appVersion: deps.appVersion,
    wallMs: deps.clock.nowMs(),
    diskFreeBytes: journal.diskFreeBytes(),
    capsVersion: config?.caps.version ?? 0,
    peripherals: deps.peripherals(),
    ...deps.ownerNews(),
  };
}
