import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { tempDir } from '../../temp-dir.ts'
import type { KubernetesClient } from '../client.ts'
import type { NodePod } from './pod.ts'
import { prepareContainer } from './pod-environment.ts'

const never = new Proxy({} as KubernetesClient, {
  get: (_, name) => assert.fail(`nothing is asked of the API server, least of all ${String(name)}`),
})

test('what a pod says is below its mounts; the program that stands for its image is not', async () => {
  const folder = tempDir({ after })
  const container = {
    name: 'session',
    args: ['--cache', '/tmp/cache'],
    env: [{ name: 'TMPDIR', value: '/tmp' }],
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  }
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'b' },
    spec: { containers: [container], volumes: [{ name: 'tmp', emptyDir: {} }] },
  } as unknown as NodePod
  const entrypoint = () => ['/usr/bin/node', '/tmp/warren/session-pod/src/main.ts']
  const spec = await prepareContainer(
    { client: never, folder, podIP: '127.0.0.2', entrypoint },
    pod,
    container,
  )
  assert.deepEqual([spec.command, ...spec.args], [...entrypoint(), '--cache', join(folder, '/tmp/cache')])
  assert.equal(spec.env.TMPDIR, join(folder, '/tmp'))
  assert.ok(existsSync(join(folder, 'tmp')))
})
