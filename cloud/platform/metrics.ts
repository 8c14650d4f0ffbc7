import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Prometheus metrics of one process. Names carry the unit; alarms hang on those marked so. */
export interface Metrics {
  readonly registry: Registry;
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>;
  /** Entries taken into the inbox, by verdict. */
  readonly journalEntries: Counter<'verdict'>;
  /** ALARM above 0: a terminal sent two histories. */
  readonly journalForks: Counter;
  /** ALARM when it grows: entries that people must look at. */
  readonly journalParked: Counter<'code'>;
  /** Entries taken but not yet folded into orders. */
  readonly projectionLagEntries: Gauge;
  readonly outboxPending: Gauge;
  /** ALARM above 0: jobs that failed for good. */
  readonly outboxParked: Gauge;
  /** Heartbeats that report a shorter or other journal than the cloud holds: a lost tail. */
  readonly journalTailsLost: Counter;
  /** ALARM when it grows: clones, forks, lost tails, by kind, each once. */
  readonly terminalAlarms: Counter<'kind'>;
  readonly hintSockets: Gauge;
  /** ALARM above 0 from age 3d on: differences between bills and books that nobody settled. */
  readonly billBreaksOpen: Gauge<'age'>;
  /** ALARM above 0: reasons for which nothing is released until a person lifts them. */
  readonly releaseHolds: Gauge;
  /** ALARM when it stays 1: a transaction keeps the books from being sealed to their end. */
  readonly booksUnsealed: Gauge;
  /** ALARM above 0: bills that did not come after several tries. */
  readonly billsMissing: Gauge;
  /** ALARM when `refused` grows: notifies of channels, by what became of them. */
  readonly channelNotifies: Counter<'channel' | 'verdict'>;
  /** What waits, by sort: how many, and for how long the oldest (reconciliation/watch). */
  readonly open: Readonly<Record<OpenSort, OpenGauges>>;
  /** ALARM above 0, by name: what waits is too much or too old (reconciliation/watch/open-alarms.ts). */
  readonly openAlarms: Gauge<'name'>;
  /** ALARM when it stands still: when the two above were last counted. Unix time. */
  readonly openMeasuredAt: Gauge;
}

/** Sorts of things that wait: what their gauges are called, and by what they are told apart. */
export const openSorts = {
  booking: { count: 'bookings_open', age: 'booking_age', labels: ['why'] },
  break: { count: 'bill_breaks_unsettled', age: 'bill_break_age', labels: ['class'] },
  charge: { count: 'undecided_charges', age: 'undecided_charge_age', labels: ['channel'] },
  instruction: { count: 'instructions_open', age: 'instruction_age', labels: ['kind', 'why'] },
  refund: { count: 'refunds_open', age: 'refund_age', labels: ['why'] },
  settlement: { count: 'settlements_parked', age: 'settlement_parked_age', labels: [] },
} as const satisfies Record<
  string,
  { readonly count: string; readonly age: string; readonly labels: readonly string[] }
>;
export type OpenSort = keyof typeof openSorts;

/** How many wait, and for how many seconds the oldest has. */
export interface OpenGauges {
  readonly count: Gauge;
  readonly ageSeconds: Gauge;
}

const openHelp: Readonly<Record<OpenSort, string>> = {
  booking: 'Paid charges that are not booked',
  break: 'Open differences between bills and books',
  charge: 'Charges that should be definite by now and are not',
  instruction: 'Instructions that failed, are unknown, blocked, or people’s to carry out',
  refund: 'Refunds that are not definite or not booked',
  settlement: 'Settlements of offline sales that the books refused',
};

const requestBucketsSeconds = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 12];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
    new Counter<L>({ name: `greentill_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `greentill_${name}`, help, registers });
  const open = (sort: OpenSort): OpenGauges => {
    const { count, age, labels } = openSorts[sort];
    const of = (name: string, help: string) =>
      new Gauge({ name: `greentill_${name}`, help, labelNames: [...labels], registers });
    return {
      count: of(count, `${openHelp[sort]}.`),
      ageSeconds: of(`${age}_seconds`, `${openHelp[sort]}: age of the oldest.`),
    };
  };
  return {
    registry,
    requestSeconds: new Histogram({
      name: 'greentill_http_request_seconds',
      help: 'Duration of a request by route and status.',
      labelNames: ['method', 'route', 'status'],
      buckets: requestBucketsSeconds,
      registers,
    }),
    journalEntries: counter('journal_entries_total', 'Entries taken into the inbox.', ['verdict']),
    journalForks: counter('journal_forks_total', 'Batches that contradict the stored journal.'),
    journalParked: counter('journal_parked_total', 'Entries parked for people.', ['code']),
    projectionLagEntries: gauge('projection_lag_entries', 'Entries not yet folded into orders.'),
    outboxPending: gauge('outbox_pending', 'Jobs waiting in the outbox.'),
    outboxParked: gauge('outbox_parked', 'Jobs that failed for good.'),
    journalTailsLost: counter('journal_tails_lost_total', 'Heartbeats behind the stored journal.'),
    terminalAlarms: counter('terminal_alarms_total', 'New alarms about terminals.', ['kind']),
    hintSockets: gauge('hint_sockets', 'Terminals connected for hints.'),
    billBreaksOpen: new Gauge({
      name: 'greentill_bill_breaks_open',
      help: 'Open differences between bills and books, by age.',
      labelNames: ['age'],
      registers,
    }),
    releaseHolds: gauge('release_holds', 'Reasons for which nothing is released.'),
    booksUnsealed: gauge('books_unsealed', '1: the books could not be sealed to their end.'),
    billsMissing: gauge('bills_missing', 'Bills that did not come after several tries.'),
    channelNotifies: counter(
      'channel_notifies_total',
      'Notifies of channels, by what became of them.',
      ['channel', 'verdict'],
    ),
    open: {
      booking: open('booking'),
      break: open('break'),
      charge: open('charge'),
      instruction: open('instruction'),
      refund: open('refund'),
      settlement: open('settlement'),
    },
    openAlarms: new Gauge({
      name: 'greentill_open_alarm',
      help: '1: what waits is too much or too old, by name.',
      labelNames: ['name'],
      registers,
    }),
    openMeasuredAt: gauge('open_measured_timestamp_seconds', 'When what waits was last counted.'),
  };
}
