import { runExperiment } from '#lab/engine/lab.ts';
import { pictureOf, type Answer, type Question } from './picture.ts';
import { nowMs } from './system-clock.ts';

/** The engine's own thread: the page stays smooth while months are lived through. */
self.addEventListener('message', (event: MessageEvent<Question>) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin to name
  self.postMessage(answer(event.data));
});

function answer({ id, trade, months, dials, funded, literal }: Question): Answer {
  const startedMs = nowMs();
  const common = { trade, months, dials };
  const one = runExperiment({ ...common, rules: funded });
  if (!one.ok) return { id, ok: false, error: one.error };
  const other = runExperiment({ ...common, rules: literal });
  if (!other.ok) return { id, ok: false, error: other.error };
  const [fundedPicture, literalPicture] = [pictureOf(one.value), pictureOf(other.value)];
  const tookMs = nowMs() - startedMs;
  return { id, ok: true, tookMs, funded: fundedPicture, literal: literalPicture };
}
