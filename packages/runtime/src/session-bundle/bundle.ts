/**
 * A linked session as one encrypted file: what it takes to go on with the link elsewhere, and nothing of what was written over it.
 *
 * Version 1: `WARRENSB`, a version byte, the length of the header (4 bytes, big-endian), the header as JSON, an iv of 12 bytes, the
 * gzipped state under AES-256-GCM, a tag of 16 bytes. The header is in the clear and authenticated.
 */
import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { type Account, WarrenError } from '@warren/contracts'

/** How the key was made of a passphrase. Bytes in base64. */
export type Kdf = {
  readonly name: 'scrypt'
  readonly N: number
  readonly r: number
  readonly p: number
  readonly salt: string
}

export type BundleHeader = {
  readonly account: Account
  /** ISO 8601. */
  readonly createdAt: string
  /** Absent where the key was handed over by itself. */
  readonly kdf?: Kdf
}

/** A value of the session's state; bytes in it are `{"$b": base64}`. */
export type BundleRow = readonly [type: string, id: string, value: unknown]

const MAGIC = Buffer.from('WARRENSB')
const VERSION = 1
const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32
const SALT_BYTES = 16
/** The largest bundle, as it travels. */
export const MAX_BUNDLE_BYTES = 8 * 1024 * 1024
/** What one may unpack to. */
const MAX_STATE_BYTES = 256 * 1024 * 1024
/** Takes a tenth of a second and 32 MB. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const

const scryptAsync = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt)

export const newKdf = (): Kdf => ({
  name: 'scrypt',
  ...COST,
  salt: randomBytes(SALT_BYTES).toString('base64'),
})

/** @throws WarrenError `bundle_invalid` when a bundle asks for more work than bundles do */
export async function keyFrom(passphrase: string, { N, r, p, salt }: Kdf): Promise<Buffer> {
  if (N > COST.N || r > COST.r || p > COST.p)
    throw new WarrenError('bundle_invalid', 'it asks for another amount of work than bundles do')
  const maxmem = 256 * N * r
  return scryptAsync(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64'), KEY_BYTES, {
    N,
    r,
    p,
    maxmem,
  })
}

/** @throws WarrenError `payload_too_large` */
export async function sealBundle(
  key: Uint8Array,
  header: BundleHeader,
  rows: readonly BundleRow[],
): Promise<Buffer> {
  const head = headOf(header)
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
  cipher.setAAD(head)
  const packed = await promisify(gzip)(JSON.stringify(rows))
  const bundle = Buffer.concat([head, iv, cipher.update(packed), cipher.final(), cipher.getAuthTag()])
  if (bundle.length > MAX_BUNDLE_BYTES)
    throw new WarrenError('payload_too_large', `the session does not fit into ${MAX_BUNDLE_BYTES} bytes`)
  return bundle
}

/** What a bundle says of itself; not authenticated before it is opened. @throws WarrenError `bundle_invalid` */
export function readHeader(bundle: Uint8Array): BundleHeader {
  return split(bundle).header
}

/** @throws WarrenError `bundle_invalid` when it is damaged, or the key is not the one */
export async function openBundle(
  key: Uint8Array,
  bundle: Uint8Array,
): Promise<{ header: BundleHeader; rows: BundleRow[] }> {
  const { head, header, body } = split(bundle)
  let packed: Buffer
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(head)
    decipher.setAuthTag(body.subarray(-TAG_BYTES))
    packed = Buffer.concat([decipher.update(body.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
  } catch (cause) {
    throw new WarrenError('bundle_invalid', 'the passphrase is wrong, or the bundle is damaged', { cause })
  }
  const state = await promisify(gunzip)(packed, { maxOutputLength: MAX_STATE_BYTES })
  return { header, rows: JSON.parse(state.toString('utf8')) }
}

function headOf(header: BundleHeader): Buffer {
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([MAGIC, Buffer.of(VERSION), length, text])
}

function split(bundle: Uint8Array): { head: Buffer; header: BundleHeader; body: Buffer } {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength)
  const fixed = MAGIC.length + 1 + 4
  if (bytes.length < fixed || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new WarrenError('bundle_invalid', 'it is no bundle of a session')
  const version = bytes.readUInt8(MAGIC.length)
  if (version !== VERSION)
    throw new WarrenError('bundle_invalid', `it has version ${version}; this Warren reads version ${VERSION}`)
  const end = fixed + bytes.readUInt32BE(MAGIC.length + 1)
  if (bytes.length < end + IV_BYTES + TAG_BYTES) throw new WarrenError('bundle_invalid', 'it is cut short')
  try {
    const header: BundleHeader = JSON.parse(bytes.subarray(fixed, end).toString('utf8'))
    return { head: bytes.subarray(0, end), header, body: bytes.subarray(end) }
  } catch (cause) {
    throw new WarrenError('bundle_invalid', 'its header cannot be read', { cause })
  }
}
