import type { ApiKey } from './repo.ts'

export function presentKey(key: ApiKey) {
  return {
    id: key._id,
    name: key.name,
    prefix: key.prefix,
    scopes: key.scopes,
    ...(key.instance ? { instance: key.instance } : {}),
    createdAt: key.createdAt.toISOString(),
    ...(key.expiresAt ? { expiresAt: key.expiresAt.toISOString() } : {}),
    ...(key.lastUsedAt ? { lastUsedAt: key.lastUsedAt.toISOString() } : {}),
  }
}
