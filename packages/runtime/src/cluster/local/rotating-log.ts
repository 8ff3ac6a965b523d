import { createWriteStream, renameSync, statSync, type WriteStream } from 'node:fs'

/** A log file that is set aside as `<file>.1` when it grows too large; the one set aside before is replaced. */
export type RotatingLog = {
  write(chunk: string | Uint8Array): void
  close(): Promise<void>
}

/** @param maxBytes of one file; at most twice as much is kept */
export function createRotatingLog(file: string, maxBytes = 5 * 1024 * 1024): RotatingLog {
  let size = sizeOf(file)
  let stream = open()

  function open(): WriteStream {
    const opened = createWriteStream(file, { flags: 'a', mode: 0o600 })
    // A full disk must not end what is logged about.
    opened.on('error', () => {})
    return opened
  }

  return {
    write(chunk) {
      if (size >= maxBytes) {
        stream.end()
        try {
          renameSync(file, `${file}.1`)
          size = 0
        } catch {
          // Removed by someone meanwhile: go on in a new file.
        }
        stream = open()
      }
      size += Buffer.byteLength(chunk)
      stream.write(chunk)
    },
    close: () => new Promise((resolve) => stream.end(resolve)),
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
