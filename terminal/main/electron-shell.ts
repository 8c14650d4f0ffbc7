import { app, BrowserWindow, ipcMain, safeStorage, utilityProcess } from 'electron';
import type {
  AgentProcess,
  OsSecrets,
  ShellPort,
  ShellWindow,
  WindowOptions,
} from '#terminal/main/shell-port.ts';

/** The real Electron behind {@link ShellPort}: no decision is made here. */
export function createElectronShell(): ShellPort {
  return {
    requestSingleInstance: () => app.requestSingleInstanceLock(),
    onSecondInstance: (listener) => app.on('second-instance', listener),
    whenReady: () => app.whenReady(),
    forkAgent,
    openWindow,
    handleCalls(handler) {
      ipcMain.handle('greentill:call', (event, message: unknown) =>
        handler(
          {
            windowId: BrowserWindow.fromWebContents(event.sender)?.id,
            frameUrl: event.senderFrame?.url ?? '',
            isMainFrame: event.senderFrame !== null && event.senderFrame === event.sender.mainFrame,
          },
          message,
        ),
      );
    },
    onAllWindowsClosed: (listener) => app.on('window-all-closed', listener),
    quit: () => app.quit(),
    exit: (code) => app.exit(code),
    osSecrets,
    userFolder: () => app.getPath('userData'),
  };
}

function osSecrets(): OsSecrets | undefined {
  if (!safeStorage.isEncryptionAvailable()) return undefined;
  // On Linux without a wallet Electron seals with a password that stands in its source: that is no store.
  const isLinux = process.platform === 'linux';
  if (isLinux && safeStorage.getSelectedStorageBackend() === 'basic_text') return undefined;
  return {
    seal: (text) => safeStorage.encryptString(text),
    open: (sealed) => safeStorage.decryptString(Buffer.from(sealed)),
  };
}

function forkAgent(entry: string, args: readonly string[]): AgentProcess {
  const child = utilityProcess.fork(entry, [...args], { serviceName: 'greentill-agent' });
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process is no window and has no origin
    post: (message) => child.postMessage(message),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => child.on('exit', listener),
    kill: () => child.kill(),
  };
}

function openWindow({ indexFile, preloadFile, kiosk }: WindowOptions): ShellWindow {
  const window = new BrowserWindow({
    width: 1366,
    height: 768,
    minWidth: 1024,
    minHeight: 640,
    kiosk,
    backgroundColor: '#f5f6f2',
    autoHideMenuBar: true,
    webPreferences: {
      preload: preloadFile,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
      devTools: !kiosk,
    },
  });
  const { webContents } = window;
  // The till is one page: it opens nothing and goes nowhere else.
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  webContents.on('will-navigate', (event) => event.preventDefault());
  webContents.session.setPermissionRequestHandler((_contents, _permission, decide) =>
    decide(false),
  );
  void window.loadFile(indexFile);
  return {
    id: window.id,
    send: (channel, payload) => webContents.send(channel, payload),
    focus() {
      if (window.isMinimized()) window.restore();
      window.focus();
    },
    onRendererGone: (listener) => webContents.on('render-process-gone', listener),
    reload: () => void window.loadFile(indexFile),
    onClosed: (listener) => window.on('closed', listener),
  };
}
