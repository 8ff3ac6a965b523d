import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What of a `TestContext` (or of `node:test` itself, for a whole file) the helpers need. */
export type Cleanup = { after(fn: () => void | Promise<void>): void }

/** A fresh folder that is removed when the test has ended. */
export function tempDir(test: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), 'warren-test-'))
  test.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}
