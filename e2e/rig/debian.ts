import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { err, ok, type Result } from '#shared/result/result.ts';

/** A Debian kernel with its modules, and a small first root that mounts this machine's files. */
export interface GuestImage {
  readonly kernelVersion: string;
  readonly kernelFile: string;
  readonly modulesFolder: string;
  readonly initramfsFile: string;
}

/** Program that must be there, and the Debian package it comes from. */
const tools: readonly (readonly [program: string, debianPackage: string])[] = [
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['busybox', 'busybox-static'],
  ['cpio', 'cpio'],
  ['depmod', 'kmod'],
  ['udevadm', 'udev'],
  ['socat', 'socat'],
];
/** Loaded before the root is there, with all they depend on. */
const earlyModules = [
  'virtio_pci',
  'virtio_console',
  'virtio_rng',
  '9pnet_virtio',
  '9p',
  'overlay',
] as const;

const sbin = '/usr/local/sbin:/usr/sbin:/sbin';
const env = {
  ...process.env,
  PATH: `${process.env['PATH'] ?? ''}:${sbin}`,
  DEBIAN_FRONTEND: 'noninteractive',
};
const cache = path.join(tmpdir(), 'greentill-rig');
const guestFolder = path.join(import.meta.dirname, 'guest');
const outputBytesMax = 64 * 1_048_576;

/** Everything the rig needs on this machine. The error says in words what this machine lacks. */
export function prepareDebian(): Result<GuestImage, string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return err(`it needs Linux on x64, this is ${process.platform} on ${process.arch}`);
  }
  const installed = installTools();
  if (!installed.ok) return installed;
  const kernel = fetchKernel();
  return kernel.ok ? ok(buildImage(kernel.value)) : kernel;
}

interface Output {
  readonly ok: boolean;
  readonly text: string;
}

function run(program: string, args: readonly string[], cwd?: string): Output {
  const ended = spawnSync(program, args, { env, cwd, maxBuffer: outputBytesMax });
  const text = ended.error?.message ?? `${ended.stdout.toString()}${ended.stderr.toString()}`;
  return { ok: ended.status === 0, text };
}

function must(program: string, args: readonly string[], cwd?: string): string {
  const { ok: succeeded, text } = run(program, args, cwd);
  if (!succeeded) throw new Error(`${program} ${args.join(' ')}: ${text.slice(-1_000)}`);
  return text;
}

const missingPackages = (): readonly string[] =>
  tools.flatMap(([program, name]) => (run('sh', ['-c', `command -v ${program}`]).ok ? [] : [name]));

function installTools(): Result<void, string> {
  const missing = missingPackages();
  if (missing.length === 0) return ok(undefined);
  const words = `it needs the Debian packages ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) return err(`${words}, and only root can install them`);
  if (!run('sh', ['-c', 'command -v apt-get']).ok) return err(`${words}, and there is no apt-get`);
  run('apt-get', ['update', '-qq']);
  const added = run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing]);
  return added.ok ? ok(undefined) : err(`${words}: ${added.text.trim().slice(-300)}`);
}

/** Downloads and unpacks the kernel package, once per version; nothing of it is installed. */
function fetchKernel(): Result<string, string> {
  const depends = run('apt-cache', ['depends', 'linux-image-amd64']).text;
  const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
  if (name === undefined) {
    return err('apt-cache knows no linux-image-amd64: this is not Debian, or needs apt-get update');
  }
  const folder = path.join(cache, name);
  if (existsSync(folder)) return ok(folder);
  mkdirSync(cache, { recursive: true });
  const half = mkdtempSync(path.join(cache, 'unpacking-'));
  // A list of packages that is out of date names a file that the mirror no longer has.
  if (!run('apt-get', ['download', name], half).ok) run('apt-get', ['update', '-qq']);
  const fetched = run('apt-get', ['download', name], half);
  const file = readdirSync(half).find((entry) => entry.endsWith('.deb'));
  if (file === undefined) return err(`${name} cannot be downloaded: ${fetched.text.slice(-300)}`);
  must('dpkg', ['-x', file, 'files'], half);
  must('depmod', ['-b', path.join(half, 'files'), versionIn(path.join(half, 'files'))]);
  rmSync(path.join(half, file));
  // Whole or not at all: an interrupted run leaves no half kernel behind.
  renameSync(half, folder);
  return ok(folder);
}

function versionIn(files: string): string {
  const [version] = readdirSync(path.join(files, 'lib/modules'));
  if (version === undefined) throw new Error(`no kernel modules in ${files}`);
  return version;
}

/** The first root: busybox, the modules of `earlyModules`, and `guest/init`. Built anew each run: 0.3 s. */
function buildImage(folder: string): GuestImage {
  const files = path.join(folder, 'files');
  const kernelVersion = versionIn(files);
  const root = mkdtempSync(path.join(cache, 'initramfs-'));
  for (const name of ['bin', 'proc', 'sys', 'dev', 'host', 'upper', 'newroot', 'modules']) {
    mkdirSync(path.join(root, name));
  }
  copyFileSync(must('sh', ['-c', 'command -v busybox']).trim(), path.join(root, 'bin/busybox'));
  const order: string[] = [];
  for (const module of earlyModules) {
    const how = ['-d', files, '-S', kernelVersion, '--show-depends', module];
    for (const [, file = ''] of must('modprobe', how).matchAll(/^insmod (\S+)/gm)) {
      const name = path.basename(file, '.xz');
      if (order.includes(name)) continue;
      // Newer Debian packs its modules, which busybox cannot load.
      if (file.endsWith('.xz')) must('sh', ['-c', `xz -dc "${file}" > "${root}/modules/${name}"`]);
      else copyFileSync(file, path.join(root, 'modules', name));
      order.push(name);
    }
  }
  writeFileSync(path.join(root, 'modules/order'), `${order.join('\n')}\n`);
  copyFileSync(path.join(guestFolder, 'init'), path.join(root, 'init'));
  chmodSync(path.join(root, 'init'), 0o755);
  const initramfsFile = path.join(cache, `${path.basename(root)}.cpio`);
  must('sh', ['-c', `find . | cpio -o -H newc --quiet > "${initramfsFile}"`], root);
  rmSync(root, { recursive: true });
  return {
    kernelVersion,
    kernelFile: path.join(files, 'boot', `vmlinuz-${kernelVersion}`),
    modulesFolder: path.join(files, 'lib/modules'),
    initramfsFile,
  };
}
