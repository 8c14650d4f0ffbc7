import type { ReactNode } from 'react';
import { useApp } from '../app/context.ts';

/** The way back to all devices, and what this page is about. */
export function PageHead({ title }: { readonly title: string }): ReactNode {
  const { words, store } = useApp();
  return (
    <header className="device-page-head">
      <button
        type="button"
        className="button"
        onClick={() => store.act({ type: 'go', page: 'devices' })}
      >
        {words.devices.back}
      </button>
      <h2>{title}</h2>
    </header>
  );
}
