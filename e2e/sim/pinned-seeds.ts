/** Seeds that once failed, and what they found. They are clean since, and run again before every long run. */
export interface PinnedSeed {
  readonly seed: number;
  readonly steps: number;
  readonly found: string;
  /** It was found before there were people who pay late, and would be another world with them. */
  readonly withoutLatePayers?: true;
}

export const pinnedSeeds: readonly PinnedSeed[] = [
  {
    seed: 50,
    steps: 4,
    withoutLatePayers: true,
    found:
      'The oracle: a till that forgot a paid sale sold it again under a new order. Each order is paid once, and the ' +
      'forgotten one stands among the exceptions.',
  },
  {
    seed: 69,
    steps: 4,
    withoutLatePayers: true,
    found: 'The seasons: a cable was pulled after everything had been mended.',
  },
  {
    seed: 1010,
    steps: 4,
    found:
      'The oracle: a till whose disk was put back in the middle of a sale cannot know the payment that it forgot. ' +
      'The money must be named among its exceptions; it is.',
  },
  {
    seed: 1019,
    steps: 4,
    found:
      'The simulated line: it refused a connection and delivered a copy of the request all the same. Where nobody ' +
      'listens not a byte leaves.',
  },
  { seed: 1058, steps: 4, found: 'As 1019, with a till that dies while the copy travels.' },
  {
    seed: 2011,
    steps: 4,
    found:
      'The till: a charge refused at the door for the moment (429) was called failed while a copy of it still ' +
      'travelled; the customer paid at the channel and in cash. Such an answer now proves nothing about the number.',
  },
  {
    seed: 909,
    steps: 4,
    withoutLatePayers: true,
    found:
      'The simulated owner: a closed till, put back by the restore command, asked the cloud for its journal for ever, and ' +
      'the cloud gives a closed till nothing. The owner goes on without it, and the till says so.',
  },
  {
    seed: 589,
    steps: 4,
    found:
      'The rest at the end: a till that runs on a copy of an older disk sold before the cloud saw the fork. That sale is in ' +
      'quarantine, and the world waited for a debit that only people may allow.',
  },
  {
    seed: 2315,
    steps: 4,
    found:
      'The cloud: a closed till ran on from a copy of an older disk, its heartbeats were refused unread, and nobody named ' +
      'the entries that its disk had lost. They are refused as before, and heard as witnesses.',
  },
  {
    seed: 6689,
    steps: 4,
    found:
      'The till: with a full disk it had the printer void a torn receipt and could not write that down; after a restart it ' +
      'took the stroke of the cutter that had voided the paper for the receipt’s own, and called it printed.',
  },
];
