import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quietLibsignal } from './quiet-libsignal.ts'
import { createSignalDevice, type SignalDevice } from './signal-device.ts'

quietLibsignal()
const A = { number: '491700000001', device: 0 }
const B = { number: '491700000002', device: 0 }

const send = async (
  from: SignalDevice,
  fromAddress: typeof A,
  to: SignalDevice,
  toAddress: typeof A,
  text: string,
) => {
  const { type, ciphertext } = await from.encrypt(toAddress, Buffer.from(text))
  return async () => String(await to.decrypt(fromAddress, type, ciphertext))
}

test('sessions that both sides opened at once stay usable', async () => {
  const [a, b] = [createSignalDevice(), createSignalDevice()]
  await a.startSession(B, b.bundle())
  await b.startSession(A, a.bundle())
  const crossed = [await send(a, A, b, B, 'a0'), await send(b, B, a, A, 'b0')]
  for (const open of crossed) await open()
  // Sent in one session and opened after the record went on to the other, again and again.
  for (let round = 1; round <= 12; round++) {
    const fromA = [await send(a, A, b, B, `a${round}`), await send(a, A, b, B, `a${round}'`)]
    const fromB = [await send(b, B, a, A, `b${round}`), await send(b, B, a, A, `b${round}'`)]
    assert.equal(await fromA[0]?.(), `a${round}`)
    assert.equal(await fromB[1]?.(), `b${round}'`)
    assert.equal(await fromB[0]?.(), `b${round}`)
    assert.equal(await fromA[1]?.(), `a${round}'`)
  }
})
