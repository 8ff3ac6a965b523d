/** Headers against the common attacks, the list of origins that may call from a browser, and compression. */
import compression from 'compression'
import cors, { type CorsOptions } from 'cors'
import type { RequestHandler } from 'express'
import helmet from 'helmet'

/** The documentation page needs its own style sheet, script and images and nothing from elsewhere. */
const CONTENT_SECURITY_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    // swagger-ui sets style attributes
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
}

const CORS: CorsOptions = {
  // Tokens travel in a header, never in a cookie, so a foreign page cannot borrow them.
  credentials: false,
  allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID', 'X-Request-Id'],
  exposedHeaders: [
    'Idempotent-Replayed',
    'RateLimit-Limit',
    'RateLimit-Remaining',
    'RateLimit-Reset',
    'Retry-After',
    'X-Request-Id',
  ],
  maxAge: 600,
}

/** @param openPaths what pages of any origin may call */
export function security(origins: readonly string[], openPaths: ReadonlySet<string>): RequestHandler[] {
  return [
    helmet({ contentSecurityPolicy: CONTENT_SECURITY_POLICY }),
    cors((req, decide) => {
      decide(null, { ...CORS, origin: openPaths.has(req.url ?? '') ? '*' : [...origins] })
    }),
    // A compressor would hold back the events of a stream.
    compression({
      filter: (req, res) =>
        !String(res.getHeader('Content-Type')).startsWith('text/event-stream') &&
        compression.filter(req, res),
    }),
  ]
}
