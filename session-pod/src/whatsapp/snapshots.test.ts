import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createJournal } from '../session/journal.ts'
import { EXPORTED } from '../session/model.ts'
import { hasEndedLink, linkEnded } from '../store/ended-link.ts'
import { type Change, createState, type SessionState } from '../store/state.ts'
import { adoption } from './adoption.ts'
import { type AuthenticationCreds, initAuthCreds } from './baileys.ts'
import { keptCredentials, linkIdOf, presentLink } from './credentials.ts'
import { broughtForward, restoration, snapshotContent } from './restoration.ts'
import { allSnapshots, dailySnapshot, listSnapshots, rowsOf, snapshotOfCredentials } from './snapshots.ts'
import { flawOf } from './soundness.ts'

const HOUR = 3_600_000
const at = (hours: number) => new Date(Date.UTC(2026, 0, 1) + hours * HOUR)

function credentials(phone = '491', more: Partial<AuthenticationCreds> = {}): AuthenticationCreds {
  const account = { details: new Uint8Array([1]), accountSignature: new Uint8Array(64) }
  return { ...initAuthCreds(), me: { id: `${phone}:1@s.whatsapp.net`, name: 'A' }, account, ...more }
}

/** A state, and the archive beside it. */
function setUp() {
  const state = createState(createJournal(0))
  const archive = new Map<string, unknown>()
  const run = (steps: readonly (readonly Change[])[]) => {
    for (const step of steps) {
      state.apply(step)
      for (const { type, id, value, expiresAt } of step) {
        if (expiresAt && value === undefined) archive.delete(`${type}/${id}`)
        else if (expiresAt) archive.set(`${type}/${id}`, value)
      }
    }
  }
  const read = async (type: string, id: string) => archive.get(`${type}/${id}`)
  const adopt = (creds: AuthenticationCreds, hours: number, keys: Change[] = []) =>
    run(adoption(state, creds, { now: at(hours), keys }))
  return { state, archive, run, read, adopt }
}

const newest = (state: SessionState) => {
  const [first] = allSnapshots(state)
  assert.ok(first)
  return first
}

test('a new link leaves nothing of the one before but a snapshot of all of it', async () => {
  const { state, adopt, read } = setUp()
  const old = credentials()
  adopt(old, 0, [{ type: 'session', id: '492.0', value: { v: 1 } }])
  state.restore('lid-mapping', '492', '9002')
  assert.deepEqual(listSnapshots(state), [])
  adopt(credentials(), 1)
  assert.equal(state.get('session', '492.0'), undefined)
  assert.equal(state.get('lid-mapping', '492'), '9002')
  const [id, record] = newest(state)
  assert.deepEqual([record.whole, record.reason, record.account?.phone], [true, 'replaced', '491'])
  const rows = await rowsOf([id, record], read)
  const kept = rows?.[0]?.[2] as AuthenticationCreds
  assert.deepEqual([flawOf(kept), linkIdOf(kept)], [undefined, linkIdOf(old)])
  assert.deepEqual(rows?.[1], ['session', '492.0', { v: 1 }])
})

test('credentials that are damaged beyond knowing whose they are, are kept too', () => {
  const { state, adopt } = setUp()
  state.restore('creds', 'main', { old: true })
  adopt(credentials(), 1)
  assert.match(listSnapshots(state)[0]?.obstacle ?? '', /damaged/)
})

test('credentials of the present link go back beside the newest ratchets, never with old ones', async () => {
  const { state, run, read, adopt } = setUp()
  const creds = credentials()
  adopt(creds, 0, [{ type: 'session', id: '492.0', value: { step: 1 } }])
  run([snapshotOfCredentials(state, 'connected', at(1))])
  state.apply([
    { type: 'session', id: '492.0', value: { step: 9 } },
    { type: 'pre-key', id: '812', value: {} },
  ])
  // Baileys changes the object that it was given.
  creds.nextPreKeyId = 813
  Object.assign(creds, { noiseKey: undefined })
  const [entry] = allSnapshots(state)
  assert.ok(entry)
  const content = await snapshotContent(state, entry, read)
  assert.ok(content && !content.keys)
  run(restoration(state, content, at(2)))
  assert.deepEqual(state.get('session', '492.0'), { step: 9 })
  const now = keptCredentials(state)
  assert.deepEqual([now?.nextPreKeyId, now?.firstUnuploadedPreKeyId], [813, 813])
  assert.ok(now?.noiseKey.private)
  assert.equal(newest(state)[1].reason, 'restore')
})

test('an ended link is begun again in its place; one that was taken elsewhere is not', () => {
  for (const [reason, obstacle] of [
    ['device_removed', undefined],
    [EXPORTED, /taken elsewhere/],
  ] as const) {
    const { state, run, adopt } = setUp()
    adopt(credentials(), 0)
    run([[...snapshotOfCredentials(state, 'loggedOut', at(1)), linkEnded(reason, at(1))]])
    const [listed] = listSnapshots(state)
    if (obstacle) assert.match(listed?.obstacle ?? '', obstacle)
    else assert.equal(listed?.obstacle, undefined)
    adopt(credentials(), 2)
    assert.equal(listSnapshots(state)[0]?.obstacle === undefined, obstacle === undefined)
  }
})

test('an earlier link comes back with all its keys, once, and the present one is kept in turn', async () => {
  const { state, run, read, adopt, archive } = setUp()
  const [first, second] = [credentials('491'), credentials('492')]
  adopt(first, 0, [
    { type: 'session', id: '499.0', value: { of: 'first' } },
    { type: 'pre-key', id: '5', value: {} },
  ])
  state.apply([linkEnded('device_removed', at(0))])
  adopt(second, 1, [{ type: 'session', id: '498.0', value: { of: 'second' } }])
  const [back] = allSnapshots(state)
  assert.ok(back)
  const content = await snapshotContent(state, back, read)
  assert.ok(content)
  run(restoration(state, content, at(2)))
  assert.deepEqual([...state.ids('session')], ['499.0'])
  assert.equal(presentLink(state), linkIdOf(first))
  assert.equal(hasEndedLink(state), false)
  assert.deepEqual(
    allSnapshots(state).map(([, { account, whole }]) => [account?.phone, whole]),
    [['492', true]],
  )
  // Nothing is left of the one that was used up: its ratchets move again.
  assert.ok([...archive.keys()].every((key) => !key.includes(back[0])))
})

test('credentials alone of an earlier link find its keys, or are refused', async () => {
  const { state, run, read, adopt } = setUp()
  const first = credentials()
  adopt(first, 0)
  run([snapshotOfCredentials(state, 'connected', at(1))])
  const sound = newest(state)
  // Damaged when it was replaced: then what was sound before stays beside the keys.
  state.apply([{ type: 'creds', id: 'main', value: { ...first, noiseKey: undefined, nextPreKeyId: 99 } }])
  adopt(credentials('492'), 2)
  const content = await snapshotContent(state, sound, read)
  assert.ok(content?.keys)
  assert.equal(content.creds.nextPreKeyId, 99)
  run(restoration(state, content, at(3)))
  assert.equal(presentLink(state), linkIdOf(first))
  // Its keys have been brought back, and now stand in the state.
  assert.equal(listSnapshots(state).find(({ id }) => id === sound[0])?.obstacle, undefined)
  const [[, { link }]] = [sound]
  state.apply([{ type: 'snapshot', id: 'x', value: { ...sound[1], link: `not ${link}` } }])
  assert.match(
    listSnapshots(state).find(({ id }) => id === 'x')?.obstacle ?? '',
    /keys of this link are gone/,
  )
})

test('one a day while all is well, and only so many of each kind', () => {
  const { state, run, adopt, archive } = setUp()
  adopt(credentials(), 0)
  for (let hour = 1; hour <= 240; hour++) run([dailySnapshot(state, at(hour))])
  assert.deepEqual(
    allSnapshots(state).map(([id]) => id.slice(0, 8)),
    ['20260110', '20260109'],
  )
  for (let hour = 241; hour <= 260; hour++) run([snapshotOfCredentials(state, 'restore', at(hour))])
  for (let hour = 261; hour <= 270; hour++) adopt(credentials(), hour)
  const kinds = Object.groupBy(allSnapshots(state), ([, { whole }]) => (whole ? 'whole' : 'credentials'))
  assert.deepEqual([kinds.whole?.length, kinds.credentials], [3, undefined])
  assert.equal(archive.size, 3)
})

test('a large link is cut into records that commits can hold', async () => {
  const { state, adopt, read } = setUp()
  const keys = Array.from(
    { length: 400 },
    (_, i): Change => ({ type: 'session', id: `${i}.0`, value: { text: 'x'.repeat(10_000) } }),
  )
  adopt(credentials(), 0, keys)
  adopt(credentials(), 1)
  const entry = newest(state)
  assert.ok(entry[1].parts >= 4)
  assert.equal((await rowsOf(entry, read))?.length, 401)
  assert.equal(await rowsOf([entry[0], { ...entry[1], parts: 9 }], read), undefined)
})

test('numbers of pre-keys never go back', () => {
  const count = fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: undefined })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      count,
      fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 20 }),
      (then, now, ids) => {
        const old = { ...credentials(), nextPreKeyId: then, firstUnuploadedPreKeyId: 1 }
        const damaged = now === undefined ? undefined : { nextPreKeyId: now }
        const { nextPreKeyId, firstUnuploadedPreKeyId } = broughtForward(old, damaged, ids.map(String))
        for (const used of [then - 1, (now ?? 1) - 1, ...ids]) assert.ok(nextPreKeyId > used)
        assert.equal(firstUnuploadedPreKeyId, nextPreKeyId)
      },
    ),
    { numRuns: 50 },
  )
})
