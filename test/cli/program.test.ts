/** The program as people have it: found by kubectl, and as one file. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { tempDir } from '@warren/runtime/testing'
import { findKubectl } from '@warren/runtime/testing/kubernetes'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '..', '..')
const PATH = `${dirname(process.execPath)}:${process.env.PATH}`

test('kubectl finds the plugin of a checkout and hands it the words', { timeout: 120_000 }, async () => {
  const kubectl = await findKubectl({ env: process.env, onProgress: () => {} })
  const env = { ...process.env, PATH: `${join(ROOT, 'node_modules', '.bin')}:${PATH}` }
  const { stdout } = await run(kubectl, ['wa', 'version'], { env })
  assert.match(stdout, /^kubectl wa \d+\.\d+\.\d+ \(Node \d+/)
  await assert.rejects(
    run(kubectl, ['wa', 'frobnicate'], { env }),
    (error: { code: number; stderr: string }) => {
      assert.match(error.stderr, /^error: There is no command frobnicate\.\n→ Try: kubectl wa --help\n/)
      return error.code === 2
    },
  )
})

test('bundled into one file it works anywhere', { timeout: 180_000 }, async () => {
  const file = { after }
  const [built, elsewhere] = [tempDir(file), tempDir(file)]
  await run(process.execPath, [join(ROOT, 'cli', 'build.ts'), built])
  const program = join(elsewhere, 'kubectl-wa')
  await copyFile(join(built, 'kubectl-wa'), program)
  const env = { PATH, HOME: elsewhere }
  const { stdout } = await run(program, ['help', 'qr'], { env })
  assert.match(stdout, /^Usage: kubectl wa qr NAME \[flags\]/)
  // The Kubernetes client is in it as well.
  await assert.rejects(run(program, ['list'], { env }), (error: { code: number; stderr: string }) => {
    assert.match(error.stderr, /^error: There is no kubeconfig/)
    return error.code === 1
  })
  assert.match((await run(join(built, 'warren'), ['--help'], { env })).stdout, /^Usage: warren COMMAND/)
})

test('a shell completes commands and flags', async () => {
  const { stdout: script } = await run(process.execPath, [
    join(ROOT, 'cli', 'bin', 'warren.mjs'),
    'completion',
    'bash',
  ])
  const complete = async (...words: string[]) => {
    const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _warren; echo "\${COMPREPLY[*]}"`
    return (await run('bash', ['-c', `${script}\n${line}`])).stdout.trim()
  }
  assert.equal(await complete('warren', 'su'), 'suspend')
  assert.equal(await complete('warren', 'get', '--all'), '--all-namespaces')
})
