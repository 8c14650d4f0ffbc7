import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { PortIdentity } from '#drivers/discovery/port-identity.ts';
import type { DrawerCalibration } from '#drivers/drawer/drawer-machine.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import { getMeta, setMeta } from '#terminal/agent/journal/meta.ts';
import { DeviceConfigSchema } from '#terminal/ipc/devices.ts';

/** What the owner decided about devices, kept in the till's own file: it survives a power cut like a sale does. */
export interface DeviceStore {
  read(): StoredDevices;
  /** Durable when it returns. Errors: `store-full`, `store-failed`. */
  write(next: StoredDevices): Result<void, ErrorCode>;
}

const UsbIdsSchema = {
  vendorId: Type.Integer({ minimum: 0, maximum: 0xffff }),
  productId: Type.Integer({ minimum: 0, maximum: 0xffff }),
  serialNumber: Type.String({ maxLength: 200 }),
  place: Type.String({ maxLength: 200 }),
  interfaceNumber: Type.Integer({ minimum: -1, maximum: 255 }),
};
const IdentitySchema = Type.Union([
  Type.Object({ type: Type.Literal('usb-serial'), ...UsbIdsSchema }),
  Type.Object({ type: Type.Literal('usb-place'), ...UsbIdsSchema }),
  Type.Object({ type: Type.Literal('path'), path: Type.String({ maxLength: 400 }) }),
]);
const BindingSchema = Type.Object({
  device: DeviceConfigSchema,
  /** By what its port is found again; null for what has no port. */
  identity: Type.Union([IdentitySchema, Type.Null()]),
});

export interface Binding {
  readonly device: Static<typeof DeviceConfigSchema>;
  readonly identity: PortIdentity | null;
}

export interface StoredDevices {
  /** At most one per role. */
  readonly bindings: readonly Binding[];
  /** null before the drawer was calibrated. */
  readonly drawer: DrawerCalibration | null;
}

const bindingValidator = Compile(BindingSchema);
const drawerValidator = Compile(
  Type.Object({
    openMeans: Type.Union([Type.Literal('high'), Type.Literal('low')]),
    leftOpenMs: Type.Integer({ minimum: 0, maximum: 3_600_000 }),
  }),
);
const nothingStored: StoredDevices = { bindings: [], drawer: null };

export function createDeviceStore(journal: Journal): DeviceStore {
  return {
    read: () => parseStored(getMeta(journal.read, 'devices')),
    write: (next) => {
      const kept = journal.append([], (tx) => setMeta(tx, 'devices', JSON.stringify(next)));
      return kept.ok ? ok(undefined) : err(appendErrorCode(kept.error));
    },
  };
}

/** A binding that does not fit, e.g. of a newer version, is left out; the others stay. */
function parseStored(text: string | undefined): StoredDevices {
  if (text === undefined) return nothingStored;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return nothingStored;
  }
  const { bindings, drawer } = value as Partial<Record<keyof StoredDevices, unknown>>;
  return {
    bindings: Array.isArray(bindings)
      ? bindings.filter((each): each is Binding => bindingValidator.Check(each))
      : [],
    drawer: drawerValidator.Check(drawer) ? drawer : null,
  };
}
