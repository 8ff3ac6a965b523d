/** Sessions of Baileys' `useMultiFileAuthState`: a folder with `creds.json` and one file for each key. */
import { type Account, addressOf, bareJid, phoneOf, WarrenError } from '@warren/contracts'
import type { BundleRow } from './bundle.ts'

export type NamedFile = { readonly name: string; readonly content: string }

/** The longer names first: `sender-key-memory` begins with `sender-key`. */
const TYPES = [
  'app-state-sync-version',
  'app-state-sync-key',
  'sender-key-memory',
  'sender-key',
  'identity-key',
  'lid-mapping',
  'device-list',
  'pre-key',
  'session',
  'tctoken',
] as const
type FileType = (typeof TYPES)[number]

/** Protobuf messages are written with base64 texts for their bytes, and not as the other bytes are. */
const SIGNED_IDENTITY = ['details', 'accountSignatureKey', 'accountSignature', 'deviceSignature']

/**
 * The state in these files, and whose it is. Other files of the folder do not matter.
 * @throws WarrenError `bundle_invalid` when it is not the state of a linked device
 */
export function readMultiFileState(files: readonly NamedFile[]): { account: Account; rows: BundleRow[] } {
  const creds = files.find(({ name }) => baseOf(name) === 'creds.json')
  if (!creds) throw new WarrenError('bundle_invalid', 'there is no creds.json')
  const value = parse(creds) as Record<string, unknown>
  const account = accountOf(value)
  const rows = files.flatMap((file): BundleRow[] => {
    const place = placeOf(baseOf(file.name))
    return place ? [[place.type, place.id, repair(place.type, parse(file))]] : []
  })
  return {
    account,
    rows: [['creds', 'main', { ...value, account: withBytes(value.account, SIGNED_IDENTITY) }], ...rows],
  }
}

const baseOf = (name: string) => name.split(/[\\/]/).at(-1) ?? ''

function accountOf({ me, account }: Record<string, unknown>): Account {
  const { id, lid, name } = (me ?? {}) as { id?: string; lid?: string; name?: string }
  const phone = id ? phoneOf(id) : undefined
  if (!id || !phone || !account)
    throw new WarrenError('bundle_invalid', 'creds.json is not that of a linked device')
  const hidden = lid ? addressOf(lid).lid : undefined
  return {
    jid: bareJid(id),
    phone,
    ...(hidden ? { lid: hidden } : {}),
    ...(name && name !== '~' ? { pushName: name } : {}),
  }
}

/** File names have `__` for a slash, as in base64, and `-` for a colon, as in the two of a sender key. */
function placeOf(name: string): { type: FileType; id: string } | undefined {
  const type = TYPES.find((one) => name.startsWith(`${one}-`))
  if (!type || !name.endsWith('.json')) return undefined
  const id = name.slice(type.length + 1, -'.json'.length)
  if (type === 'app-state-sync-key') return { type, id: id.replaceAll('__', '/') }
  return { type, id: type === 'sender-key' ? id.replaceAll('--', '::') : id }
}

function parse({ name, content }: NamedFile): unknown {
  try {
    return JSON.parse(content, (_key, value) => {
      const bytes = bytesIn(value)
      return bytes === undefined ? value : { $b: bytes }
    })
  } catch (cause) {
    throw new WarrenError('bundle_invalid', `${baseOf(name)} is not JSON`, { cause })
  }
}

/** Bytes as Baileys writes them, in base64. */
function bytesIn(value: unknown): string | undefined {
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown }
  if (type !== 'Buffer') return undefined
  if (typeof data === 'string') return data
  return Array.isArray(data) ? Buffer.from(data).toString('base64') : undefined
}

function repair(type: FileType, value: unknown): unknown {
  return type === 'app-state-sync-key' ? withBytes(value, ['keyData']) : value
}

function withBytes(value: unknown, fields: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, one]) => [
    name,
    typeof one === 'string' && fields.includes(name) ? { $b: one } : one,
  ])
  return Object.fromEntries(entries)
}
