import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { encodeMemberCode } from '#shared/member/member-code.ts';
import type { MemberView } from '#shared/wire/v1/members.ts';
import type { Caps, ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { problem, type ScriptedAnswer } from '#terminal/agent/testing/scripted-answer.ts';

export const testTerminalId = 'trm_01KAN7D5Q00000000000000001';
export const testMember: MemberView = {
  memberId: 'mbr_01KAN7D5Q00000000000000001',
  phoneMask: '138****0001',
  pointsFen: 5_000,
  vouchers: [
    { voucherId: 'vch_01KAN7D5Q00000000000000001', leftFen: 600, expiresOn: '2027-01-01' },
  ],
  voucherTotalFen: 600,
};
export const activationCode = '0123456789AB';
const memberKeyId = 7;

const firstCaps: Caps = {
  version: 1,
  perPaymentFen: 5_000,
  perMemberFen: 10_000,
  perMemberCount: 3,
  shopUnsyncedFen: 50_000,
  windowMs: 86_400_000,
  issuedAtMs: 0,
};

/** The raw 32 bytes of an Ed25519 public key. */
const rawKey = (key: KeyObject): string =>
  key.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64url');

/** The keys of the scripted cloud, and what it signs: settings of the till, codes of members. */
export function createScriptedPlatform() {
  const platform = generateKeyPairSync('ed25519');
  const issuer = generateKeyPairSync('ed25519');
  let terminalKey = '';
  let isKnown = true;
  let isConfigForged = false;
  let isConfigReplayed = false;
  let configVersion = 1;
  let caps = firstCaps;

  const config = () => {
    const key = rawKey(issuer.publicKey);
    const [version, limits] = isConfigReplayed ? [1, firstCaps] : [configVersion, caps];
    const text = JSON.stringify(settingsOf({ configVersion: version, caps: limits, key }));
    const signer = isConfigForged ? issuer : platform;
    const signature = sign(null, Buffer.from(text), signer.privateKey).toString('base64url');
    return { payload: text, signature };
  };

  return {
    config,
    configVersion: () => configVersion,
    /** The key that requests must be signed with. */
    terminalKey: () => (isKnown ? terminalKey : rawKey(issuer.publicKey)),
    activate: (request: { readonly code: string; readonly publicKey: string }): ScriptedAnswer => {
      if (request.code !== activationCode) return problem(403, 'activation-code-invalid');
      terminalKey = request.publicKey;
      const serverPublicKey = rawKey(platform.publicKey);
      const serverMs = Date.now();
      const body = { terminalId: testTerminalId, serverPublicKey, serverMs, config: config() };
      return { status: 200, body };
    },
    newCaps: (change: Partial<Caps>): void => {
      configVersion += 1;
      caps = { ...caps, ...change, version: caps.version + 1 };
    },
    /** Whether the cloud has the right key of this terminal; without it every signature is false. */
    knowTerminal: (known: boolean): void => {
      isKnown = known;
    },
    /** An old word of the cloud, rightly signed, is played again instead of the newest settings. */
    replayConfig: (replayed: boolean): void => {
      isConfigReplayed = replayed;
    },
    /** New settings are signed with a key that is not the platform's. */
    forgeConfig: (forged: boolean): void => {
      isConfigForged = forged;
    },
    memberCode: (serial: number, paymentCapYuan = 50): string =>
      encodeMemberCode(
        {
          keyId: memberKeyId,
          memberId: testMember.memberId as MemberId,
          certificateId:
            `crt_01KAN7D5Q0000000000000${String(serial).padStart(4, '0')}` as CertificateId,
          paymentCapYuan,
          windowCapYuan: 100,
          notAfterSeconds: Math.floor(Date.now() / 1_000) + 3_600,
          scope: 0,
        },
        (bytes) => sign(null, bytes, issuer.privateKey),
      ),
  };
}

const settingsOf = (now: {
  readonly configVersion: number;
  readonly caps: Caps;
  readonly key: string;
}): ConfigPayload => ({
  configVersion: now.configVersion,
  terminalId: testTerminalId,
  merchantId: 'mch_01KAN7D5Q00000000000000001',
  merchantName: '绿点小店',
  storeName: '一号店',
  storePhone: '0571-8888',
  concessionBp: 1_000,
  sameDayBp: 8_000,
  cutOverHour: 4,
  claimBaseUrl: 'http://claim.test/',
  caps: now.caps,
  issuerKeys: [{ keyId: memberKeyId, publicKey: now.key }],
  revokedCertificateIds: [],
});
