import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { MemberId } from '#shared/ids/ids.ts';

/** Keys of member pages: whoever has the link is taken for the member, so it is handed out by the operator only. */
export interface MemberLinks {
  /** 22 characters of base64url: 128 bits. */
  keyOf(memberId: MemberId): string;
  isKey(memberId: MemberId, key: string): boolean;
}

export const memberLinkKeyPattern = '^[A-Za-z0-9_-]{22}$';

export function createMemberLinks(dataKey: Uint8Array): MemberLinks {
  const linkKey = Buffer.from(hkdfSync('sha256', dataKey, '', 'greentill/member-page/1', 32));
  const rawKey = (memberId: MemberId): Buffer =>
    createHmac('sha256', linkKey).update(memberId, 'ascii').digest().subarray(0, 16);
  return {
    keyOf: (memberId) => rawKey(memberId).toString('base64url'),
    isKey(memberId, key) {
      const given = Buffer.from(key, 'base64url');
      return given.length === 16 && timingSafeEqual(given, rawKey(memberId));
    },
  };
}
