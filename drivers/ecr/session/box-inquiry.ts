import type { Timers } from '#drivers/core/timers.ts';
import type { AskWriter } from '#drivers/ecr/session/ask-writer.ts';
import type { BoxDialect } from '#drivers/ecr/session/box-dialect.ts';
import type { BoxLine } from '#drivers/ecr/session/box-line.ts';
import { createBoxQuestions, type BoxQuestions } from '#drivers/ecr/session/box-questions.ts';
import type {
  BoxAsk,
  BoxChore,
  BoxChoreOutcome,
  BoxIntent,
  BoxReport,
} from '#drivers/ecr/session/box-report.ts';
import type { LookUpReply } from '#drivers/ecr/session/session-state.ts';

/** What the till asks a box without moving money: what became of an intent, and the duties of the day. */
export interface BoxInquiry extends Pick<BoxQuestions, 'answer' | 'drop' | 'isAsking'> {
  readonly lookUp: (intent: BoxIntent) => Promise<LookUpReply>;
  readonly chore: (chore: BoxChore) => Promise<BoxChoreOutcome>;
}

export interface BoxInquiryDeps {
  readonly timers: Timers;
  readonly dialect: Pick<BoxDialect, 'lookUpTimeoutMs' | 'answerTimeoutMs'>;
  readonly writer: AskWriter;
  /** The connection; null without one. */
  readonly line: () => BoxLine | null;
}

export function createBoxInquiry({ timers, dialect, writer, line }: BoxInquiryDeps): BoxInquiry {
  const questions = createBoxQuestions(timers);

  /** null: no answer came. */
  const ask = async (about: 'query' | 'chore', wanted: BoxAsk): Promise<BoxReport | null> => {
    const { requestId, encoded } = writer.write(wanted);
    const asked = line();
    if (!encoded.ok || asked === null) return null;
    const patienceMs = about === 'query' ? dialect.lookUpTimeoutMs : dialect.answerTimeoutMs;
    return questions.ask({ about, requestId, payload: encoded.value, line: asked, patienceMs });
  };

  return {
    lookUp: async (intent) => {
      const wanted: BoxAsk = { kind: 'query', about: intent.order };
      const possible = writer.probe(wanted);
      if (!possible.ok) return { type: 'no-answer', code: possible.error };
      const asker = line();
      if (asker === null) return { type: 'no-answer', code: 'device-missing' };
      const greeted = await asker.greet();
      if (!greeted || line() !== asker) return { type: 'no-answer', code: 'box-silent' };
      const report = await ask('query', wanted);
      return report === null
        ? { type: 'no-answer', code: 'box-silent' }
        : { type: 'report', report, greeted };
    },
    chore: async (chore) => {
      const wanted: BoxAsk = { kind: 'chore', chore };
      const possible = writer.probe(wanted);
      if (!possible.ok) return { type: 'not-done', code: possible.error, detail: '' };
      const report = await ask('chore', wanted);
      if (report === null) return { type: 'not-done', code: 'box-silent', detail: '' };
      if (report.verdict === 'done') return { type: 'done' };
      return { type: 'not-done', code: report.code, detail: report.detail };
    },
    answer: (report) => questions.answer(report),
    drop: (about) => questions.drop(about),
    isAsking: () => questions.isAsking(),
  };
}
