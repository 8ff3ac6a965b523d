/** A session does not start with a libsignal whose ratchet damage is not undone. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { tempDir } from '@warren/runtime/testing'
import { createRig } from './rig.ts'

const rig = await createRig({ after })

test('start-up refuses when the guard has no effect, before the lease is taken', async () => {
  // As a version of libsignal would be whose cipher is no longer where the guard puts itself.
  const libsignal = createRequire(import.meta.url).resolve('libsignal')
  const file = join(tempDir({ after }), 'unguardable.mjs')
  writeFileSync(
    file,
    `import libsignal from ${JSON.stringify(pathToFileURL(libsignal).href)}
const prototype = libsignal.SessionCipher.prototype
const unguarded = prototype.doDecryptWhisperMessage
Object.defineProperty(prototype, 'doDecryptWhisperMessage', { get: () => unguarded, set() {} })
`,
  )
  const account = rig.account()
  const pod = account.start({ NODE_OPTIONS: `--import ${pathToFileURL(file).href}` })
  assert.equal(await pod.exited, 1)
  assert.match(pod.output(), /the ratchet guard does not hold/)
  assert.equal(await rig.store.session(account.session), null)
})
