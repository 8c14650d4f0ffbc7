import { describe, expect, it } from 'vitest';
import { judgeAccess } from '#terminal/web/access.ts';

const own = { authority: '127.0.0.1:7320', token: 'a-long-random-token' };
const ours = { host: own.authority, origin: `http://${own.authority}`, token: own.token };

describe('access to the loopback host', () => {
  it('lets our own page with the token in, and a client without an Origin', () => {
    expect(judgeAccess(ours, own)).toBeUndefined();
    expect(judgeAccess({ ...ours, origin: undefined }, own)).toBeUndefined();
  });

  it.each([
    ['a name rebound to loopback', { ...ours, host: 'evil.example:7320' }, 'host-refused'],
    ['another port', { ...ours, host: '127.0.0.1:80' }, 'host-refused'],
    ['no host', { ...ours, host: undefined }, 'host-refused'],
    ['a page of another site', { ...ours, origin: 'https://evil.example' }, 'origin-refused'],
    ['a sandboxed page', { ...ours, origin: 'null' }, 'origin-refused'],
    ['no token', { ...ours, token: undefined }, 'token-refused'],
    ['a shorter token', { ...ours, token: 'a-long' }, 'token-refused'],
    ['a wrong token', { ...ours, token: 'a-long-random-tokeN' }, 'token-refused'],
  ] as const)('refuses %s', (_, facts, refusal) => {
    expect(judgeAccess(facts, own)).toBe(refusal);
  });
});
