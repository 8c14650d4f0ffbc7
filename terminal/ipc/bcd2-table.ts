import Type, { type Static } from 'typebox';

/**
 * A bank's field table for the `bcd2` dialect of a box POS, as a configuration file or `devices.bind` carries it. What
 * each part means: drivers/ecr/stx-etx/bcd2-table.ts. Every list and text is bounded.
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

const Field = object({
  name: Type.Union([
    Type.Literal('command'),
    Type.Literal('code'),
    Type.Literal('order-no'),
    Type.Literal('amount'),
    Type.Literal('ref'),
    Type.Literal('original-ref'),
    Type.Literal('payer'),
    Type.Literal('date'),
    Type.Literal('time'),
    Type.Literal('filler'),
  ]),
  chars: Type.Integer({ minimum: 1, maximum: 200 }),
  pad: Type.Union([Type.Literal('zeros'), Type.Literal('spaces')]),
});
const Fields = Type.Array(Field, { minItems: 1, maxItems: 40 });
const Word = Type.String({ minLength: 1, maxLength: 8, pattern: '^[ -~]+$' });
const Codes = Type.Array(Word, { maxItems: 64 });

export const Bcd2TableSchema = object({
  label: Type.String({ minLength: 1, maxLength: 80 }),
  framing: object({
    lrc: Type.Union([
      Type.Literal('data-to-etx'),
      Type.Literal('base-7f'),
      Type.Literal('length-to-etx'),
    ]),
    length: Type.Union([Type.Literal('none'), Type.Literal('bcd2')]),
    dataBytesMax: Type.Integer({ minimum: 1, maximum: 9_999 }),
  }),
  request: Fields,
  response: Fields,
  commands: object({
    sale: Word,
    void: Word,
    refund: Word,
    query: Word,
    poll: Type.Union([Word, Type.Null()]),
  }),
  codes: object({
    approved: Type.Array(Word, { minItems: 1, maxItems: 64 }),
    cancelled: Codes,
    noNetwork: Codes,
    notFound: Codes,
    pending: Codes,
    unclear: Codes,
  }),
  lookup: Type.Union([Type.Literal('order-no'), Type.Literal('last-sale')]),
  zoneOffsetMinutes: Type.Integer({ minimum: -720, maximum: 840 }),
});
export type Bcd2TableConfig = Static<typeof Bcd2TableSchema>;
