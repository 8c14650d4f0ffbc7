import { ok, type Result } from '#shared/result/result.ts';
import type { BoxFailure, BoxRequest, BoxSale } from '#drivers/ecr/box-pos.ts';
import { createAskWriter } from '#drivers/ecr/session/ask-writer.ts';
import type { BoxDialect } from '#drivers/ecr/session/box-dialect.ts';
import { createBoxInquiry, type BoxInquiry } from '#drivers/ecr/session/box-inquiry.ts';
import {
  createBoxPresence,
  type BoxPresence,
  type BoxPresenceDeps,
} from '#drivers/ecr/session/box-presence.ts';
import type { BoxAsk, BoxIntent, BoxReport } from '#drivers/ecr/session/box-report.ts';
import type { Delivery } from '#drivers/ecr/session/session-state.ts';

/** The talk with a box across its connections: what is handed over, what is asked, and who an answer is for. */
export interface BoxTalk
  extends Omit<BoxPresence, 'line'>, Pick<BoxInquiry, 'lookUp' | 'chore' | 'isAsking'> {
  /** null when the dialect can put it into bytes. */
  whyNot(intent: BoxIntent): BoxFailure | null;
  deliver(intent: BoxIntent): Promise<Delivery>;
  cease(): void;
  requestClose(order: BoxSale): Promise<BoxRequest>;
  /** What a query asked for is known from elsewhere: its answer is of no interest any more. */
  dropQuery(): void;
}

export interface BoxTalkDeps extends Omit<BoxPresenceDeps, 'dialect' | 'onMessage'> {
  readonly dialect: BoxDialect;
  /** An answer to an intent, asked for now or long ago. */
  readonly onReport: (report: BoxReport) => void;
  readonly onUnreadable: () => void;
}

export function createBoxTalk(deps: BoxTalkDeps): BoxTalk {
  const writer = createAskWriter(deps);
  const { line, ...presence } = createBoxPresence({
    ...deps,
    onMessage: (payload) => hear(payload),
  });
  const { lookUp, chore, ...inquiry } = createBoxInquiry({ ...deps, writer, line });

  const hear = (payload: Uint8Array): void => {
    const report = deps.dialect.decode(payload);
    if (report === null) return deps.onUnreadable();
    if (report.about === 'query' || report.about === 'chore') return void inquiry.answer(report);
    // A request to close is answered by the outcome of the sale itself.
    if (report.about !== 'close') deps.onReport(report);
  };

  const deliver = async (ask: BoxAsk): Promise<Result<Delivery, BoxFailure>> => {
    const { encoded } = writer.write(ask);
    if (!encoded.ok) return encoded;
    return ok((await line()?.deliver(encoded.value)) ?? 'not-written');
  };

  return {
    ...presence,
    lookUp,
    chore,
    lineDown: () => {
      const code = presence.lineDown();
      inquiry.drop();
      return code;
    },
    isAsking: () => inquiry.isAsking(),
    dropQuery: () => inquiry.drop('query'),
    whyNot: (intent) => {
      const possible = writer.probe(intent);
      return possible.ok ? null : possible.error;
    },
    deliver: async (intent) => {
      const delivery = await deliver(intent);
      return delivery.ok ? delivery.value : 'not-written';
    },
    cease: () => line()?.cease(),
    requestClose: async (order) => {
      const delivery = await deliver({ kind: 'close', about: order });
      if (!delivery.ok) return { type: 'not-sent', code: delivery.error };
      return delivery.value === 'not-written'
        ? { type: 'not-sent', code: 'device-missing' }
        : { type: 'asked' };
    },
  };
}
