import { setTimeout as pause } from 'node:timers/promises';
import type { Result } from '#shared/result/result.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalError,
} from '#terminal/ipc/terminal-api.ts';
import type { Stage } from '../stage/stage.ts';
import { connectTill, type TillClient } from '../stage/till-client.ts';

type Answer<M extends MethodName> = Result<MethodOutput<M>, TerminalError>;

/** A cashier at a till that dies now and then: she looks again after a restart, and never presses pay twice. */
export interface TillDesk {
  /** Asks, over restarts, until the till answers. Only for what moves no money. */
  look<M extends MethodName>(method: M, input: MethodInput<M>): Promise<Answer<M>>;
  /** Sends once. Undefined when no answer came: nobody knows what became of it. */
  sendOnce<M extends MethodName>(method: M, input: MethodInput<M>): Promise<Answer<M> | undefined>;
  close(): void;
}

const lookMsMax = 90_000;
const lookPauseMs = 25;

export function openTillDesk(stage: Pick<Stage, 'tillUrl'>): TillDesk {
  let url = '';
  let client: TillClient | undefined;
  /** What came instead of an answer, for the failure's words. */
  let last = '';
  const connected = (): TillClient => {
    if (client !== undefined && url === stage.tillUrl()) return client;
    client?.close();
    url = stage.tillUrl();
    client = connectTill(url);
    return client;
  };
  const sendOnce = async <M extends MethodName>(
    method: M,
    input: MethodInput<M>,
  ): Promise<Answer<M> | undefined> => {
    try {
      const answer: unknown = await connected().api.call(method, input);
      last = JSON.stringify(answer).slice(0, 400);
      const isResult = typeof answer === 'object' && answer !== null && 'ok' in answer;
      return isResult ? (answer as Answer<M>) : undefined;
    } catch (error) {
      last = String(error instanceof Error ? (error.cause ?? error) : error);
      return undefined;
    }
  };
  return {
    sendOnce,
    async look(method, input) {
      const deadlineMs = performance.now() + lookMsMax;
      while (performance.now() < deadlineMs) {
        const answer = await sendOnce(method, input);
        if (answer !== undefined) return answer;
        await pause(lookPauseMs);
      }
      throw new Error(`the till answered no ${method} within ${lookMsMax} ms: ${last}`);
    },
    close: () => client?.close(),
  };
}
