import type { TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import { memberCodeDigits } from '#shared/member/member-code.ts';
import { defaultCodeRules } from '#shared/tender/recognise-code.ts';
import * as charges from '#shared/wire/v1/charges.ts';
import { entryBodies } from '#shared/wire/v1/entries.ts';
import * as journal from '#shared/wire/v1/journal.ts';
import * as members from '#shared/wire/v1/members.ts';
import * as terminals from '#shared/wire/v1/terminals.ts';

/** Places in a schema where something unbounded may travel: a JSON pointer for each. */
function unboundedIn(schema: TSchema | object, path = ''): string[] {
  const node = schema as Record<string, unknown>;
  const own: string[] = [];
  const isFree = !['pattern', 'maxLength', 'const', 'enum'].some((word) => word in node);
  if (node['type'] === 'string' && isFree) own.push(path);
  if (node['type'] === 'array' && !('maxItems' in node)) own.push(path);
  const children = Object.entries(node).flatMap(([key, child]) =>
    typeof child === 'object' && child !== null ? unboundedIn(child, `${path}/${key}`) : [],
  );
  return [...own, ...children];
}

describe('what comes in over the wire', () => {
  const received = {
    ActivationRequestSchema: terminals.ActivationRequestSchema,
    RotationRequestSchema: terminals.RotationRequestSchema,
    BatchSchema: journal.BatchSchema,
    HeartbeatSchema: journal.HeartbeatSchema,
    ChargeRequestSchema: charges.ChargeRequestSchema,
    RegisterMemberSchema: members.RegisterMemberSchema,
    ResolveMemberSchema: members.ResolveMemberSchema,
    ReservationRequestSchema: members.ReservationRequestSchema,
    ClaimRequestSchema: members.ClaimRequestSchema,
    ...entryBodies,
  };

  test.each(Object.entries(received))('%s bounds every string and every list', (_, schema) => {
    expect(unboundedIn(schema)).toEqual([]);
  });

  test.each(Object.entries(received))('%s refuses fields it does not name', (_, schema) => {
    expect(schema).toMatchObject({ additionalProperties: false });
  });

  test('planted violation: a free string deep inside is found', () => {
    const planted = { properties: { list: { type: 'array', items: { type: 'string' } } } };
    expect(unboundedIn(planted)).toEqual(['/properties/list', '/properties/list/items']);
  });
});

test('a full batch of the longest entries is cut by bytes, not by the schema of one entry', () => {
  expect(journal.batchEntriesMax * 4096).toBeGreaterThan(journal.batchBytesMax);
});

test('every code that the recogniser knows fits the field it travels in', () => {
  const authCode = patternOf(charges.ChargeRequestSchema.properties.authCode);
  for (const { kind, digitsMin, digitsMax } of defaultCodeRules) {
    if (kind === 'member') continue;
    for (const length of [digitsMin, digitsMax]) expect('1'.repeat(length)).toMatch(authCode);
  }
  const memberCode = patternOf(entryBodies['offline.accepted'].properties.code);
  expect('9'.repeat(memberCodeDigits)).toMatch(memberCode);
});

test('an order number fits the channels', () => {
  expect(outTradeNo('ord_01M80FST80000000000000000A' as OrderId, 99).length).toBeLessThanOrEqual(
    32,
  );
});

const patternOf = (schema: object): RegExp =>
  new RegExp('pattern' in schema ? String(schema.pattern) : '^never$');
