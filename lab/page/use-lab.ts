import { useEffect, useRef, useState } from 'react';
import type { Answer, Question } from './picture.ts';

type Asked = Omit<Question, 'id'>;

/**
 * The newest answer of the worker. One question is under way at a time; while it is, only the newest question waits, so
 * that a slider that is dragged never builds up a queue. Busy until the answer belongs to what is asked now.
 */
export function useLab(asked: Asked): {
  readonly answer: Answer | undefined;
  readonly busy: boolean;
} {
  const key = JSON.stringify(asked);
  const [given, setGiven] = useState<{ readonly answer: Answer; readonly key: string }>();
  const desk = useRef<Desk>(undefined);
  useEffect(() => {
    const opened = openDesk((answer, answeredKey) => setGiven({ answer, key: answeredKey }));
    desk.current = opened;
    return () => opened.close();
  }, []);
  useEffect(() => desk.current?.ask(key), [key]);
  return { answer: given?.answer, busy: given?.key !== key };
}

interface Desk {
  /** A question as JSON text. */
  ask(key: string): void;
  close(): void;
}

function openDesk(onAnswer: (answer: Answer, key: string) => void): Desk {
  const worker = new Worker(new URL('./lab-worker.ts', import.meta.url), { type: 'module' });
  let id = 0;
  let working: string | undefined;
  let waiting: string | undefined;
  const send = (key: string): void => {
    id += 1;
    working = key;
    const question: Question = { ...(JSON.parse(key) as Asked), id };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin to name
    worker.postMessage(question);
  };
  worker.addEventListener('message', (event: MessageEvent<Answer>) => {
    const [answered, next] = [working, waiting];
    [working, waiting] = [undefined, undefined];
    if (answered !== undefined) onAnswer(event.data, answered);
    if (next !== undefined) send(next);
  });
  return {
    ask(key) {
      if (working === undefined) send(key);
      else waiting = key;
    },
    close: () => worker.terminate(),
  };
}
