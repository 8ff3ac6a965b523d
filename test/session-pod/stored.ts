/** What a session has stored, opened with its key: for looking at it, and for breaking it. */
import { randomUUID } from 'node:crypto'
import { open, type SealingKey, seal, sealedKeyId } from '@warren/runtime/crypto'
import type { Lease, SessionStore } from '@warren/runtime/session-store'
import { until } from '@warren/runtime/testing'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
/** A value as it is stored, by `type/id`; bytes are `{$b: base64}`. */
export type StoredValues = Map<string, Json>

export type Stored = {
  readonly values: StoredValues
  /** Ids of the keys that anything was sealed with. */
  readonly keyIds: ReadonlySet<number>
  /** Appends a commit; `null` deletes. */
  write(changes: readonly [type: string, id: string, value: Json][]): Promise<void>
  /** Appends a commit that nobody can open. */
  writeDamaged(): Promise<void>
  release(): Promise<void>
}

/** Takes the lease of a session whose process has ended, and opens everything. */
export async function openStored(
  store: SessionStore,
  { instance, organization }: { instance: string; organization: string },
  keys: readonly [SealingKey, ...SealingKey[]],
): Promise<Stored> {
  const request = { instance, organization, holder: `test/${randomUUID()}`, ttlMs: 60_000 }
  const taken = await until(() => store.acquire(request).catch(() => undefined), {
    timeoutMs: 10_000,
    describe: 'the end of the lease',
  })
  const { lease, n, seq, folded, status } = taken
  const values: StoredValues = new Map()
  const keyIds = new Set<number>()
  for await (const { type, id, n: at, sealed } of store.keys(lease)) {
    const place = JSON.stringify(['value', instance, type, id, at])
    values.set(`${type}/${id}`, JSON.parse(open(keys, sealed, place).toString()))
    keyIds.add(sealedKeyId(sealed))
  }
  for await (const { n: at, sealed } of store.commitsAfter(lease, folded)) {
    if (!sealed) continue
    keyIds.add(sealedKeyId(sealed))
    const rows = JSON.parse(open(keys, sealed, commitPlace(lease, at)).toString()) as [string, string, Json][]
    for (const [type, id, value] of rows) {
      if (value === null) values.delete(`${type}/${id}`)
      else values.set(`${type}/${id}`, value)
    }
  }
  let position = n
  const append = async (text: string, key: SealingKey) => {
    position += 1
    await store.append(lease, position, {
      sealed: seal(key, Buffer.from(text), commitPlace(lease, position)),
    })
  }
  return {
    values,
    keyIds,
    write: (changes) => append(JSON.stringify(changes), keys[0]),
    writeDamaged: () => append('[]', { id: keys[0].id, bytes: new Uint8Array(32).fill(255) }),
    release: () => store.release(lease, { status: status ?? { phase: 'stopped', since: new Date() }, seq }),
  }
}

const commitPlace = ({ instance }: Lease, n: number) => JSON.stringify(['commit', instance, n])
