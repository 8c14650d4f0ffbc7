import { useEffect } from 'react';
import { useApp } from '../app/context.ts';
import { pageAbove, type Page } from '../desk/desk.ts';

/**
 * The owner's time ends when the pages that set the till up are left; a sale that covers the window
 * closes the sheet.
 */
export function useOwnersTime({
  page,
  covered,
}: {
  readonly page: Page;
  readonly covered: boolean;
}): void {
  const { owner } = useApp();
  const setsUp = page === 'devices' || pageAbove(page) === 'devices';
  useEffect(() => (setsUp ? owner.lock : undefined), [setsUp, owner]);
  useEffect(() => {
    if (covered) owner.cancel();
  }, [covered, owner]);
}
