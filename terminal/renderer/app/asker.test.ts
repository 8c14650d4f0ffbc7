import { beforeEach, describe, expect, it } from 'vitest';
import { askAgainMs, createAsker, type Asker } from './asker.ts';

let waits: { readonly delayMs: number; readonly run: () => void }[];
let answers: ((answer: string) => void)[];
let shown: string[];
let asker: Asker;

beforeEach(() => {
  waits = [];
  answers = [];
  shown = [];
  asker = createAsker({
    ask: () => new Promise<string>((resolve) => void answers.push(resolve)),
    show: (answer) => void shown.push(answer),
    after: (delayMs, run) => {
      const wait = { delayMs, run };
      waits.push(wait);
      return () => void (waits = waits.filter((one) => one !== wait));
    },
    firstAfterMs: 0,
  });
});

const passTime = (): void => waits.splice(0).forEach(({ run }) => run());
const answer = async (text: string): Promise<void> => {
  answers.shift()?.(text);
  await Promise.resolve();
};

describe('a question whose answer changes', () => {
  it('is asked at once first, and then at most every so often, however much changes', () => {
    asker.changed();
    expect(waits.map(({ delayMs }) => delayMs)).toEqual([0]);
    asker.changed();
    passTime();
    expect(answers).toHaveLength(1);
    asker.changed();
    asker.changed();
    expect(answers).toHaveLength(1);
    expect(waits).toEqual([]);
  });

  it('shows every answer, also under changes that come faster than it: it asks once more behind each', async () => {
    asker.changed();
    passTime();
    for (const text of ['one', 'two', 'three']) {
      asker.changed();
      asker.changed();
      await answer(text);
      expect(waits.map(({ delayMs }) => delayMs)).toEqual([askAgainMs]);
      passTime();
      expect(answers).toHaveLength(1);
    }
    expect(shown).toEqual(['one', 'two', 'three']);
    await answer('four');
    expect(waits).toEqual([]);
  });

  it('shows and asks nothing after its end', async () => {
    asker.changed();
    passTime();
    asker.changed();
    asker.stop();
    await answer('too late');
    asker.changed();
    expect(shown).toEqual([]);
    expect(waits).toEqual([]);
  });
});
