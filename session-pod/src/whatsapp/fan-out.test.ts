import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateParticipantHashV2 } from './baileys.ts'
import { createFanOut, type FanOut } from './fan-out.ts'

const send = (fanOut: FanOut, id: string, devices: string[]) =>
  fanOut.relaying(id, async () => {
    for (const jid of devices) {
      await Promise.resolve()
      fanOut.encrypted(jid)
    }
  })
const hashOf = (...devices: string[]) => generateParticipantHashV2(devices)

test('a hash of the same devices, in any order, is no news', async () => {
  const fanOut = createFanOut()
  await Promise.all([send(fanOut, 'A', ['1@lid', '2@lid']), send(fanOut, 'B', ['3@lid'])])
  assert.equal(fanOut.missed('A', hashOf('2@lid', '1@lid')), false)
  assert.equal(fanOut.missed('B', hashOf('3@lid')), false)
  assert.equal(fanOut.missed('unknown', hashOf('3@lid')), false)
})

test('a hash of more devices is told once', async () => {
  const fanOut = createFanOut()
  await send(fanOut, 'A', ['1@lid'])
  assert.equal(fanOut.missed('A', hashOf('1@lid', '1:2@lid')), true)
  await send(fanOut, 'A', ['1@lid', '1:2@lid'])
  assert.equal(fanOut.missed('A', hashOf('1@lid', '1:2@lid')), false)
  await send(fanOut, 'B', ['1@lid'])
  assert.equal(fanOut.missed('B', hashOf('1@lid', '1:2@lid')), true)
})

test('hashes that differ although all devices were asked for anew are not compared any more', async () => {
  const fanOut = createFanOut()
  for (const id of ['A', 'B']) await send(fanOut, id, ['1@lid'])
  assert.equal(fanOut.missed('A', 'made another way'), true)
  await send(fanOut, 'A', ['1@lid'])
  assert.equal(fanOut.missed('A', 'made another way'), false)
  assert.equal(fanOut.missed('B', 'made another way'), false)
})

test('a message to a group, whose devices are not asked for one by one, is not compared', async () => {
  const fanOut = createFanOut()
  await send(fanOut, 'A', [])
  assert.equal(fanOut.missed('A', hashOf('1@lid')), false)
})
