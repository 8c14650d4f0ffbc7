import { verify, X509Certificate } from 'node:crypto';
import type { UnionpayAccount } from '#cloud/payments/channels/unionpay/config.ts';
import { signedDigest, type Fields } from '#cloud/payments/channels/unionpay/sign.ts';

export type UnionpaySignature = 'valid' | 'missing' | 'invalid' | 'key-unknown';

/**
 * Judges the fields of an answer or notify. Each brings the certificate that signed it
 * (`signPubKeyCert`): it must be signed by an issuer we hold, be valid now, and bear UnionPay's
 * name in its common name (`…@…@name@…`).
 */
export function judgeFields(
  fields: Fields,
  account: UnionpayAccount,
  nowMs: number,
): UnionpaySignature {
  const { signature, signPubKeyCert: pem } = fields;
  if (signature === undefined || pem === undefined) return 'missing';
  if (fields['signMethod'] !== '01' || fields['version'] !== '5.1.0') return 'invalid';
  const certificate = certificateOf(pem);
  if (certificate === undefined || !isTrusted(certificate, account, nowMs)) return 'key-unknown';
  const bytes = Buffer.from(signature, 'base64');
  // Base64 has spare bits and skipped characters; only the one canonical spelling is believed.
  if (bytes.toString('base64') !== signature) return 'invalid';
  const signed = Buffer.from(signedDigest(fields));
  return verify('sha256', signed, certificate.publicKey, bytes) ? 'valid' : 'invalid';
}

function certificateOf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function isTrusted(
  certificate: X509Certificate,
  { issuers, signerName }: UnionpayAccount,
  nowMs: number,
): boolean {
  const name = certificate.subject.split('\n').find((line) => line.startsWith('CN='));
  return (
    name?.slice('CN='.length).split('@')[2] === signerName &&
    nowMs >= certificate.validFromDate.getTime() &&
    nowMs <= certificate.validToDate.getTime() &&
    issuers.some(
      (issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey),
    )
  );
}
