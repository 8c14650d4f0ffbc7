import { assert } from '#shared/result/assert.ts';
import { createAlarm } from '#drivers/core/alarm.ts';
import type { Timers } from '#drivers/core/timers.ts';
import { mayAskAgain } from '#drivers/ecr/retry-policy.ts';
import type { BoxLine } from '#drivers/ecr/session/box-line.ts';
import type { BoxReport } from '#drivers/ecr/session/box-report.ts';

/** Questions to a box that move no money, one at a time, each with its answer or with none. */
export interface BoxQuestions {
  /** null: no answer came. */
  ask(question: BoxQuestion): Promise<BoxReport | null>;
  /** Answers whether somebody waited for this. */
  answer(report: BoxReport): boolean;
  /** Nobody waits any more. */
  drop(about?: BoxQuestion['about']): void;
  isAsking(): boolean;
}

export interface BoxQuestion {
  readonly about: 'query' | 'chore';
  readonly requestId: string;
  readonly payload: Uint8Array;
  readonly line: BoxLine;
  readonly patienceMs: number;
}

export function createBoxQuestions(timers: Timers): BoxQuestions {
  const alarm = createAlarm(timers);
  let open: (BoxQuestion & { readonly tell: (report: BoxReport | null) => void }) | null = null;

  const settle = (report: BoxReport | null): void => {
    const answered = open;
    open = null;
    alarm.clear();
    answered?.tell(report);
  };

  return {
    ask: async (question) => {
      assert(question.about === 'chore' || mayAskAgain(question.about), () => question.about);
      settle(null);
      const answer = new Promise<BoxReport | null>((tell) => {
        open = { ...question, tell };
      });
      alarm.set(question.patienceMs, () => settle(null));
      const delivery = await question.line.deliver(question.payload);
      if (delivery !== 'acknowledged' && open?.requestId === question.requestId) settle(null);
      return answer;
    },
    answer: (report) => {
      const fits =
        open?.about === report.about &&
        (report.requestId === null || report.requestId === open.requestId);
      if (fits) settle(report);
      return fits;
    },
    drop: (about) => {
      if (about === undefined || open?.about === about) settle(null);
    },
    isAsking: () => open !== null,
  };
}
