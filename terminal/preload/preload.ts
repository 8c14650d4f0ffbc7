import { contextBridge, ipcRenderer } from 'electron';
import type { TerminalEvent } from '#terminal/ipc/terminal-api.ts';

/** The only thing a page gets: two functions, frozen. No channel names, no Node, no Electron. */
const bridge = Object.freeze({
  call: (method: string, input: object): Promise<unknown> =>
    ipcRenderer.invoke('greentill:call', { method, input }),
  subscribe(listener: (event: TerminalEvent) => void): () => void {
    const forward = (_: unknown, event: TerminalEvent): void => listener(event);
    ipcRenderer.on('greentill:event', forward);
    return () => void ipcRenderer.removeListener('greentill:event', forward);
  },
});

contextBridge.exposeInMainWorld('greentill', bridge);
