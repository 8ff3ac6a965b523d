import { createHash } from 'node:crypto'
import { WarrenError } from '@warren/contracts'
import type { Clock } from '@warren/runtime/clock'
import type { Ids } from '@warren/runtime/ids'
import type { Logger } from '@warren/runtime/logger'
import {
  cutPage,
  decodeCursor,
  type Paged,
  type PageQuery,
  type Principal,
  type Scope,
} from '../../http/index.ts'
import { createTtlCache } from '../../platform/index.ts'
import type { ApiKey, KeyRepo } from './repo.ts'

/** What every API key begins with; a bearer token without it is a JWT. */
export const KEY_PREFIX = 'wrn_'

const SHOWN_CHARACTERS = 12
/** How long a revoked key may still work at another replica. */
const CACHE_MS = 5_000
const TOUCH_MS = 60_000
/** Active keys of an organisation: each of them has budgets of its own. */
const MAX_KEYS = 100

export type NewKey = {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly instance?: string
  readonly expiresAt?: Date
}

export type KeyService = {
  /**
   * Makes a key; the text is returned here and kept nowhere.
   * @throws WarrenError `forbidden` for a scope that the maker lacks, `plan_limit_reached` when there are too many
   */
  create(maker: Principal, key: NewKey): Promise<{ key: ApiKey; text: string }>
  list(organization: string, page: PageQuery): Promise<Paged<ApiKey>>
  /** @throws WarrenError `not_found` */
  revoke(organization: string, id: string): Promise<void>
  /** @throws WarrenError `unauthenticated`, `token_expired` */
  authenticate(text: string): Promise<Principal>
}

export function createKeyService(deps: {
  repo: KeyRepo
  /** Told `key:<id>`. */
  onRevoked: (caller: string) => void
  clock: Clock
  ids: Ids
  logger: Logger
}): KeyService {
  const { repo, onRevoked, clock, ids, logger } = deps
  const known = createTtlCache<ApiKey | null>(clock, CACHE_MS)
  const touched = new Map<string, number>()

  /** Off the path of the request; a lost mark of use does no harm. */
  function touch(key: ApiKey): void {
    const now = clock.monotonicMs()
    if (now - (touched.get(key._id) ?? Number.NEGATIVE_INFINITY) < TOUCH_MS) return
    if (touched.size > 10_000) touched.clear()
    touched.set(key._id, now)
    repo
      .touch(key.organization, key._id, clock.now())
      .catch((error) => logger.warn('last use of a key was not recorded', { error, apiKeyId: key._id }))
  }

  return {
    async create(maker, { name, scopes, instance, expiresAt }) {
      const lacking = scopes.find((scope) => !maker.scopes.includes(scope))
      if (lacking) throw new WarrenError('forbidden', `You lack the scope ${lacking} yourself.`)
      if ((await repo.countActive(maker.organization, clock.now())) >= MAX_KEYS)
        throw new WarrenError(
          'plan_limit_reached',
          `The organisation has ${MAX_KEYS} keys, as many as are allowed; revoke one first.`,
        )
      const text = KEY_PREFIX + ids.newSecret(32)
      const key: ApiKey = {
        _id: ids.newId('key'),
        organization: maker.organization,
        name,
        hash: hashOf(text),
        prefix: text.slice(0, SHOWN_CHARACTERS),
        scopes: [...scopes],
        ...(instance === undefined ? {} : { instance }),
        createdBy: maker.id,
        createdAt: clock.now(),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      }
      await repo.insert(key)
      return { key, text }
    },

    async list(organization, { limit, cursor }) {
      const [after] = cursor === undefined ? [] : decodeCursor(cursor, ['text'])
      const rows = await repo.list(organization, limit + 1, after as string | undefined)
      return cutPage(rows, limit, (key) => [key._id])
    },

    async revoke(organization, id) {
      const key = await repo.revoke(organization, id, clock.now())
      if (!key) throw new WarrenError('not_found')
      known.forget(key.hash)
      onRevoked(`key:${id}`)
    },

    async authenticate(text) {
      const hash = hashOf(text)
      const key = await known.get(hash, () => repo.byHash(hash))
      if (!key || key.revokedAt) throw new WarrenError('unauthenticated')
      if (key.expiresAt && key.expiresAt <= clock.now()) throw new WarrenError('token_expired')
      touch(key)
      return {
        kind: 'key',
        id: key._id,
        organization: key.organization,
        scopes: key.scopes,
        ...(key.instance === undefined ? {} : { instance: key.instance }),
      }
    },
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
