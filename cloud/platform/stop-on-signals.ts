const signals = ['SIGINT', 'SIGTERM'] as const;

/** Closes once on the first signal and exits; a second signal exits at once. */
export function stopOnSignals(close: () => Promise<void>): void {
  let closing = false;
  for (const signal of signals) {
    process.on(signal, () => {
      if (closing) process.exit(1);
      closing = true;
      close().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
}
