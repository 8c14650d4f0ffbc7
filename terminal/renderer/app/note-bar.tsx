import { useEffect, useState, type ReactNode } from 'react';
import { errorWords } from '../i18n/language.ts';
import { Icon } from '../ui/icon.tsx';
import { useApp, useTill } from './context.ts';

const doneShowMs = 4_000;

/**
 * One line over the foot of the window: the agent is gone, a key was refused, or something was done.
 * A refusal stays until the next key or until its reason is gone; only good news goes away by itself. While it is
 * shown it covers what the agent refused before it: the store drops good news when the agent refuses anew.
 */
export function NoteBar(): ReactNode {
  const { words, language } = useApp();
  const { till, desk, linkUp, linkCode, done } = useTill();
  const [seenDone, setSeenDone] = useState(0);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setSeenDone(done.number), doneShowMs);
    return () => clearTimeout(timer);
  }, [done]);

  if (!linkUp)
    return <Note kind="bad" text={linkCode ? errorWords(linkCode, language) : words.linkDown} />;
  const isDoneFresh = done !== null && done.number !== seenDone;
  if (isDoneFresh && desk.notice === null) return <Note kind="good" text={words.done[done.what]} />;
  const code = desk.notice ?? till?.notice?.code;
  if (code !== undefined) return <Note kind="amber" text={errorWords(code, language)} />;
  return null;
}

function Note({
  kind,
  text,
}: {
  readonly kind: 'good' | 'amber' | 'bad';
  readonly text: string;
}): ReactNode {
  return (
    <div className={`note note-${kind}`} role={kind === 'good' ? 'status' : 'alert'}>
      <Icon name={kind === 'good' ? 'check' : 'alert'} />
      {text}
    </div>
  );
}
