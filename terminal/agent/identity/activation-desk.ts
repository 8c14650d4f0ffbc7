import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Scan } from '#shared/scan/scan.ts';
import type { Clock } from '#shared/time/clock.ts';
import { isActivationCode } from '#terminal/agent/identity/activation-code.ts';
import type { Session } from '#terminal/agent/identity/session.ts';
import type { IdentityState } from '#terminal/ipc/identity.ts';

/** Makes a new till one of a shop, from the window or by a scan. */
export interface ActivationDesk {
  readonly state: () => IdentityState;
  /** Errors: see terminal/ipc/identity.ts. */
  readonly activate: (code: string) => Promise<Result<void, ErrorCode>>;
  /** A scanned activation code of a till that has no identity is taken here; every other scan is not. */
  readonly takesScan: (scan: Scan) => boolean;
}

export interface ActivationDeskDeps {
  readonly session: Pick<Session, 'activate' | 'identity' | 'config'>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The cloud's time; undefined before it has answered. */
  readonly cloudNowMs: () => number | undefined;
  readonly onActivated: () => void;
  readonly onChange: () => void;
}

/** The request may have arrived and its answer got lost: the same code with the same key answers the same. */
const answerLost: ReadonlySet<ErrorCode> = new Set(['cloud-timeout', 'cloud-error']);
const retryPausesMs = [1_000, 2_000] as const;
/** Less is no reason to trouble a person. */
const clockOffMsMin = 300_000;

export function createActivationDesk(deps: ActivationDeskDeps): ActivationDesk {
  const { session, clock } = deps;
  let isAsking = false;
  let refusal: IdentityState['refusal'] = null;

  const ask = async (code: string): Promise<Result<void, ErrorCode>> => {
    let answer = await session.activate(code);
    for (const pauseMs of retryPausesMs) {
      if (answer.ok || !answerLost.has(answer.error.code)) break;
      await new Promise<void>((resolve) => {
        deps.timers.after(pauseMs, resolve);
      });
      answer = await session.activate(code);
    }
    return answer.ok ? answer : err(answer.error.code);
  };

  const activate = async (code: string): Promise<Result<void, ErrorCode>> => {
    if (session.identity()) return err('agent-activated-already');
    if (isAsking) return err('agent-busy');
    isAsking = true;
    refusal = null;
    deps.onChange();
    const answer = await ask(code);
    isAsking = false;
    refusal = answer.ok ? null : { code: answer.error, atMs: clock.nowMs() };
    if (answer.ok) deps.onActivated();
    deps.onChange();
    return answer;
  };

  return {
    activate,
    takesScan: ({ text }) => {
      if (session.identity() !== undefined || !isActivationCode(text)) return false;
      void activate(text);
      return true;
    },
    state: () => ({
      isActivated: session.identity() !== undefined,
      isAsking,
      refusal,
      terminalId: session.identity()?.terminalId ?? null,
      merchantName: session.config()?.merchantName ?? '',
      storeName: session.config()?.storeName ?? '',
      clockOffMs: clockOff(clock.nowMs(), deps.cloudNowMs()),
    }),
  };
}

function clockOff(nowMs: number, cloudNowMs: number | undefined): number | null {
  if (cloudNowMs === undefined) return null;
  const offMs = Math.trunc(nowMs - cloudNowMs);
  return Math.abs(offMs) < clockOffMsMin ? null : offMs;
}

/** The methods of terminal/ipc/identity.ts. */
export const createIdentityHandlers = (desk: ActivationDesk) => ({
  'identity.state': () => ok(desk.state()),
  'identity.activate': async ({ code }: { readonly code: string }) => {
    const answer = await desk.activate(code);
    return answer.ok ? ok(desk.state()) : answer;
  },
});
