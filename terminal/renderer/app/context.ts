import { createContext, use, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Clock } from '#shared/time/clock.ts';
import type { Result } from '#shared/result/result.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalError,
} from '#terminal/ipc/terminal-api.ts';
import type { Language } from '../i18n/language.ts';
import type { Words } from '../i18n/zh.ts';
import type { KeyGrab } from '../input/key-grab.ts';
import type { OwnerGate } from '../owner/owner-gate.ts';
import type { Preferences } from '../platform/preferences.ts';
import type { Voice } from '../sound/voice.ts';
import type { TillSnapshot, TillStore } from '../store/till-store.ts';
import { askAgainMs, createAsker, type Asker } from './asker.ts';

/** What every screen may use. Made once in main.tsx. */
export interface App {
  readonly store: TillStore;
  readonly clock: Clock;
  readonly voice: Voice;
  /** Asks for the owner's PIN. */
  readonly owner: OwnerGate;
  /** Who gets the keys before the desk. */
  readonly keys: KeyGrab;
  readonly words: Words;
  readonly language: Language;
  readonly preferences: Preferences;
  readonly setPreferences: (change: Partial<Preferences>) => void;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = use(AppContext);
  if (!app) throw new Error('useApp outside of AppContext');
  return app;
}

export function useTill(): TillSnapshot {
  const { store } = useApp();
  return useSyncExternalStore(store.subscribe, store.getSnapshot);
}

/** Wall time in milliseconds, drawn again every `periodMs`. */
export function useNow(periodMs: number): number {
  const { clock } = useApp();
  const [nowMs, setNowMs] = useState(() => clock.nowMs());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(clock.nowMs()), periodMs);
    return () => clearInterval(timer);
  }, [clock, periodMs]);
  return nowMs;
}

/**
 * Asks the agent and asks again whenever an order changed. Keeps the last answer on the screen meanwhile, so that
 * nothing flickers; undefined until the first answer.
 */
export function useAnswer<M extends MethodName>(
  method: M,
  input: MethodInput<M>,
  version?: unknown,
): Result<MethodOutput<M>, TerminalError> | undefined {
  const { store } = useApp();
  const { ordersVersion, linkUp } = useTill();
  const [answer, setAnswer] = useState<Result<MethodOutput<M>, TerminalError>>();
  const inputText = JSON.stringify(input);
  const asker = useRef<Asker>(null);
  useEffect(() => {
    const here = createAsker({
      ask: () => store.link.call(method, JSON.parse(inputText) as MethodInput<M>),
      show: setAnswer,
      after: (delayMs, run) => {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
      firstAfterMs: answer === undefined ? 0 : askAgainMs,
    });
    asker.current = here;
    return here.stop;
    // oxlint-disable-next-line react/exhaustive-deps -- `answer` only picks the delay; it must not ask again by itself.
  }, [store, method, inputText, linkUp]);
  useEffect(
    () => asker.current?.changed(),
    [store, method, inputText, linkUp, ordersVersion, version],
  );
  return answer;
}
