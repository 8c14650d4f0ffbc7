import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GuestImage } from './debian.ts';
import { connectPatiently, openQmp, type Qmp } from './qmp.ts';

/** A running machine of Debian's kernel on this machine's files. */
export interface Guest {
  readonly qmp: Qmp;
  /** Lines of JSON to and from the checks. */
  readonly control: Socket;
  /** The far end of the FTDI cable. */
  readonly cable: Socket;
  /** What the guest's console said, for failures. */
  console(): string;
  /** Resolves when the machine is off, with how QEMU ended. */
  readonly off: Promise<string>;
  /** What the machine has used of the host's processors so far, seconds: it stands still while the host is busy. */
  cpuSeconds(): number;
  kill(): void;
}

/** The USB device of the FTDI cable, as QMP names it. */
export const cableDevice = { driver: 'usb-serial', id: 'cable', chardev: 'cable', bus: 'usb.0' };

const consoleCharsMax = 200_000;
const niceness = '10';

export async function startQemu(deps: {
  readonly image: GuestImage;
  readonly repo: string;
  readonly node: string;
  readonly entry: string;
  /** Run the checks whose name holds this text; empty runs all. */
  readonly only: string;
  /** The guest's second stage; the checks' own when absent. */
  readonly stage?: string;
  /** A disk image that the guest sees as /dev/vda. */
  readonly disk?: string;
}): Promise<Guest> {
  const sockets = mkdtempSync(path.join(tmpdir(), 'rig-'));
  const program = 'qemu-system-x86_64';
  const child = spawn('nice', ['-n', niceness, program, ...argumentsOf(deps, sockets)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const note = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-consoleCharsMax);
  };
  child.stdout.on('data', note);
  child.stderr.on('data', note);
  const off = new Promise<string>((resolve) => {
    child.once('error', (failure) => resolve(failure.message));
    child.once('exit', (code, signal) => {
      rmSync(sockets, { recursive: true, force: true });
      rmSync(deps.image.initramfsFile, { force: true });
      resolve(signal ?? `exit code ${code}`);
    });
  });
  try {
    return {
      qmp: await openQmp(path.join(sockets, 'qmp')),
      control: await connectPatiently(path.join(sockets, 'control')),
      cable: await connectPatiently(path.join(sockets, 'cable')),
      console: () => text,
      cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
      off,
      kill: () => void child.kill('SIGKILL'),
    };
  } catch (failure) {
    child.kill('SIGKILL');
    throw new Error(`QEMU did not start: ${text.slice(-2_000)}`, { cause: failure });
  }
}

/** proc_pid_stat(5): fields 14 and 15, user and system time in ticks of 10 ms; the name in field 2 may hold spaces. */
function cpuSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return 0;
  }
}
const ticksPerSecond = 100;

/**
 * Software emulation only: where a KVM node exists inside another virtual machine it often hangs
 * after the BIOS. `Nehalem` is the smallest model that has what Node's builds expect.
 * `no_timer_check`: at boot the kernel counts ten ticks of the timer over a loop of instructions,
 * finds none while the host runs something else, and panics ("IO-APIC + timer doesn't work").
 */
function argumentsOf(
  { image, repo, node, entry, only, stage, disk }: Parameters<typeof startQemu>[0],
  sockets: string,
): readonly string[] {
  const words = {
    modules: image.modulesFolder,
    stage: stage ?? path.join(import.meta.dirname, 'guest/stage.sh'),
    repo,
    node,
    entry,
    only: encodeURIComponent(only),
  };
  const rig = Object.entries(words).map(([name, value]) => `rig.${name}=${value}`);
  const socket = (id: string): string =>
    `socket,id=${id},path=${path.join(sockets, id)},server=on,wait=off`;
  const { driver, ...cable } = cableDevice;
  const cableWords = Object.entries(cable).map(([name, value]) => `${name}=${value}`);
  const flags: readonly (readonly [string, string])[] = [
    ['accel', 'tcg,thread=multi'],
    ['cpu', 'Nehalem'],
    ['smp', '2'],
    ['m', '1536'],
    ['display', 'none'],
    ['serial', 'stdio'],
    ['kernel', image.kernelFile],
    ['initrd', image.initramfsFile],
    ['append', `console=ttyS0 quiet panic=-1 mitigations=off no_timer_check ${rig.join(' ')}`],
    ['virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
    ['device', 'virtio-rng-pci'],
    ['device', 'virtio-serial-pci'],
    ['chardev', socket('control')],
    ['device', 'virtserialport,chardev=control,name=rig.control'],
    ['device', 'qemu-xhci,id=usb'],
    ['chardev', socket('cable')],
    ['device', `${driver},${cableWords.join(',')},always-plugged=on`],
    ...(disk === undefined
      ? []
      : ([['drive', `file=${disk},format=raw,if=virtio,cache=writeback`]] as const)),
    ['qmp', `unix:${path.join(sockets, 'qmp')},server=on,wait=off`],
  ];
  return ['-nodefaults', '-no-reboot', ...flags.flatMap(([name, value]) => [`-${name}`, value])];
}
