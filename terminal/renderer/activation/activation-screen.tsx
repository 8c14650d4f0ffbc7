import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { activationCodeChars, type IdentityState } from '#terminal/ipc/identity.ts';
import { useAnswer, useApp, useTill } from '../app/context.ts';
import { errorWords } from '../i18n/language.ts';
import { Icon } from '../ui/icon.tsx';
import { charsOf, groupsOf } from './code-groups.ts';

/** A till without an identity: one code, three steps. It sells nothing before, and says so. */
export function ActivationScreen({ onStart }: { readonly onStart: () => void }): ReactNode {
  const { words } = useApp();
  const { status } = useTill();
  const answer = useAnswer('identity.state', {}, status?.version);
  const identity = answer?.ok ? answer.value : undefined;
  return (
    <main className="activation">
      <section className="card activation-card">
        <p className="brand">{words.brand}</p>
        {identity?.isActivated === true ? (
          <Done identity={identity} onStart={onStart} />
        ) : (
          <Ask identity={identity} isOnline={status?.online !== false} />
        )}
      </section>
    </main>
  );
}

function Ask({
  identity,
  isOnline,
}: {
  readonly identity: IdentityState | undefined;
  readonly isOnline: boolean;
}): ReactNode {
  const { words, store } = useApp();
  const [code, setCode] = useState('');
  const [isForeign, setForeign] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const isAsking = identity?.isAsking === true;
  const count = charsOf(code).length;
  const isSending = useRef(false);
  /** A scanner's code is followed by its Enter, which is no second wish. */
  const send = async (text: string): Promise<void> => {
    if (isSending.current) return;
    isSending.current = true;
    setForeign(false);
    await store.link.call('identity.activate', { code: text });
    isSending.current = false;
  };
  useScannedCode((text) => {
    if (charsOf(text).length !== activationCodeChars) return setForeign(true);
    setCode(groupsOf(text));
    void send(text);
  });
  useEffect(() => {
    if (!isAsking) field.current?.focus();
  }, [isAsking]);
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    // What stands in the field now: a scanner's Enter comes after its characters were taken out again.
    const { value } = event.currentTarget;
    if (event.key === 'Enter' && charsOf(value).length === activationCodeChars) void send(value);
  };
  return (
    <>
      <h1>{words.activation.title}</h1>
      <Steps />
      <label className="activation-label">
        {words.activation.label}
        <input
          ref={field}
          className="activation-code"
          value={code}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          disabled={isAsking}
          onChange={(event) => {
            setForeign(false);
            setCode(groupsOf(event.target.value));
          }}
          onKeyDown={onKeyDown}
        />
      </label>
      <Said identity={identity} isOnline={isOnline} isForeign={isForeign} count={count} />
      <button
        type="button"
        className="button button-solid activation-go"
        disabled={isAsking || count !== activationCodeChars}
        onClick={() => void send(code)}
      >
        {isAsking ? words.activation.asking : words.activation.go}
      </button>
      <p className="label">{words.activation.noSales}</p>
    </>
  );
}

function Steps(): ReactNode {
  const { words } = useApp();
  return (
    <ol className="activation-steps">
      {words.activation.steps.map((step, index) => (
        <li key={step}>
          <b>{index + 1}</b>
          {step}
        </li>
      ))}
    </ol>
  );
}

/** One line: what is wrong, the worst first; else what is still to be typed. */
function Said({
  identity,
  isOnline,
  isForeign,
  count,
}: {
  readonly identity: IdentityState | undefined;
  readonly isOnline: boolean;
  readonly isForeign: boolean;
  readonly count: number;
}): ReactNode {
  const { words, language } = useApp();
  const { activation } = words;
  const refusal = identity?.refusal ?? null;
  const trouble =
    isForeign || count > activationCodeChars
      ? activation.notACode
      : refusal !== null
        ? errorWords(refusal.code, language)
        : !isOnline
          ? activation.offline
          : (identity?.clockOffMs ?? null) !== null
            ? activation.clockOff
            : null;
  if (trouble === null)
    return (
      <p className="activation-said label" role="status">
        {count > 0 && count < activationCodeChars
          ? activation.left(activationCodeChars - count)
          : activation.hint}
      </p>
    );
  return (
    <p className="activation-said tone-amber" role="alert">
      <Icon name="alert" />
      {trouble}
    </p>
  );
}

function Done({
  identity,
  onStart,
}: {
  readonly identity: IdentityState;
  readonly onStart: () => void;
}): ReactNode {
  const { words, keys } = useApp();
  useEffect(
    () =>
      keys.grab((action) => {
        if (action.type === 'enter' || action.type === 'escape') onStart();
        return action.type !== 'scan';
      }),
    [keys, onStart],
  );
  return (
    <>
      <h1 className="activation-done">
        <Icon name="check" />
        {words.activation.done}
      </h1>
      <p className="activation-shop">{identity.merchantName}</p>
      {identity.storeName !== identity.merchantName && <p>{identity.storeName}</p>}
      <p className="label">
        {words.activation.terminal} {identity.terminalId}
      </p>
      {identity.clockOffMs !== null && (
        <p className="tone-amber" role="alert">
          {words.activation.clockOff}
        </p>
      )}
      <button type="button" className="button button-solid activation-go" onClick={onStart}>
        {words.activation.start}
      </button>
      <p className="label">{words.activation.next}</p>
    </>
  );
}

/**
 * A keyboard scanner's code is not the desk's here: there is nothing to sell yet. Keys that a
 * person types are the field's.
 */
function useScannedCode(take: (text: string) => void): void {
  const { keys } = useApp();
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(
    () =>
      keys.grab((action) => {
        if (action.type === 'scan' || action.type === 'slow-scan') latest.current(action.text);
        return true;
      }),
    [keys],
  );
}
