import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '@warren/runtime/testing'
import { StartError } from '../options.ts'
import { openDataFolder } from './data-folder.ts'

const startError = (pattern: RegExp) => (error: unknown) =>
  error instanceof StartError && pattern.test(error.message)

test('secrets are made once, for the owner alone', async (t) => {
  const root = join(tempDir(t), 'data')
  const folder = await openDataFolder(root, 'simulated')
  const first = await folder.secret('jwt')
  assert.equal(first.length, 32)
  assert.deepEqual(await folder.secret('jwt'), first)
  assert.equal(statSync(join(root, 'secrets', 'jwt')).mode & 0o777, 0o600)
  assert.equal(statSync(root).mode & 0o777, 0o700)
  await folder.unlock()
})

test('a folder has one user at a time, and a dead one does not count', async (t) => {
  const root = tempDir(t)
  const folder = await openDataFolder(root, 'simulated')
  await assert.rejects(openDataFolder(root, 'simulated'), startError(/^Another Warren uses .*--data\.$/))
  await folder.unlock()
  writeFileSync(join(root, 'warren.lock'), '')
  const second = await openDataFolder(root, 'simulated')
  await assert.rejects(openDataFolder(root, 'simulated'), StartError)
  await second.unlock()
})

test('simulated and real accounts do not mix', async (t) => {
  const root = tempDir(t)
  await (await openDataFolder(root, 'simulated')).unlock()
  await assert.rejects(openDataFolder(root, 'real'), startError(/belongs to the simulator/))
})

test('a folder that cannot be written is told in one sentence', async (t) => {
  const file = join(tempDir(t), 'file')
  writeFileSync(file, '')
  await assert.rejects(openDataFolder(file, 'simulated'), startError(/cannot be written \(EEXIST\).*--data/))
})

test('a folder where nothing can be made is told too, instead of trying for ever', async () => {
  // Nothing has such a folder but Linux; elsewhere it is one that only root could make.
  for (const root of ['/proc/warren', '/proc/warren/deeper'])
    await assert.rejects(openDataFolder(root, 'simulated'), startError(/cannot be written \(E[A-Z]+\)/))
})
