import type { ReactNode } from 'react';

export type IconName =
  | 'scan'
  | 'check'
  | 'cross'
  | 'pause'
  | 'printer'
  | 'scanner'
  | 'drawer'
  | 'box-pos'
  | 'display'
  | 'voice'
  | 'voice-off'
  | 'cash'
  | 'member'
  | 'phone'
  | 'wifi-off'
  | 'alert'
  | 'offline-book'
  | 'search'
  | 'plug'
  | 'lock';

/** Our own line icons on a 24-unit grid. Decoration only: the words beside them say the same. */
const shapes: Readonly<Record<IconName, ReactNode>> = {
  scan: (
    <path d="M3 8V5a2 2 0 0 1 2-2h3m8 0h3a2 2 0 0 1 2 2v3m0 8v3a2 2 0 0 1-2 2h-3m-8 0H5a2 2 0 0 1-2-2v-3M7 8.5v7m3.3-7v7m3.4-7v7m3.3-7v7" />
  ),
  check: (
    <>
      <circle cx="12" cy="12" r="10" />
      <path d="m7.2 12.4 3.3 3.3 6.4-6.8" />
    </>
  ),
  cross: (
    <>
      <circle cx="12" cy="12" r="10" />
      <path d="m8.3 8.3 7.4 7.4m0-7.4-7.4 7.4" />
    </>
  ),
  pause: (
    <>
      <circle cx="12" cy="12" r="10" />
      <path d="M12 6.5V12l3.6 2.4" />
    </>
  ),
  printer: (
    <path d="M7 8V3h10v5M7 17H4a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1h16a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1h-3M7 14h10v7H7z" />
  ),
  scanner: (
    <path d="M4 5h11l4 2.5v2L15 12H9.5L8 19.5a1 1 0 0 1-1 .8H5.2a1 1 0 0 1-1-1.2L5.6 12H4zM21.5 6.5v4M10 12l-.6 3.2H12" />
  ),
  drawer: <path d="M3 12h18v7a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1zM5 12l1.5-7h11L19 12M9.5 16h5" />,
  'box-pos': (
    <path d="M6 3h12a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM8 6h8v4H8zM8.5 14h.01M12 14h.01M15.5 14h.01M8.5 17.5h.01M12 17.5h.01M15.5 17.5h.01" />
  ),
  display: <path d="M3 4h18v9H3zM12 13v6M8 20h8M7 7v3m3.3-3v3m3.4-3v3M17 7v3" />,
  voice: <path d="M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" />,
  'voice-off': <path d="M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9.5l5 5m0-5-5 5" />,
  cash: (
    <>
      <rect x="2.5" y="6" width="19" height="12" rx="2" />
      <circle cx="12" cy="12" r="2.8" />
      <path d="M6 9.5v5m12-5v5" />
    </>
  ),
  member: (
    <>
      <circle cx="12" cy="8" r="4" />
      <path d="M4.5 20.5c.7-4 3.8-6 7.5-6s6.8 2 7.5 6" />
    </>
  ),
  phone: (
    <path d="M8 2.5h8a1 1 0 0 1 1 1v17a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1v-17a1 1 0 0 1 1-1zM10.5 18.5h3" />
  ),
  'wifi-off': (
    <path d="m3 3 18 18M9 14.5a5 5 0 0 1 6 0M5.5 11a10 10 0 0 1 4-2.3m4.7-.2a10 10 0 0 1 4.3 2.5M2.5 7.5A15 15 0 0 1 7 4.8m4-.8a15 15 0 0 1 10.5 3.5M12 18.5h.01" />
  ),
  alert: (
    <>
      <path d="M12 3.5 22 20.5H2z" />
      <path d="M12 10v5m0 2.6v.1" />
    </>
  ),
  'offline-book': (
    <>
      <path d="M5 3.5h12a2 2 0 0 1 2 2v15H7a2 2 0 0 1-2-2z" />
      <path d="M9 8.5h6m-6 4h6m-6 4h3" />
    </>
  ),
  plug: <path d="M9 2.5V8m6-5.5V8M6 8h12v3.5a6 6 0 0 1-12 0zM12 17.5v4" />,
  search: (
    <>
      <circle cx="10.5" cy="10.5" r="6.5" />
      <path d="m15.5 15.5 5.5 5.5" />
    </>
  ),
  lock: (
    <>
      <rect x="5" y="11" width="14" height="10" rx="2" />
      <path d="M8 11V8a4 4 0 0 1 8 0v3" />
    </>
  ),
};

export function Icon({ name }: { readonly name: IconName }): ReactNode {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {shapes[name]}
    </svg>
  );
}
