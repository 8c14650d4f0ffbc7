import {
  useEffect,
  useRef,
  useState,
  type FormEvent,
  type MouseEvent,
  type ReactNode,
} from 'react';
import { otherLanguage } from '../i18n/language.ts';
import { readPreferences, writePreferences } from '../platform/preferences.ts';
import {
  membersMax,
  outcomes,
  type CounterMember,
  type CounterState,
  type Outcome,
} from './contract.ts';
import { CounterBox } from './counter-box.tsx';
import type { CounterClient } from './counter-client.ts';
import { CounterDisplay } from './counter-display.tsx';
import { CounterSwitches } from './counter-switches.tsx';
import { counterWords, type CounterWords } from './words.ts';

const wallets = ['wechat', 'alipay', 'unionpay'] as const;
const textCharsMax = 1024;
/** From here on the till has its place beside the counter; below it opens in a window of its own. */
const roomForTill = '(min-width: 1800px)';

interface PartProps {
  readonly client: CounterClient;
  readonly words: CounterWords;
}

/** The customer's side of the demo: codes to show, paper that comes out, and things to pull out. */
export function CounterApp({ client }: { readonly client: CounterClient }): ReactNode {
  const [state, setState] = useState<CounterState>();
  const [gone, setGone] = useState(false);
  const [preferences, setPreferences] = useState(() => readPreferences(window.localStorage));
  const words = counterWords(preferences.language);
  const besideTill = useMedia(roomForTill);
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(
    () =>
      client.subscribe((next) => {
        setGone(next === undefined);
        if (next) setState(next);
      }),
    [client],
  );
  const switchLanguage = (): void => {
    const next = { ...preferences, language: otherLanguage(preferences.language) };
    writePreferences(window.localStorage, next);
    setPreferences(next);
  };
  /** Whoever plays the customer with the mouse goes on typing at the till. */
  const backToTill = ({ target, detail }: MouseEvent): void => {
    const typesHere = target instanceof Element && target.closest('.counter-text') !== null;
    if (detail > 0 && !typesHere) frame.current?.focus();
  };
  const part = { client, words };
  return (
    <div className="counter" onClick={backToTill}>
      <div className="counter-side">
        <header className="counter-head">
          <h1>{words.title}</h1>
          <button type="button" className="button" onClick={switchLanguage}>
            {words.language}
          </button>
        </header>
        {state && !besideTill && (
          <a
            className="button button-solid counter-till"
            href={state.tillUrl}
            target="_blank"
            rel="noreferrer"
          >
            {words.till}
          </a>
        )}
        <p className="label">{words.lead}</p>
        {gone && (
          <p className="counter-gone" role="alert">
            {words.gone}
          </p>
        )}
        <Codes {...part} />
        <Members {...part} members={state?.members ?? []} />
        <AnyText {...part} />
      </div>
      {state && <Counter {...part} state={state} />}
      {state && besideTill && (
        // oxlint-disable-next-line react/iframe-missing-sandbox -- The till is a page of its own origin with its own strict policy; it needs its storage and its socket.
        <iframe
          ref={frame}
          className="counter-frame"
          title={words.till}
          src={state.tillUrl}
          onLoad={(event) => event.currentTarget.focus()}
        />
      )}
    </div>
  );
}

/** What stands on the counter, the customer's side towards us. */
function Counter({
  client,
  words,
  state,
}: PartProps & { readonly state: CounterState }): ReactNode {
  return (
    <>
      <div className="counter-devices">
        <CounterDisplay words={words} face={state.display} />
        <CounterBox client={client} words={words} face={state.box} />
      </div>
      <CounterSwitches client={client} words={words} switches={state.switches} />
      <section className="counter-paper" aria-label={words.roll}>
        <p className="counter-drawer" role="status">
          {words.drawer(state.drawerKicks)}
        </p>
        <Roll version={state.paperVersion} label={words.roll} />
      </section>
    </>
  );
}

function Codes({ client, words }: PartProps): ReactNode {
  const [outcome, setOutcome] = useState<Outcome>('paid');
  return (
    <section className="card">
      <h2>{words.scan}</h2>
      <div className="counter-codes">
        {wallets.map((kind) => (
          <button
            key={kind}
            type="button"
            className={`counter-code counter-${kind}`}
            onClick={() => void client.scan({ kind, outcome })}
          >
            {words[kind]}
          </button>
        ))}
      </div>
      <fieldset className="counter-outcomes">
        <legend className="label">{words.outcome}</legend>
        {outcomes.map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="outcome"
              checked={outcome === name}
              onChange={() => setOutcome(name)}
            />
            {words.outcomes[name]}
          </label>
        ))}
      </fieldset>
    </section>
  );
}

function Members({
  client,
  words,
  members,
}: PartProps & { readonly members: readonly CounterMember[] }): ReactNode {
  return (
    <section className="card">
      <h2>{words.member}</h2>
      <ul className="counter-members">
        {members.slice(0, membersMax).map(({ phone, memberId }) => (
          <li key={memberId}>
            <span>{phone}</span>
            <button
              type="button"
              className="button"
              onClick={() => void client.scan({ kind: 'member', text: phone })}
            >
              {words.memberCode}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function AnyText({ client, words }: PartProps): ReactNode {
  const [text, setText] = useState('');
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (text !== '') void client.scan({ kind: 'text', text });
  };
  return (
    <form className="card counter-text" onSubmit={send}>
      <input
        value={text}
        maxLength={textCharsMax}
        placeholder={words.text}
        aria-label={words.text}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button">
        {words.send}
      </button>
    </form>
  );
}

/** The newest line is at the bottom, where paper comes out: the roll scrolls there with every new version. */
function Roll({ version, label }: { readonly version: number; readonly label: string }): ReactNode {
  return (
    <div className="counter-roll">
      <img
        src={`/counter/paper.svg?v=${version}`}
        alt={label}
        onLoad={(event) => {
          const roll = event.currentTarget.parentElement;
          if (roll) roll.scrollTop = roll.scrollHeight;
        }}
      />
    </div>
  );
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const media = window.matchMedia(query);
    const update = (): void => setMatches(media.matches);
    media.addEventListener('change', update);
    return () => media.removeEventListener('change', update);
  }, [query]);
  return matches;
}
