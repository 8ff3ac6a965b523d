import assert from 'node:assert/strict'
import { chmodSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../temp-dir.ts'
import { findControlPlane } from './index.ts'

test('programs on the PATH are preferred when all three are there', async (t) => {
  const bin = tempDir(t)
  for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager'])
    symlinkSync('/bin/true', join(bin, name))
  const found = await findControlPlane({ env: { PATH: bin }, cacheDir: join(bin, 'never-made') })
  assert.equal(found.origin, join(bin, 'kube-apiserver'))
  assert.deepEqual(found.etcd, { command: join(bin, 'etcd'), prefix: [] })
  assert.equal(readdirSync(bin).includes('never-made'), false)
})

test('a Go that is too old is refused before anything is built', async (t) => {
  const bin = tempDir(t)
  writeFileSync(join(bin, 'go'), '#!/bin/sh\necho go1.19.8\n')
  chmodSync(join(bin, 'go'), 0o755)
  await assert.rejects(findControlPlane({ env: { PATH: bin }, cacheDir: tempDir(t) }), {
    message:
      'Go 1.24 or later is needed to build kube-apiserver and etcd, not go1.19.8: update it, or put kube-apiserver, etcd and kube-controller-manager on the PATH, or set WARREN_TEST_KUBECONFIG.',
  })
})

test('a build that fails says why and leaves nothing behind', async (t) => {
  const bin = tempDir(t)
  writeFileSync(
    join(bin, 'go'),
    '#!/bin/sh\n[ "$1" = env ] && echo go1.26.0 && exit\necho no network >&2; exit 1\n',
  )
  chmodSync(join(bin, 'go'), 0o755)
  const cacheDir = tempDir(t)
  await assert.rejects(
    findControlPlane({ env: { PATH: bin }, cacheDir }),
    /could not be built .*: no network$/,
  )
  assert.deepEqual(readdirSync(cacheDir), [])
})
