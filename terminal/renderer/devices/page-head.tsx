import type { ReactNode } from 'react';
import { useApp } from '../app/context.ts';

/** The way back to all devices, and what this page is about. */
export function PageHead({
  children,
  onLeave,
}: {
  readonly children: ReactNode;
  readonly onLeave?: () => void;
}): ReactNode {
  const { words, store } = useApp();
  return (
    <div className="device-page-head">
      <button
        type="button"
        className="button"
        onClick={() => {
          onLeave?.();
          store.act({ type: 'go', page: 'devices' });
        }}
      >
        {words.devices.back}
      </button>
      {children}
    </div>
  );
}
