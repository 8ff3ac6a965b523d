export { connectPlatformDatabase, type PlatformDatabase, SCHEMA_OPTIONS } from './database.ts'
export { createNotice, type Notice } from './notice.ts'
export { revivePairing, revivePasskey, reviveReport, reviveStatus, reviveWaiting } from './revive-dates.ts'
export type {
  BulkOperation,
  TenantCollection,
  TenantFilter,
  TenantOwned,
} from './tenant-collection.ts'
export { createTtlCache, type TtlCache } from './ttl-cache.ts'
