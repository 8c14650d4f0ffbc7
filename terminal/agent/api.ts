import type { Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  methods,
  type MethodInput,
  type MethodName,
  type MethodOutput,
  type TerminalApi,
  type TerminalError,
  type TerminalEvent,
} from '#terminal/ipc/terminal-api.ts';

type Answer<M extends MethodName> =
  Result<MethodOutput<M>, ErrorCode> | Promise<Result<MethodOutput<M>, ErrorCode>>;

/** One function per method. Inputs have been checked when they arrive here. */
export type Handlers = { readonly [M in MethodName]: (input: MethodInput<M>) => Answer<M> };

const validators = Object.fromEntries(
  Object.entries(methods).map(([name, { input }]) => [name, Compile(input)]),
) as unknown as Readonly<Record<MethodName, { Check(value: unknown): value is Static<never> }>>;

/** Checks every input against the contract, then lets its handler answer. Errors: `input-invalid` and the handler's. */
export function createApi(handlers: Handlers): {
  readonly api: TerminalApi;
  readonly emit: (event: TerminalEvent) => void;
  /** Anybody listens. */
  readonly isHeard: () => boolean;
} {
  const listeners = new Set<(event: TerminalEvent) => void>();
  const api: TerminalApi = {
    call: async <M extends MethodName>(
      method: M,
      input: MethodInput<M>,
    ): Promise<Result<MethodOutput<M>, TerminalError>> => {
      if (!Object.hasOwn(methods, method) || !validators[method].Check(input))
        return err({ code: 'input-invalid', detail: method });
      const answer = await handlers[method](input);
      return answer.ok ? ok(answer.value) : err({ code: answer.error });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
  return {
    api,
    isHeard: () => listeners.size > 0,
    emit: (event) => {
      for (const listener of listeners) listener(event);
    },
  };
}
