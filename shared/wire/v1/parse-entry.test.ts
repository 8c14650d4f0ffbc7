import { describe, expect, test } from 'vitest';
import { entryBodies } from '#shared/wire/v1/entries.ts';
import { isEntryType, parseEntry } from '#shared/wire/v1/parse-entry.ts';

const orderId = 'ord_01JADFX2A0000000000000000A';
const parse = (type: string, body: unknown) =>
  parseEntry({ type, body: typeof body === 'string' ? body : JSON.stringify(body) });

const valid = JSON.stringify({ orderId, attempt: 1, code: 'cloud-timeout' });

describe('parseEntry', () => {
  test('what fits its schema becomes a fact', () => {
    const body = { orderId, attempt: 1, code: 'cloud-timeout' };
    expect(parse('charge.unknown', body)).toEqual({
      ok: true,
      value: { type: 'charge.unknown', body },
    });
  });

  test('a body of exactly the longest length is read', () => {
    expect(parse('charge.unknown', valid.padEnd(4096)).ok).toBe(true);
  });

  test('an optional field may be there or not', () => {
    const body = {
      orderId,
      amountFen: 1,
      voucherFen: 0,
      concessionBp: 300,
      businessDate: '2026-11-22',
      cashier: '小王',
      claimToken: '0123456789ABCDEF',
    };
    expect(parse('order.opened', body).ok).toBe(true);
    const memberId = 'mbr_01JADFX2A0000000000000000B';
    expect(parse('order.opened', { ...body, memberId }).ok).toBe(true);
  });

  test.each(['charge.teleported', 'toString', 'constructor', ''])(
    'the type %j of another version is named, not guessed',
    (type) => {
      expect(isEntryType(type)).toBe(false);
      expect(parse(type, {})).toEqual({
        ok: false,
        error: { type: 'entry-type-unknown', entryType: type },
      });
    },
  );

  test.each<[string, unknown, string]>([
    ['no JSON', '{', ''],
    ['a bare value', '7', ''],
    ['null', 'null', ''],
    ['longer than a body may be', valid.padEnd(4097), ''],
    ['a missing field', { orderId, code: 'cloud-timeout' }, ''],
    [
      'an extra field',
      { orderId, attempt: 1, code: 'a', authCode: '134567890123456789' },
      '/authCode',
    ],
    ['an attempt of 0', { orderId, attempt: 0, code: 'a' }, '/attempt'],
    ['an attempt with a fraction', { orderId, attempt: 1.5, code: 'a' }, '/attempt'],
    [
      'an id of another kind',
      { orderId: orderId.replace('ord', 'mbr'), attempt: 1, code: 'a' },
      '/orderId',
    ],
  ])('%s is an invalid body and says where', (_, body, path) => {
    expect(parse('charge.unknown', body)).toEqual({
      ok: false,
      error: { type: 'entry-body-invalid', path },
    });
  });

  test('no schema lets an unnamed field pass: a payment code could hide there', () => {
    for (const [type, schema] of Object.entries(entryBodies)) {
      expect(schema, type).toMatchObject({ additionalProperties: false });
    }
  });
});
