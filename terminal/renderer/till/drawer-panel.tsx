import type { ReactNode } from 'react';
import { useApp } from '../app/context.ts';
import { Close } from './cash-panel.tsx';

/**
 * F7: a drawer is opened without a sale only with a reason. A finger opens at once; a digit chooses
 * and Enter opens.
 */
export function DrawerPanel({ chosen }: { readonly chosen: number | null }): ReactNode {
  const { words, store } = useApp();
  return (
    <div className="panel drawer">
      <div className="panel-head">
        <h1 className="panel-title">{words.drawerPanel.title}</h1>
        <Close />
      </div>
      <div className="reasons">
        {words.drawerPanel.reasons.map((reason, index) => (
          <button
            key={reason}
            type="button"
            className="reason"
            aria-pressed={chosen === index}
            onClick={() => store.act({ type: 'drawer-reason', index })}
          >
            <kbd>{index + 1}</kbd>
            {reason}
          </button>
        ))}
      </div>
      <p className="phone-hint">{words.drawerPanel.hint}</p>
    </div>
  );
}
