import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIPv4 } from 'node:net'

/** A TLS identity that clients trust by trusting the certificate itself. Both are PEM. */
export interface TlsIdentity {
  key: string
  cert: string
}

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const hex = body.length.toString(16)
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body])
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const octets = (bytes: Uint8Array) => der(0x04, bytes)
const bits = (bytes: Uint8Array) => der(0x03, Buffer.from([0]), bytes)
const TRUE = Buffer.from([0x01, 0x01, 0xff])

const time = (date: Date) => {
  const digits = date.toISOString().replace(/\D/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}

const extension = (id: string, critical: boolean, value: Uint8Array) =>
  critical ? sequence(oid(id), TRUE, octets(value)) : sequence(oid(id), octets(value))

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'))
const YEAR_MS = 365 * 86_400_000

const toBeSigned = (key: KeyObject, publicHost: string | undefined): Buffer => {
  const now = Date.now()
  const name = sequence(
    der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from('Warren WhatsApp simulator')))),
  )
  const alternativeNames = sequence(
    der(0x82, Buffer.from('localhost')),
    der(0x87, Buffer.from([127, 0, 0, 1])),
    ...(publicHost === undefined ? [] : [alternativeName(publicHost)]),
  )
  return sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // A leading zero bit keeps the serial positive.
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(new Date(now - 86_400_000)), time(new Date(now + 10 * YEAR_MS))),
    name,
    key.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(extension('551d13', true, sequence(TRUE)), extension('551d11', false, alternativeNames)),
    ),
  )
}

/** An IPv4 address is another kind of name than a host's. */
const alternativeName = (host: string): Buffer =>
  isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host))

const pem = (bytes: Buffer): string => {
  const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

/** Whether clients that trust the certificate accept a server of this name with it. */
export const coversHost = ({ cert }: TlsIdentity, host: string): boolean => {
  const certificate = new X509Certificate(cert)
  return (isIPv4(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined
}

/**
 * Makes a P-256 certificate for localhost, 127.0.0.1 and, where it is given, another name or IPv4 address. It is its own authority, valid
 * for ten years.
 */
export const createTlsIdentity = (publicHost?: string): TlsIdentity => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const body = toBeSigned(publicKey, publicHost)
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const signature = sign('sha256', body, createPrivateKey(key))
  return { key, cert: pem(sequence(body, ECDSA_WITH_SHA256, bits(signature))) }
}
