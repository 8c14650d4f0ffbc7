import type { StxEtxFraming } from '#drivers/ecr/stx-etx/frame.ts';

/**
 * The field table of a bank's MIS dialect: which fields of how many characters follow each other. Banks hand theirs
 * out under a promise of secrecy, so none is built in: you need your bank's field table. {@link exampleBcd2Table} is an
 * invention that only the simulator speaks.
 */
export interface Bcd2Table {
  /** For people: "XX bank, table of 2024-03". */
  readonly label: string;
  readonly framing: StxEtxFraming;
  readonly request: readonly Bcd2Field[];
  readonly response: readonly Bcd2Field[];
  /** What stands in `command`; an answer repeats the command it answers. */
  readonly commands: {
    readonly sale: string;
    readonly void: string;
    readonly refund: string;
    readonly query: string;
    /** A message that is acknowledged and does nothing; null when there is none. */
    readonly poll: string | null;
  };
  /**
   * What stands in `code`. A code of no list is a decline in the answer to a sale; in that to a
   * query it says nothing.
   */
  readonly codes: Readonly<Record<Bcd2Verdict, readonly string[]>>;
  /** Does a query find a sale by our number, or tell the last sale? */
  readonly lookup: 'order-no' | 'last-sale';
  /** How far the box's wall clock is ahead of UTC, in minutes. */
  readonly zoneOffsetMinutes: number;
}

export type Bcd2Verdict =
  'approved' | 'cancelled' | 'noNetwork' | 'notFound' | 'pending' | 'unclear';

export interface Bcd2Field {
  readonly name: Bcd2FieldName;
  readonly chars: number;
  /** `zeros`: right-justified after zeros. `spaces`: left-justified before spaces. */
  readonly pad: 'zeros' | 'spaces';
}

export type Bcd2FieldName =
  | 'command'
  | 'code'
  | 'order-no'
  | 'amount'
  /** What the box calls this transaction. */
  | 'ref'
  /** What the box called the sale that is taken back. */
  | 'original-ref'
  | 'payer'
  /** YYYYMMDD. */
  | 'date'
  /** HHMMSS. */
  | 'time'
  | 'filler';

export type Bcd2Values = Partial<Record<Bcd2FieldName, string>>;

/** null when a value is longer than its field or no printable ASCII. */
export function writeBcd2(fields: readonly Bcd2Field[], values: Bcd2Values): Uint8Array | null {
  let text = '';
  for (const { name, chars, pad } of fields) {
    const value = values[name] ?? '';
    if (value.length > chars || !/^[\x20-\x7e]*$/.test(value)) return null;
    text += pad === 'zeros' ? value.padStart(chars, '0') : value.padEnd(chars, ' ');
  }
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

/** Values without their padding spaces; null when the length does not fit the table. */
export function readBcd2(fields: readonly Bcd2Field[], payload: Uint8Array): Bcd2Values | null {
  const text = Buffer.from(payload).toString('latin1');
  const chars = fields.reduce((sum, field) => sum + field.chars, 0);
  if (text.length !== chars) return null;
  const values: Bcd2Values = {};
  let at = 0;
  for (const field of fields) {
    values[field.name] = text.slice(at, at + field.chars).trim();
    at += field.chars;
  }
  return values;
}

/** A table that no bank uses: it shows the form and drives the simulator. */
export const exampleBcd2Table: Bcd2Table = {
  label: 'example, needs your bank’s field table',
  framing: { lrc: 'length-to-etx', length: 'bcd2', dataBytesMax: 999 },
  request: [
    { name: 'command', chars: 2, pad: 'zeros' },
    { name: 'amount', chars: 12, pad: 'zeros' },
    { name: 'order-no', chars: 32, pad: 'spaces' },
    { name: 'original-ref', chars: 12, pad: 'spaces' },
  ],
  response: [
    { name: 'command', chars: 2, pad: 'zeros' },
    { name: 'code', chars: 2, pad: 'zeros' },
    { name: 'order-no', chars: 32, pad: 'spaces' },
    { name: 'amount', chars: 12, pad: 'zeros' },
    { name: 'ref', chars: 12, pad: 'spaces' },
    { name: 'payer', chars: 19, pad: 'spaces' },
    { name: 'date', chars: 8, pad: 'spaces' },
    { name: 'time', chars: 6, pad: 'spaces' },
  ],
  commands: { sale: '01', void: '02', refund: '03', query: '04', poll: '09' },
  codes: {
    approved: ['00'],
    cancelled: ['C1'],
    noNetwork: ['N1'],
    notFound: ['F1'],
    pending: ['P1'],
    unclear: ['T1'],
  },
  lookup: 'last-sale',
  zoneOffsetMinutes: 480,
};
