import { createPublicKey, sign, type KeyObject } from 'node:crypto';

/** One name of a certificate: its common name alone. */
export interface CertificateRequest {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: number;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly subjectKey: KeyObject;
  readonly issuerKey: KeyObject;
}

const [integerTag, bitsTag, nullTag, oidTag, utf8Tag] = [0x02, 0x03, 0x05, 0x06, 0x0c];
const [timeTag, sequenceTag, setTag, versionTag] = [0x18, 0x30, 0x31, 0xa0];
/** 2.5.4.3, common name. */
const commonName = Buffer.from('550403', 'hex');
/** 1.2.840.113549.1.1.11, RSA with SHA-256. */
const rsaSha256 = Buffer.from('2a864886f70d01010b', 'hex');

/**
 * A certificate in PEM, for the sandbox: Node reads certificates and cannot make them. Source: RFC
 * 5280 section 4.1.
 */
export function certificateOf(request: CertificateRequest): string {
  const algorithm = der(sequenceTag, der(oidTag, rsaSha256), der(nullTag));
  const body = der(
    sequenceTag,
    der(versionTag, der(integerTag, Buffer.of(2))),
    der(integerTag, numberOf(request.serial)),
    algorithm,
    nameOf(request.issuer),
    der(sequenceTag, timeOf(request.validFromMs), timeOf(request.validToMs)),
    nameOf(request.subject),
    createPublicKey(request.subjectKey).export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, request.issuerKey);
  const whole = der(sequenceTag, body, algorithm, der(bitsTag, Buffer.of(0), signature));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Tag, length, value. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const size = numberOf(length).filter((byte, at) => at > 0 || byte > 0 || length === 0);
  const head = length < 0x80 ? Buffer.of(length) : Buffer.of(0x80 + size.length, ...size);
  return Buffer.concat([Buffer.of(tag), head, value]);
}

/** A number of at least 0 in as many bytes as it takes, with a leading zero where the first bit is set. */
function numberOf(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

const nameOf = (name: string): Buffer =>
  der(
    sequenceTag,
    der(setTag, der(sequenceTag, der(oidTag, commonName), der(utf8Tag, Buffer.from(name)))),
  );

const timeOf = (instantMs: number): Buffer => {
  const digits = new Date(instantMs)
    .toISOString()
    .slice(0, 19)
    .replaceAll(/[^0-9]/g, '');
  return der(timeTag, Buffer.from(`${digits}Z`));
};
