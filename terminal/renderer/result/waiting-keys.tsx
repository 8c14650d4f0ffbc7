import type { ReactNode } from 'react';
import { useApp } from '../app/context.ts';

/** What the cashier can do while the outcome is not known: ask now, and cancel or go on without it. */
export function WaitingKeys({
  query,
  leave,
}: {
  readonly query: string;
  /** What Esc does; null while it does nothing. */
  readonly leave: string | null;
}): ReactNode {
  const { store } = useApp();
  return (
    <div className="row overlay-row">
      <button
        type="button"
        className="button button-strong"
        onClick={() => store.act({ type: 'function', key: 'F5' })}
      >
        {query}
        <kbd>F5</kbd>
      </button>
      {leave !== null && (
        <button
          type="button"
          className="button button-plain"
          onClick={() => store.act({ type: 'escape' })}
        >
          {leave}
          <kbd>Esc</kbd>
        </button>
      )}
    </div>
  );
}

/** Asks once more before a payment that may have happened is cancelled. */
export function ConfirmCancel({
  title,
  line,
  yes,
}: {
  readonly title: string;
  readonly line: string;
  readonly yes: string;
}): ReactNode {
  const { words, store } = useApp();
  return (
    <section className="confirm" role="alertdialog" aria-label={title}>
      <p className="confirm-title">{title}</p>
      <p>{line}</p>
      <div className="row overlay-row">
        <button
          type="button"
          className="button button-strong"
          onClick={() => store.act({ type: 'escape' })}
        >
          {words.waiting.confirmNo}
          <kbd>Esc</kbd>
        </button>
        <button
          type="button"
          className="button button-plain"
          onClick={() => store.act({ type: 'enter' })}
        >
          {yes}
          <kbd>{words.pad.enter}</kbd>
        </button>
      </div>
    </section>
  );
}

/**
 * The customer showed another code meanwhile: nobody is charged twice, and the first verdict is at
 * most so far away.
 */
export function SecondScan({ seconds }: { readonly seconds: number | null }): ReactNode {
  const { words } = useApp();
  return (
    <p className="overlay-guard" role="alert">
      {words.waiting.secondScan}
      {seconds !== null && seconds > 0 && ` · ${words.waiting.secondScanLeft(seconds)}`}
    </p>
  );
}
