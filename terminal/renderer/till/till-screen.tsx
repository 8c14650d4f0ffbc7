import type { ReactNode } from 'react';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { useTill } from '../app/context.ts';
import { AmountCard } from './amount-card.tsx';
import { CashPanel } from './cash-panel.tsx';
import { DrawerPanel } from './drawer-panel.tsx';
import { Keypad } from './keypad.tsx';
import { MemberPanel } from './member-panel.tsx';
import { PromisePanel } from './promise-panel.tsx';
import { SumStrip } from './sum-strip.tsx';

/** The cashier's page: what is being sold on the left, the keys on the right. Panels take the amount's place. */
export function TillScreen(): ReactNode {
  return (
    <div className="till">
      <div className="till-left">
        <section className="card till-card">
          <OpenPanel />
        </section>
        <SumStrip />
      </div>
      <Keypad />
    </div>
  );
}

function OpenPanel(): ReactNode {
  const { panel } = useTill().desk;
  switch (panel.type) {
    case 'cash':
      return <CashPanel panel={panel} />;
    case 'member':
      return <MemberPanel panel={panel} />;
    case 'drawer':
      return <DrawerPanel chosen={panel.chosen} />;
    case 'promise':
      return <PromisePanel panel={panel} />;
    case 'none':
    case 'confirm-cancel':
    // Stands beside its order, on the page of the orders.
    case 'refund':
      return <AmountCard />;
    default:
      return exhaustive(panel);
  }
}
