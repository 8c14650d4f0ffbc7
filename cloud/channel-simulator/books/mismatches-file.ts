import { existsSync, readFileSync } from 'node:fs';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { BillMismatch } from '#cloud/channel-simulator/books/bill-lines.ts';

/** Lies in one file at most. */
export const mismatchesMax = 10_000;
const fenMax = 1_000_000_000;

const strict = { additionalProperties: false } as const;
const outTradeNo = Type.String({ pattern: '^[0-9A-Za-z_*-]{1,64}$' });
const OtherThanNone = Type.Union([
  Type.Integer({ minimum: -fenMax, maximum: -1 }),
  Type.Integer({ minimum: 1, maximum: fenMax }),
]);

const FileSchema = Type.Array(
  Type.Union([
    Type.Object(
      {
        type: Type.Literal('missing-on-ours'),
        outTradeNo,
        amountFen: Type.Integer({ minimum: 1, maximum: fenMax }),
        merchantNo: Type.String({ pattern: '^[0-9A-Za-z]{1,32}$' }),
      },
      strict,
    ),
    Type.Object(
      {
        type: Type.Union([Type.Literal('amount-differs'), Type.Literal('fee-differs')]),
        outTradeNo,
        byFen: OtherThanNone,
      },
      strict,
    ),
    Type.Object(
      {
        type: Type.Union([
          Type.Literal('missing-on-theirs'),
          Type.Literal('state-differs'),
          Type.Literal('refund-missing'),
          Type.Literal('double'),
        ]),
        outTradeNo,
      },
      strict,
    ),
  ]),
  { maxItems: mismatchesMax },
);
const check = Compile(FileSchema);

/**
 * Lies of the bills out of a JSON file: a list of {@link BillMismatch}. Read anew for each bill, so whoever tries a
 * reconciliation writes the file behind his sales. A file that is not there tells none; one that does not fit is said
 * in a line (`say`), and the bills stay honest.
 */
export const openMismatchesFile =
  (path: string, say: (line: string) => void): (() => readonly BillMismatch[]) =>
  () => {
    if (!existsSync(path)) return [];
    const value = valueIn(path);
    if (check.Check(value)) return value;
    say(`${path} is no list of mismatches: the bills stay honest`);
    return [];
  };

function valueIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
