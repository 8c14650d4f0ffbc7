/**
 * A finite machine as data: for each state, which event leads where. It proposes transitions and runs no effects;
 * the caller journals the event first and acts afterwards. What the table does not name is refused.
 */
export type TransitionTable<State extends string, Event extends string> = {
  readonly [S in State]: { readonly [E in Event]?: State };
};

export interface Machine<State extends string, Event extends string> {
  readonly states: readonly State[];
  /** Where `event` leads from `from`, or undefined when it is refused there. */
  propose(from: State, event: Event): State | undefined;
  /** The events that `from` accepts, in table order. */
  accepts(from: State): readonly Event[];
  /** Every state that some sequence of events leads to from `from`, itself included. */
  reachable(from: State): ReadonlySet<State>;
}

export function createMachine<State extends string, Event extends string>(
  table: TransitionTable<State, Event>,
): Machine<State, Event> {
  const rows = new Map<State, ReadonlyMap<Event, State>>(
    entriesOf(table).map(([state, row]) => [state, new Map(entriesOf(row))]),
  );
  const propose = (from: State, event: Event) => rows.get(from)?.get(event);
  return {
    states: [...rows.keys()],
    propose,
    accepts: (from) => [...(rows.get(from)?.keys() ?? [])],
    reachable: (from) => {
      const seen = new Set<State>([from]);
      // A Set iterates over what is added meanwhile, so this loop visits every state once.
      for (const state of seen) for (const next of rows.get(state)?.values() ?? []) seen.add(next);
      return seen;
    },
  };
}

const entriesOf = <K extends string, V>(record: { readonly [key in K]?: V }): [K, V][] =>
  Object.entries(record) as [K, V][];
