import { StrictMode, useEffect, useMemo, useState, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { AppContext, type App } from './app/context.ts';
import { TillApp } from './app/app.tsx';
import { languageTag, wordsOf } from './i18n/language.ts';
import { createKeyGrab } from './input/key-grab.ts';
import { listenToKeys } from './input/key-router.ts';
import { pickLink } from './link/pick-link.ts';
import { createOwnerGate } from './owner/owner-gate.ts';
import { createOwnerLink } from './owner/owner-link.ts';
import { browserClock } from './platform/browser-clock.ts';
import { readPreferences, writePreferences } from './platform/preferences.ts';
import { createVoice } from './sound/voice.ts';
import { createTillStore } from './store/till-store.ts';

const link = pickLink(window);
const owner = createOwnerGate(link);
const keys = createKeyGrab();
const store = createTillStore(createOwnerLink(link, owner));
const voice = createVoice('speechSynthesis' in window ? window.speechSynthesis : undefined);
listenToKeys(window, (action) => {
  if (!keys.takes(action)) store.act(action);
});

function Root(): ReactNode {
  const [preferences, setAll] = useState(() => readPreferences(window.localStorage));
  const app = useMemo<App>(
    () => ({
      store,
      voice,
      owner,
      keys,
      clock: browserClock,
      language: preferences.language,
      words: wordsOf(preferences.language),
      preferences,
      setPreferences(change) {
        const next = { ...preferences, ...change };
        writePreferences(window.localStorage, next);
        setAll(next);
      },
    }),
    [preferences],
  );
  useEffect(() => {
    document.documentElement.lang = languageTag(preferences.language);
  }, [preferences.language]);
  return (
    <AppContext value={app}>
      <TillApp />
    </AppContext>
  );
}

const host = document.querySelector('#root');
if (!host) throw new Error('index.html has no #root');
createRoot(host).render(
  <StrictMode>
    <Root />
  </StrictMode>,
);
