import { createBridgeLink, type GreentillBridge } from './bridge-api.ts';
import { createLoopbackLink } from './loopback-api.ts';
import type { TerminalLink } from './terminal-link.ts';

declare global {
  interface Window {
    readonly greentill?: GreentillBridge;
  }
}

const tokenKey = 'greentill.token';

/** The bridge of the Electron preload when there is one, else the loopback host that served this page. */
export function pickLink(view: Window): TerminalLink {
  return view.greentill
    ? createBridgeLink(view.greentill)
    : createLoopbackLink({ origin: view.location.origin, token: takeToken(view) });
}

/**
 * The token comes in the URL's fragment, which no server sees and no log keeps. It moves to the session storage of
 * this tab, so that a reload still knows it, and leaves the address bar.
 */
function takeToken(view: Window): string {
  const given = tokenOfFragment(view.location.hash);
  if (given !== undefined) {
    view.sessionStorage.setItem(tokenKey, given);
    view.history.replaceState(null, '', view.location.pathname + view.location.search);
    return given;
  }
  return view.sessionStorage.getItem(tokenKey) ?? '';
}

export function tokenOfFragment(fragment: string): string | undefined {
  const token = new URLSearchParams(fragment.replace(/^#/, '')).get('token');
  return token === null || token === '' ? undefined : token;
}
