/** What the images run: one bundle per application, started where nothing else of the repository is. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { tempDir } from '@warren/runtime/testing'
import { BUNDLES, bundle } from '../../scripts/bundle.ts'

const folder = tempDir({ after })

/** How each application shows that it came as far as reading its configuration. */
const FIRST_WORDS: Readonly<Record<string, { args: string[]; status: number; says: RegExp }>> = {
  operator: { args: [], status: 64, says: /not usable:\n(.*\n)*.*MONGODB_URI is not set/ },
  api: { args: ['--role', 'web'], status: 64, says: /not usable:\n(.*\n)*.*JWT_SECRET is not set/ },
  'session-pod': { args: [], status: 64, says: /not usable:\n(.*\n)*.*WARREN_INSTANCE is not set/ },
  simulator: { args: ['--help'], status: 0, says: /--public-host/ },
}

for (const name of BUNDLES)
  test(`the bundle of ${name} starts by itself`, async () => {
    const main = await bundle(name, join(folder, name))
    const { args = [], status, says = /./ } = FIRST_WORDS[name] ?? {}
    const run = spawnSync(process.execPath, [main, ...args], {
      cwd: dirname(main),
      env: { PATH: process.env.PATH },
      encoding: 'utf8',
      timeout: 60_000,
    })
    assert.match(run.stdout + run.stderr, says)
    assert.equal(run.status, status)
  })

test('only what has native code or files of its own stands beside the bundle', () => {
  assert.deepEqual(readdirSync(join(folder, 'api', 'node_modules')).sort(), [
    'bcrypt',
    'node-gyp-build',
    'swagger-ui-dist',
  ])
  assert.deepEqual(readdirSync(join(folder, 'simulator')), ['main.mjs'])
})

test('an unknown application is refused by name', async () => {
  await assert.rejects(
    bundle('worker', folder),
    /no application is called worker: operator, api, simulator, session-pod/,
  )
})
