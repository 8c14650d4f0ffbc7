import { usbIdText, type FoundPort, type UsbIds } from '#drivers/discovery/found-port.ts';

/**
 * By what a bound device is found again after a replug or a restart, when its name may have changed. Best first: its
 * own serial number; the socket it sits in; the name of the port.
 */
export type PortIdentity =
  | ({ readonly type: 'usb-serial' } & UsbIds)
  | ({ readonly type: 'usb-place' } & UsbIds)
  | { readonly type: 'path'; readonly path: string };

/**
 * The best identity that this port has among all that are plugged in. A serial number that two of them share (clones
 * carry "0001") identifies nothing: then the socket counts. Makers and products alone never do: a scanner and a
 * printer on two CH340 bridges would change places.
 */
export function identityOf(port: FoundPort, all: readonly FoundPort[]): PortIdentity {
  const { usb } = port;
  if (usb === null) return { type: 'path', path: port.path };
  const twins = all.filter((other) => other.kind === port.kind && isSameNumber(other.usb, usb));
  if (usb.serialNumber !== '' && twins.length <= 1) return { type: 'usb-serial', ...usb };
  return usb.place === '' ? { type: 'path', path: port.path } : { type: 'usb-place', ...usb };
}

/** Where this identity is now; null when it is not plugged in, or when two claim to be it and the socket cannot say. */
export function findPort(
  identity: PortIdentity,
  kind: FoundPort['kind'],
  ports: readonly FoundPort[],
): FoundPort | null {
  const ofKind = ports.filter((port) => port.kind === kind && port.path !== '');
  switch (identity.type) {
    case 'path':
      return ofKind.find((port) => port.path === identity.path) ?? null;
    case 'usb-place':
      return only(ofKind.filter(({ usb }) => isSameModel(usb, identity) && isAt(usb, identity)));
    case 'usb-serial': {
      const numbered = ofKind.filter(({ usb }) => isSameNumber(usb, identity));
      return only(numbered) ?? only(numbered.filter(({ usb }) => isAt(usb, identity)));
    }
  }
}

const only = (found: readonly FoundPort[]): FoundPort | null =>
  found.length === 1 ? (found[0] ?? null) : null;

/** For people and logs. */
export function identityText(identity: PortIdentity): string {
  switch (identity.type) {
    case 'path':
      return `path ${identity.path}`;
    case 'usb-place':
      return `usb-port ${identity.place} ${usbIdText(identity)}`;
    case 'usb-serial':
      return `usb ${usbIdText(identity)} ${identity.serialNumber}`;
  }
}

const isSameModel = (usb: UsbIds | null, other: UsbIds): boolean =>
  usb !== null &&
  usb.vendorId === other.vendorId &&
  usb.productId === other.productId &&
  usb.interfaceNumber === other.interfaceNumber;

const isSameNumber = (usb: UsbIds | null, other: UsbIds): boolean =>
  isSameModel(usb, other) && usb?.serialNumber === other.serialNumber;

const isAt = (usb: UsbIds | null, other: UsbIds): boolean =>
  other.place !== '' && usb?.place === other.place;
