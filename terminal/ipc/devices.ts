import Type, { type Static } from 'typebox';
import { Bcd2TableSchema } from '#terminal/ipc/bcd2-table.ts';
import { DeviceRoleSchema, deviceViewFields } from '#terminal/ipc/state.ts';

/**
 * Devices between a window and the agent: what is plugged in, what serves which role, and how to find out whether it
 * works. A device is *bound* to a role once and found again by its identity, whatever name it has after a replug.
 * Binding, unbinding and calibrating are an owner's work: once a PIN is set (terminal/ipc/owner.ts) they need his time.
 *
 * Errors of the methods: `owner-locked`, `device-missing` (nobody serves the role),
 * `device-role-taken`, `device-bound` (it serves another role), `device-fixed` (the configuration
 * file says so), `device-unsupported`, `device-probing`, `device-no-answer`, `box-blocked` (a sale
 * at this box is in doubt: only this box can tell), and what opening a port answers (`device-busy`,
 * `device-permission`, …).
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
const Code = Type.String({ maxLength: 64 });
const At = Type.Integer();
const Name = Type.String({ minLength: 1, maxLength: 64 });
const Path = Type.String({ minLength: 1, maxLength: 400 });
const Words = Type.String({ maxLength: 200 });

const serial = object({
  type: Type.Literal('serial'),
  /** "/dev/ttyUSB0", "COM3" or a pty. */
  path: Path,
  /** Bits per second; the role's default when absent (115200; 2400 for a display). Always 8N1. */
  baudRate: Type.Optional(Type.Integer({ minimum: 300, maximum: 4_000_000 })),
});
const tcp = object({
  type: Type.Literal('tcp'),
  host: Type.String({ minLength: 1, maxLength: 160, pattern: '^[^\\s/]+$' }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
});
/** A USB printer-class device, "/dev/usb/lp0" (Linux). */
const usbLp = object({ type: Type.Literal('usb-lp'), path: Path });
/** A HID POS scanner by the path that the HID library gave it. */
const hid = object({ type: Type.Literal('hid'), path: Path });
/** 键盘口扫码枪: types into the window like a keyboard. Nothing can tell whether it is plugged in. */
const keyboard = object({ type: Type.Literal('keyboard') });
/** A transport handed to createAgent under this name: tests and the demo. */
const memory = object({ type: Type.Literal('memory'), name: Name });

export const TransportConfigSchema = Type.Union([serial, tcp, usbLp, hid, keyboard, memory]);
export type TransportConfig = Static<typeof TransportConfigSchema>;

/** `ecr-hub` 收银盒子, `transbank`, and the generic STX/ETX `bcd2`. */
export const BoxProtocolSchema = Type.Union([
  Type.Literal('ecr-hub'),
  Type.Literal('transbank'),
  Type.Literal('bcd2'),
]);
export type BoxProtocol = Static<typeof BoxProtocolSchema>;

/** A device for a role: what the configuration file lists, what `devices.bind` takes, and what is kept of a binding. */
export const DeviceConfigSchema = Type.Union([
  object({
    role: Type.Literal('scanner'),
    name: Name,
    transport: Type.Union([serial, tcp, hid, keyboard, memory]),
  }),
  object({
    role: Type.Literal('printer'),
    name: Name,
    transport: Type.Union([serial, tcp, usbLp, memory]),
    /** A profile of drivers/printer/profiles, e.g. "epson-tm-t82iii"; the generic one of the paper when absent. */
    profileId: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-z0-9-]+$' })),
    /** Paper width in millimetres; the profile's, or 80 without one, when absent. */
    paperMm: Type.Optional(Type.Union([Type.Literal(58), Type.Literal(80)])),
  }),
  /** A drawer hangs on the printer's drawer port: it has no wire of its own. */
  object({
    role: Type.Literal('drawer'),
    name: Name,
    transport: object({ type: Type.Literal('printer') }),
  }),
  object({
    role: Type.Literal('box-pos'),
    name: Name,
    transport: Type.Union([serial, tcp, memory]),
    protocol: BoxProtocolSchema,
    /** `ecr-hub` only, and needed there: the number that the box's maker gave for this integration. */
    appId: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    /** `bcd2` only, and needed there: the field table that your bank gave you. */
    table: Type.Optional(Bcd2TableSchema),
  }),
  object({
    role: Type.Literal('display'),
    name: Name,
    /** `tcp`: behind a serial device server. */
    transport: Type.Union([serial, tcp, memory]),
    /** LED8N, the eight-digit customer display; 2400 baud when the transport does not say. */
    protocol: Type.Optional(Type.Literal('led8n')),
  }),
]);
export type DeviceConfig = Static<typeof DeviceConfigSchema>;

/** How a device is attached, for its icon and words. */
export const DeviceKindSchema = Type.Union([
  Type.Literal('serial'),
  Type.Literal('tcp'),
  Type.Literal('usb-lp'),
  Type.Literal('hid'),
  Type.Literal('keyboard'),
  Type.Literal('memory'),
  Type.Literal('printer'),
]);

/** Where the test of a device stands. It survives until the next test of the same role or the end of the agent. */
export const DeviceTestSchema = Type.Union([
  /** Something is on its way, or (scanner) the next scan is awaited and kept from the till until `untilMs`. */
  object({ type: Type.Literal('waiting'), untilMs: Type.Union([At, Type.Null()]) }),
  object({
    type: Type.Literal('passed'),
    atMs: At,
    /**
     * Scanner: what came, never whole: "13****0001"; how many characters; and its AIM identifier
     * where it sends one.
     */
    scan: Type.Optional(
      object({
        mask: Type.String({ maxLength: 16 }),
        charCount: Type.Integer({ minimum: 0 }),
        /** "qr", "ean-13", …; absent when the scanner does not say. */
        symbology: Type.Optional(Type.String({ maxLength: 32 })),
      }),
    ),
    /** Printer: 已打印 (the printer said so) or only 已送出. */
    proof: Type.Optional(Type.Union([Type.Literal('printed'), Type.Literal('sent')])),
  }),
  object({ type: Type.Literal('failed'), atMs: At, code: Code }),
]);
export type DeviceTest = Static<typeof DeviceTestSchema>;

export const DeviceActionSchema = Type.Union([
  Type.Literal('test'),
  Type.Literal('unbind'),
  Type.Literal('calibrate'),
  Type.Literal('log'),
]);
export type DeviceAction = Static<typeof DeviceActionSchema>;

/** One bound device with everything the devices screen shows; the first fields are those of the status bar. */
export const DeviceDetailSchema = object({
  ...deviceViewFields,
  kind: DeviceKindSchema,
  /** What it was bound with, at the port where it is now: to bind it anew with one thing changed. */
  config: DeviceConfigSchema,
  /** By what it is found again: "usb 0403:6001 A50285BI", "usb-port 1-1.2", "path /dev/ttyS0", "tcp 10.0.0.9:9100". */
  identity: Words,
  /** Said by the configuration file: it can be changed there only. */
  fixed: Type.Boolean(),
  /** False when nothing tells whether it is there: a keyboard wedge, a display, a printer that never answers. */
  watched: Type.Boolean(),
  /** Grows with each connection; null while there is none, and for what has no connection of its own. */
  generation: Type.Union([Type.Integer(), Type.Null()]),
  /** The group of the operating system that owns the port, with `device-permission`: add the till's user to it. */
  group: Type.Optional(Type.String({ maxLength: 64 })),
  /** Printer: the profile in use. */
  profileId: Type.Optional(Type.String({ maxLength: 64 })),
  /** Printer: what it calls itself, where it does. */
  model: Type.Optional(Type.String({ maxLength: 64 })),
  /** Printer: the profile of that model, when another one is in use; bind it anew with this one. */
  suggestedProfileId: Type.Optional(Type.String({ maxLength: 64 })),
  paperMm: Type.Optional(Type.Union([Type.Literal(58), Type.Literal(80)])),
  protocol: Type.Optional(Type.String({ maxLength: 32 })),
  /** Drawer: `unknown` until it was calibrated, or while the printer does not say. */
  drawer: Type.Optional(
    Type.Union([Type.Literal('open'), Type.Literal('closed'), Type.Literal('unknown')]),
  ),
  actions: Type.Array(DeviceActionSchema, { maxItems: 8 }),
  test: Type.Union([DeviceTestSchema, Type.Null()]),
});
export type DeviceDetail = Static<typeof DeviceDetailSchema>;

/** Why a role is suggested. Never a certainty: the owner decides. */
export const SuggestionReasonSchema = Type.Union([
  /** It says of itself that it is a bar code scanner (HID usage page 8C). */
  Type.Literal('usage-page'),
  /** It is a USB printer-class device. */
  Type.Literal('printer-class'),
  /** This very product is in the table of products. */
  Type.Literal('known-product'),
  /** Its maker builds mostly such devices. */
  Type.Literal('known-vendor'),
  /** Its own description names one. */
  Type.Literal('description'),
  /** The usual port of network printers. */
  Type.Literal('printer-port'),
]);

/** Something that is plugged in, bound or not. */
export const CandidateSchema = object({
  /** Stable while it stays plugged in; for lists. */
  id: Words,
  kind: Type.Union([
    Type.Literal('serial'),
    Type.Literal('hid'),
    Type.Literal('usb-lp'),
    /** Seen on the bus, and nothing to open: `problem` says why. */
    Type.Literal('usb'),
  ]),
  /** What to bind; null when there is nothing to open. */
  transport: Type.Union([TransportConfigSchema, Type.Null()]),
  /** Maker and product as far as the device says; may be empty. */
  label: Words,
  /** "0403:6001", lower-case hex; empty when it has none. */
  usbId: Type.String({ maxLength: 16 }),
  identity: Words,
  boundRole: Type.Union([DeviceRoleSchema, Type.Null()]),
  suggestion: Type.Union([
    object({
      role: DeviceRoleSchema,
      reason: SuggestionReasonSchema,
      certainty: Type.Union([Type.Literal('likely'), Type.Literal('possible')]),
    }),
    Type.Null(),
  ]),
  /** `device-driver-missing`, `device-permission`. */
  problem: Type.Union([Code, Type.Null()]),
  /** With `device-permission`: the group that owns the port. */
  group: Type.Optional(Type.String({ maxLength: 64 })),
});
export type Candidate = Static<typeof CandidateSchema>;

/** Asks the port, without printing or charging, whether such a device answers. Takes up to 15 s. */
export const ProbeRequestSchema = Type.Union([
  object({
    as: Type.Literal('printer'),
    transport: Type.Union([serial, tcp, usbLp, memory]),
    /** Its speeds are tried first. */
    profileId: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-z0-9-]+$' })),
  }),
  object({
    as: Type.Literal('box-pos'),
    transport: Type.Union([serial, tcp, memory]),
    protocol: BoxProtocolSchema,
  }),
]);
export type ProbeRequest = Static<typeof ProbeRequestSchema>;

export const ProbeAnswerSchema = object({
  /** Did one answer? */
  found: Type.Boolean(),
  /** The transport to bind, with the speed at which it answered; the one that was asked about when none did. */
  transport: TransportConfigSchema,
  /** Each speed that was tried, in order; `baudRate` is null where there is no speed. */
  tried: Type.Array(
    object({
      baudRate: Type.Union([Type.Integer(), Type.Null()]),
      /** null: it answered. */
      code: Type.Union([Code, Type.Null()]),
    }),
    { maxItems: 16 },
  ),
});
export type ProbeAnswer = Static<typeof ProbeAnswerSchema>;

/** A printer model that is known; `profileId` of a binding. */
export const ProfileChoiceSchema = object({
  id: Type.String({ maxLength: 64 }),
  name: Type.String({ maxLength: 64 }),
  paperMm: Type.Union([Type.Literal(58), Type.Literal(80)]),
});
export type ProfileChoice = Static<typeof ProfileChoiceSchema>;

const none = object({});
const role = { role: DeviceRoleSchema };

/** Spread into the methods of terminal-api.ts. */
export const deviceMethods = {
  'devices.list': {
    input: none,
    output: object({ devices: Type.Array(DeviceDetailSchema, { maxItems: 16 }) }),
  },
  /** What is plugged in now. `problems`: codes about the search itself, e.g. `device-list-no-udev`. */
  'devices.candidates': {
    input: none,
    output: object({
      candidates: Type.Array(CandidateSchema, { maxItems: 64 }),
      problems: Type.Array(Code, { maxItems: 8 }),
    }),
  },
  /** The printer models to choose from, in the order of the list; the generic ones stand last. */
  'devices.profiles': {
    input: none,
    output: object({ profiles: Type.Array(ProfileChoiceSchema, { maxItems: 64 }) }),
  },
  /** Gives a role its device, durably and at once. `replace` lets go of the one that has the role. */
  'devices.bind': {
    input: object({ device: DeviceConfigSchema, replace: Type.Optional(Type.Boolean()) }),
    output: none,
  },
  'devices.unbind': { input: object(role), output: none },
  'devices.probe': { input: ProbeRequestSchema, output: ProbeAnswerSchema },
  /**
   * Starts the test of a role; how it goes is in `test` of `devices.list`, and `status.changed` tells when to look.
   * printer: a test slip. scanner: the next scan within 20 s is kept from the till. drawer: one kick. box-pos: a
   * handshake, no money. display: all segments.
   */
  'devices.test': { input: object(role), output: none },
  /** The last bytes of its wire, oldest first, payment codes masked. */
  'devices.log': {
    input: object(role),
    output: object({ lines: Type.Array(Type.String({ maxLength: 600 }), { maxItems: 256 }) }),
  },
  /**
   * The drawer stands closed (or open) now. Called once each way, in any order; after the second it
   * is known which level of its switch means open. Errors: `drawer-pin-unknown`,
   * `drawer-has-no-switch` (the same level both times).
   */
  'drawer.calibrate': {
    input: object({ isOpen: Type.Boolean() }),
    output: object({
      /** What is still to be shown; null: calibrated. */
      next: Type.Union([Type.Literal('open'), Type.Literal('closed'), Type.Null()]),
    }),
  },
} as const;
