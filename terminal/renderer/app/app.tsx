import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { ActivationScreen } from '../activation/activation-screen.tsx';
import { shownScreen } from '../desk/desk-machine.ts';
import type { Page } from '../desk/desk.ts';
import { BindPage } from '../devices/bind/bind-page.tsx';
import { DevicePage } from '../devices/device/device-page.tsx';
import { DevicesScreen } from '../devices/devices-screen.tsx';
import { OrdersScreen } from '../orders/orders-screen.tsx';
import { PromotionScreen } from '../promotion/promotion-screen.tsx';
import { ReceiptScreen } from '../receipt/receipt-screen.tsx';
import { errorWords } from '../i18n/language.ts';
import { Overlay } from '../result/overlay.tsx';
import { PinSheet, useSheet } from '../owner/pin-sheet.tsx';
import { useOwnersTime } from '../owner/use-owners-time.ts';
import { TillScreen } from '../till/till-screen.tsx';
import { TodayScreen } from '../today/today-screen.tsx';
import { useApp, useTill } from './context.ts';
import { FootBar } from './foot-bar.tsx';
import { NoteBar } from './note-bar.tsx';
import { TopBar } from './top-bar.tsx';
import { useAnnouncements } from './use-announcements.ts';

/** The window: a bar above, the page, the keys below, and over all of it the result of a sale. */
export function TillApp(): ReactNode {
  const { words, language } = useApp();
  const { till, desk, linkUp, linkCode } = useTill();
  useAnnouncements();
  useBlurAfterTouch();
  const sheet = useSheet();
  const activation = useActivation();
  const covered = till !== null && shownScreen(desk, till).type !== 'ready';
  useOwnersTime({ page: desk.page, covered });
  if (!till) {
    return (
      <div className="loading" role="status">
        {linkUp ? words.loading : linkCode ? errorWords(linkCode, language) : words.linkDown}
      </div>
    );
  }
  if (activation.isOpen) return <ActivationScreen onStart={activation.leave} />;
  const screen = shownScreen(desk, till);
  return (
    <>
      <div className="window" inert={covered || sheet !== null}>
        <TopBar />
        <main className="page">
          <PageOf page={desk.page} />
        </main>
        <FootBar />
      </div>
      {screen.type !== 'ready' && <Overlay screen={screen} />}
      <PinSheet />
      <NoteBar />
    </>
  );
}

function PageOf({ page }: { readonly page: Page }): ReactNode {
  switch (page) {
    case 'till':
      return <TillScreen />;
    case 'orders':
      return <OrdersScreen />;
    case 'today':
      return <TodayScreen />;
    case 'devices':
      return <DevicesScreen />;
    case 'device':
      return <DevicePage />;
    case 'bind':
      return <BindPage />;
    case 'promotion':
      return <PromotionScreen />;
    case 'receipt':
      return <ReceiptScreen />;
    default:
      return exhaustive(page);
  }
}

/** The activation stays on the screen until somebody has read for which shop it was. */
function useActivation(): { readonly isOpen: boolean; readonly leave: () => void } {
  const { status } = useTill();
  const [isOpen, setOpen] = useState(false);
  if (status?.isActivated === false && !isOpen) setOpen(true);
  return { isOpen, leave: useCallback(() => setOpen(false), []) };
}

/** A touched button does not keep the focus: the next key belongs to the amount. */
function useBlurAfterTouch(): void {
  useEffect(() => {
    const blur = (event: PointerEvent): void => {
      const focused = document.activeElement;
      if (event.pointerType !== '' && focused instanceof HTMLButtonElement) focused.blur();
    };
    window.addEventListener('pointerup', blur);
    return () => window.removeEventListener('pointerup', blur);
  }, []);
}
