import { useEffect } from 'react';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { pinDigitsMax } from '#terminal/ipc/owner.ts';
import { useApp } from '../app/context.ts';
import type { DeskAction } from '../desk/desk.ts';
import type { OwnerGate } from './owner-gate.ts';

/** While the sheet is open, keys that a person types are the PIN's. A scanner's code closes it and goes to the till. */
export function usePinKeys(isOpen: boolean): void {
  const { keys, owner } = useApp();
  useEffect(
    () => (isOpen ? keys.grab((action) => takes(owner, action)) : undefined),
    [isOpen, keys, owner],
  );
}

function takes(owner: OwnerGate, action: DeskAction): boolean {
  switch (action.type) {
    case 'amount-key':
      owner.press(action.key);
      return true;
    // What looked typed was the beginning of a scan.
    case 'take-back':
    case 'backspace':
      owner.erase();
      return true;
    case 'clear':
      owner.clear();
      return true;
    case 'enter':
      owner.enter();
      return true;
    case 'escape':
      owner.cancel();
      return true;
    case 'scan':
      // Never so short: that is a PIN typed in great haste, and no code to pay with.
      if (action.text.length <= pinDigitsMax) {
        owner.clear();
        return true;
      }
      owner.cancel();
      return false;
    // Some of a scan's digits stand in the PIN, unseen, or the window goes elsewhere: the sheet goes.
    case 'slow-scan':
    case 'unreadable-scan':
    case 'detach-member':
    case 'drop-coupon':
    case 'drop-line':
    case 'member-consent':
    case 'drawer-reason':
    case 'function':
    case 'go':
    case 'open-device':
    case 'open-order':
    case 'promise-kind':
    case 'promise-who':
    case 'quick-cash':
    case 'refund-order':
    case 'refund-reason':
    case 'show-device':
    case 'try-scanner':
      owner.cancel();
      return false;
    default:
      return exhaustive(action);
  }
}
