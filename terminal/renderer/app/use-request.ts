import { useState } from 'react';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Result } from '#shared/result/result.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalError,
} from '#terminal/ipc/terminal-api.ts';
import { useApp } from './context.ts';

/** Where the last request of this place stands; a refusal stays until the next one. */
export type RequestState = 'idle' | 'asking' | 'done' | { readonly refused: ErrorCode };

/** Asks the agent from one place on the screen, which then says itself what became of it. */
export function useRequest<M extends MethodName>(
  method: M,
): {
  readonly state: RequestState;
  readonly send: (input: MethodInput<M>) => Promise<Result<MethodOutput<M>, TerminalError>>;
  readonly forget: () => void;
} {
  const { store } = useApp();
  const [state, setState] = useState<RequestState>('idle');
  return {
    state,
    forget: () => setState('idle'),
    send: async (input) => {
      setState('asking');
      const answer = await store.link.call(method, input);
      setState(answer.ok ? 'done' : { refused: answer.error.code });
      return answer;
    },
  };
}

export const refusalOf = (state: RequestState): ErrorCode | null =>
  typeof state === 'object' ? state.refused : null;
