import { createHash, createHmac } from 'node:crypto'

export type SigningContext = { accessKey: string; secretKey: string; region: string; now: Date }

/**
 * Signs a request in its query (AWS Signature Version 4, "Authenticating Requests: Using Query Parameters"). All `headers` are
 * signed besides `host`; the minio client leaves content-type and content-length out, and with them the limit of an upload.
 */
export function presignV4(
  method: string,
  target: URL,
  headers: Readonly<Record<string, string>>,
  expiresSeconds: number,
  { accessKey, secretKey, region, now }: SigningContext,
): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`
  const signed = Object.entries({ ...headers, host: target.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const signedNames = signed.map(([name]) => name).join(';')

  const query = [
    ...target.searchParams,
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${accessKey}/${scope}`],
    ['X-Amz-Date', time],
    ['X-Amz-Expires', String(expiresSeconds)],
    ['X-Amz-SignedHeaders', signedNames],
  ]
    .map(([name = '', value = '']) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  const canonicalHeaders = signed.map(([name, value]) => `${name}:${value}\n`).join('')
  const canonical = [method, target.pathname, query, canonicalHeaders, signedNames, 'UNSIGNED-PAYLOAD'].join(
    '\n',
  )

  const hash = createHash('sha256').update(canonical).digest('hex')
  const toSign = ['AWS4-HMAC-SHA256', time, scope, hash].join('\n')
  const signingKey = scope
    .split('/')
    .reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secretKey}`))
  const signature = hmac(signingKey, toSign).toString('hex')
  return `${target.origin}${target.pathname}?${query}&X-Amz-Signature=${signature}`
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** Percent-encoding as AWS wants it: everything but unreserved characters (RFC 3986). */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
