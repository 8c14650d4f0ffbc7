import type { ReactNode } from 'react';
import { yuan } from '../format/money.ts';
import { boxActs, type BoxFace } from './contract.ts';
import type { CounterClient } from './counter-client.ts';
import type { CounterWords } from './words.ts';

/** Characters of the sale's number that people compare. */
const markChars = 6;

/** The box POS with its screen, and what its customer does. */
export function CounterBox(props: {
  readonly client: CounterClient;
  readonly words: CounterWords;
  readonly face: BoxFace;
}): ReactNode {
  const { client, face } = props;
  const words = props.words.box;
  const { screen, last } = face;
  const waits = screen.type === 'waiting';
  return (
    <section className="counter-box" aria-label={words.name}>
      <div className={`counter-glass counter-glass-${screen.type}`} role="status">
        {screen.type === 'waiting' ? (
          <>
            <b>{yuan(screen.amountFen)}</b>
            <span>{words.ask}</span>
            <small>{words.number(screen.mark.slice(-markChars))}</small>
          </>
        ) : (
          <>
            <span>{words[screen.type]}</span>
            <small>
              {last
                ? words.last(yuan(last.amountFen), words.methods[last.method], last.ref)
                : words.none}
            </small>
          </>
        )}
      </div>
      <div className="counter-keys">
        {boxActs.map((act) => (
          <button
            key={act}
            type="button"
            className={`counter-key counter-key-${act}`}
            disabled={!waits && act !== 'power'}
            onClick={() => void client.act(act)}
          >
            {words.acts[act]}
          </button>
        ))}
      </div>
      <h2>{words.name}</h2>
    </section>
  );
}
