import type {
  Caller,
  FuzzHouse,
  SentRequest,
} from '#cloud/platform/tenancy/testing/routes/fuzz-house.ts';
import type {
  SeededOperator,
  SeededShop,
} from '#cloud/platform/tenancy/testing/routes/seed-world.ts';
import type { Owner } from '#cloud/platform/tenancy/testing/routes/tenant-marks.ts';
import { signerOf } from '#cloud/platform/tenancy/testing/routes/wire.ts';
import type { TestTerminal } from '#cloud/platform/testing/test-terminal.ts';

/** Everybody who asks, and the secrets that must reach nobody else. */
export interface Cast {
  readonly callers: readonly Caller[];
  readonly secrets: ReadonlyMap<string, Owner>;
}

const nothing = () => ({});

export function callersOf(house: FuzzHouse, seeded: readonly SeededOperator[]): Cast {
  const callers: Caller[] = [
    { name: 'a stranger', owner: undefined, door: 'public', headers: nothing, own: {} },
    {
      name: 'a guesser of tokens',
      owner: undefined,
      door: 'operator',
      headers: () => ({ authorization: `Bearer ${'0'.repeat(36)}`, 'x-person-key': '0' }),
      own: {},
    },
  ];
  const secrets = new Map<string, Owner>();
  for (const [index, one] of seeded.entries()) {
    const { cloud, personKeys, shops, agentToken } = one;
    const owner = { operatorId: cloud.operatorId };
    for (const secret of [cloud.operatorToken, agentToken, ...personKeys])
      secrets.set(secret, owner);
    const foreignKey = seeded[1 - index]!.personKeys[0]!;
    for (const key of [...personKeys, foreignKey]) callers.push(operatorCaller(one, key));
    for (const shop of shops) {
      callers.push(...shopCallers(house, one, shop));
      for (const { memberId, pageKey } of shop.members)
        secrets.set(pageKey, { ...owner, memberId });
      for (const claimToken of shop.claimTokens)
        secrets.set(claimToken, { ...owner, merchantId: shop.merchantId });
    }
    callers.push({
      name: `agent of ${cloud.operatorId}`,
      owner: { ...owner, merchantId: shops[0]!.merchantId },
      door: 'public',
      headers: () => ({ authorization: `Bearer ${agentToken}` }),
      own: {},
    });
    const [first, second] = shops;
    callers.push(forger(house, first!.till, second!.till));
  }
  return { callers, secrets };
}

const operatorCaller = ({ cloud }: SeededOperator, personKey: string): Caller => ({
  name: `operator ${cloud.operatorId} as ${personKey.slice(0, 6)}`,
  owner: { operatorId: cloud.operatorId },
  door: 'operator',
  headers: () => ({
    authorization: `Bearer ${cloud.operatorToken}`,
    'x-person-key': personKey,
  }),
  own: {},
});

function shopCallers(
  { bench }: FuzzHouse,
  { cloud }: SeededOperator,
  { merchantId, till, revokedTill, members, claimTokens }: SeededShop,
): readonly Caller[] {
  const owner = { operatorId: cloud.operatorId };
  const atTill = { owner: { ...owner, merchantId }, door: 'terminal', own: {} } as const;
  return [
    { ...atTill, name: `till of ${merchantId}`, headers: signerOf(till, bench.clock) },
    {
      ...atTill,
      name: `revoked till of ${merchantId}`,
      headers: signerOf(revokedTill, bench.clock),
    },
    ...members.map(({ memberId, pageKey }) => ({
      name: `member ${memberId}`,
      owner: { ...owner, memberId },
      door: 'public' as const,
      headers: nothing,
      own: { memberId, key: pageKey },
    })),
    ...claimTokens.map((claimToken) => ({
      name: `customer with a receipt of ${merchantId}`,
      owner: { ...owner, merchantId },
      door: 'public' as const,
      headers: nothing,
      own: { claimToken, token: claimToken },
    })),
  ];
}

/** Signs with his own key in another till's name. */
const forger = ({ bench }: FuzzHouse, named: TestTerminal, signer: TestTerminal): Caller => ({
  name: `${signer.terminalId} in the name of ${named.terminalId}`,
  owner: undefined,
  door: 'terminal',
  headers: ({ method, url, body }: SentRequest) => {
    const behindMs = bench.clock.nowMs() - Date.now();
    const createdShiftSeconds = Math.floor(behindMs / 1000);
    return signer.sign(method, url, body, { createdShiftSeconds, terminalId: named.terminalId });
  },
  own: {},
});
