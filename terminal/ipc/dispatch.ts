import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, type Result } from '#shared/result/result.ts';
import {
  methods,
  type MethodName,
  type MethodOutput,
  type TerminalApi,
  type TerminalError,
} from '#terminal/ipc/terminal-api.ts';

/** What crosses a process boundary for one call, before anything about it is trusted. */
export interface CallEnvelope {
  readonly method: MethodName;
  readonly input: object;
}

export type CallAnswer = Result<MethodOutput<MethodName>, TerminalError>;

const refusal = (code: ErrorCode, detail: string): CallAnswer => err({ code, detail });

/** Reads an untrusted value as a call: a known method name and an input object. Nothing else is looked at here. */
export function readCall(value: unknown): CallEnvelope | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { method, input } = value as { method?: unknown; input?: unknown };
  if (typeof method !== 'string' || !Object.hasOwn(methods, method)) return undefined;
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  return { method: method as MethodName, input };
}

/**
 * Carries one untrusted call to the agent. The agent checks the input against the method's schema, so every
 * transport refuses the same things: errors `input-invalid`, and whatever the method itself answers.
 */
export async function dispatch(api: TerminalApi, value: unknown): Promise<CallAnswer> {
  const call = readCall(value);
  if (!call) return refusal('input-invalid', 'not a call of a known method with an input object');
  return api.call(call.method, call.input);
}
