import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { encodeMemberCode, type MemberCodeFields } from '#shared/member/member-code.ts';
import { encodeCertificate, encodeTwoLayerCode } from '#shared/member/two-layer-code.ts';
import { defaultPromiseLimits } from '#shared/promise/promise-limits.ts';
import type { MemberView } from '#shared/wire/v1/members.ts';
import type { Caps, ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { createScriptedGoods } from '#terminal/agent/testing/scripted-goods.ts';
import { problem, type ScriptedAnswer } from '#terminal/agent/testing/scripted-answer.ts';

export const testTerminalId = 'trm_01KAN7D5Q00000000000000001';
export const testMerchantId = 'mch_01KAN7D5Q00000000000000001';
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
  promises: defaultPromiseLimits,
  issuedAtMs: 0,
};

/** The raw 32 bytes of an Ed25519 public key. */
const rawKey = (key: KeyObject): string =>
  key.export({ type: 'spki', format: 'der' }).subarray(12).toString('base64url');

/** The keys of the scripted cloud, and what it signs: settings of the till, codes of members. */
export function createScriptedPlatform() {
  const platform = generateKeyPairSync('ed25519');
  const issuer = generateKeyPairSync('ed25519');
  const phone = generateKeyPairSync('ed25519');
  let stopped: readonly string[] = [];
  let terminalKey = '';
  let isKnown = true;
  let isConfigForged = false;
  let isConfigReplayed = false;
  let configVersion = 1;
  let caps = firstCaps;
  let ownerPinReset = 0;

  const config = () => {
    const key = rawKey(issuer.publicKey);
    const [version, limits] = isConfigReplayed ? [1, firstCaps] : [configVersion, caps];
    const settings = settingsOf({ configVersion: version, caps: limits, key });
    const text = JSON.stringify({ ...settings, revokedCertificateIds: stopped, ownerPinReset });
    const signer = isConfigForged ? issuer : platform;
    const signature = sign(null, Buffer.from(text), signer.privateKey).toString('base64url');
    return { payload: text, signature };
  };

  const signedBy =
    (signer: typeof platform) =>
    (text: string): string =>
      sign(null, Buffer.from(text), signer.privateKey).toString('base64url');

  return {
    config,
    /** The goods of the shop that this till is of. */
    goods: createScriptedGoods({
      merchantId: testMerchantId,
      sign: signedBy(platform),
      forge: signedBy(issuer),
    }),
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
    /** Caps as a cloud signs them that knows nothing of promised tenders. */
    forgetPromises: (): void => {
      const { promises: _, ...rest } = caps;
      configVersion += 1;
      caps = { ...rest, version: caps.version + 1 };
    },
    /** Somebody asked for a reset of the owner's PIN. */
    resetOwnerPin: (): void => {
      configVersion += 1;
      ownerPinReset += 1;
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
    /** What a member's phone shows: its `serial`-th certificate, and its word about this moment. */
    twoLayerCode: (
      serial: number,
      shown: { readonly counter: number; readonly aheadMs?: number; readonly isForged?: boolean },
    ): string => {
      const certificate = encodeCertificate(
        {
          ...codeFields(serial, 50),
          devicePublicKey: rawKey(phone.publicKey),
        },
        (bytes) => sign(null, bytes, issuer.privateKey),
      );
      const timeSeconds = Math.floor((Date.now() + (shown.aheadMs ?? 0)) / 1_000);
      const { privateKey } = shown.isForged === true ? issuer : phone;
      return encodeTwoLayerCode({ certificate, timeSeconds, counter: shown.counter }, (bytes) =>
        sign(null, bytes, privateKey),
      );
    },
    /** The code with this serial number is stopped. */
    stopCode: (serial: number): void => {
      configVersion += 1;
      stopped = [...stopped, codeFields(serial, 0).certificateId];
    },
    memberCode: (serial: number, paymentCapYuan = 50): string =>
      encodeMemberCode(codeFields(serial, paymentCapYuan), (bytes) =>
        sign(null, bytes, issuer.privateKey),
      ),
  };
}

const codeFields = (serial: number, paymentCapYuan: number): MemberCodeFields => ({
  keyId: memberKeyId,
  memberId: testMember.memberId as MemberId,
  certificateId: `crt_01KAN7D5Q0000000000000${String(serial).padStart(4, '0')}` as CertificateId,
  paymentCapYuan,
  windowCapYuan: 100,
  notAfterSeconds: Math.floor(Date.now() / 1_000) + 3_600,
  scope: 0,
});

const settingsOf = (now: {
  readonly configVersion: number;
  readonly caps: Caps;
  readonly key: string;
}): ConfigPayload => ({
  configVersion: now.configVersion,
  terminalId: testTerminalId,
  merchantId: testMerchantId,
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
