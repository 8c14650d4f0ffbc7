import type { Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type { TerminalApi, TerminalError } from '#terminal/ipc/terminal-api.ts';
import type { Config } from '#terminal/agent/config.ts';
import type { Timers } from '#drivers/core/timers.ts';

/** What the agent needs from outside. Everything optional defaults to the real thing of this machine. */
export interface AgentDeps {
  readonly config: Config;
  readonly appVersion: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly timers?: Timers;
  /** The way to the cloud; the demo's network switch and the tests may wrap it. */
  readonly fetch?: typeof globalThis.fetch;
  /** Transports of devices configured as `{type: 'memory', name}`. */
  readonly transports?: ReadonlyMap<string, Transport>;
}

/** One till: journal, checkout, devices, uplink. Headless: hosts carry `api` to a window. */
export interface Agent {
  readonly api: TerminalApi;
  /** Whether this till has an identity the cloud knows. Selling for cash works without. */
  isActivated(): boolean;
  /** Opens devices and the line, and takes up what a former run left unfinished. */
  start(): Promise<void>;
  /** Stops taking new work, lets the writes in hand finish, and closes the journal. */
  stop(): Promise<void>;
  /** Binds a fresh key to a one-time code. Errors: the cloud's refusal, `cloud-unreachable`, … */
  activate(code: string): Promise<Result<void, TerminalError>>;
}

/** Opens the till's data and wires it. Errors: `store-locked`, `store-corrupt`, `store-failed`, `config-invalid`. */
export async function createAgent(deps: AgentDeps): Promise<Result<Agent, TerminalError>> {
  return Promise.reject(new Error(`not wired yet: ${deps.appVersion}`));
}
