import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

/** A log file that is set aside as `<file>.1` when it grows too large; the one set aside before is replaced. */
export type RotatingLog = {
  /** Never throws: a full disk must not end what is logged about. */
  write(chunk: string | Uint8Array): void
  close(): void
}

/** @param maxBytes of one file; at most about twice as much is kept */
export function createRotatingLog(file: string, maxBytes = 5 * 1024 * 1024): RotatingLog {
  let handle = openSync(file, 'a', 0o600)
  let size = fstatSync(handle).size

  function rotate(): void {
    closeSync(handle)
    renameSync(file, `${file}.1`)
    handle = openSync(file, 'a', 0o600)
    size = 0
  }

  return {
    // Synchronous, so that the order of lines and of rotations is the order of events; a line takes microseconds.
    write(chunk) {
      try {
        if (size >= maxBytes) rotate()
        size += typeof chunk === 'string' ? writeSync(handle, chunk) : writeSync(handle, chunk)
      } catch {
        // Nowhere to tell it.
      }
    },
    close: () => closeSync(handle),
  }
}
