import type { ReactNode } from 'react';
import { switchNames, type CounterState } from './contract.ts';
import type { CounterClient } from './counter-client.ts';
import type { CounterWords } from './words.ts';

/** What can be cut, pulled out, opened or used up. */
export function CounterSwitches({
  client,
  words,
  switches,
}: {
  readonly client: CounterClient;
  readonly words: CounterWords;
  readonly switches: CounterState['switches'];
}): ReactNode {
  return (
    <section className="card counter-panel">
      <h2>{words.switches}</h2>
      <div className="counter-switches">
        {switchNames.map((name) => (
          <button
            key={name}
            type="button"
            role="switch"
            aria-checked={switches[name]}
            className="counter-switch"
            onClick={() => void client.flip({ name, on: !switches[name] })}
          >
            <i />
            <span>
              {words.switchNames[name]} <b>{words.switchStates[name][switches[name] ? 0 : 1]}</b>
            </span>
          </button>
        ))}
      </div>
    </section>
  );
}
