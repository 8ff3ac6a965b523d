/** The session process as one file, for images: half the import time and some 20 MB less than the sources. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildResult, build, type Plugin } from 'esbuild'
import { makeProtobufLazy } from './lazy-protobuf.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Libraries that Baileys and the database's driver would use if they were there; a session does not. */
const ABSENT = [
  ...['sharp', 'jimp', 'link-preview-js', 'audio-decode', 'music-metadata'],
  ...['kerberos', 'snappy', 'socks', 'aws4', 'mongodb-client-encryption', '@mongodb-js/zstd', 'gcp-metadata'],
  ...['@aws-sdk/credential-providers', 'bufferutil', 'utf-8-validate'],
]

const lazyProtobuf: Plugin = {
  name: 'lazy-protobuf',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]WAProto[\\/]index\.js$/ }, async ({ path }) => ({
      contents: makeProtobufLazy(await readFile(path, 'utf8')),
    }))
  },
}

/** What is not there throws when it is imported, which all of them expect. */
const absent: Plugin = {
  name: 'absent',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${ABSENT.map((name) => name.replaceAll('/', '\\/')).join('|')})$`)
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'absent' }))
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw Object.assign(new Error('${path} is not part of the session process'), { code: 'MODULE_NOT_FOUND' })`,
    }))
  },
}

/** Baileys' default logger, which is never used: the session gives its own. */
const noPino: Plugin = {
  name: 'no-pino',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^pino$/ }, ({ path }) => ({ path, namespace: 'no-pino' }))
    onLoad({ filter: /.*/, namespace: 'no-pino' }, () => ({
      contents: `const logger = { level: 'silent', child: () => logger };
for (const level of ['trace', 'debug', 'info', 'warn', 'error']) logger[level] = () => {};
export default () => logger;`,
    }))
  },
}

/** Node's own URL for the connection string of MongoDB: the library for it brings 2 MB of Unicode tables. */
const ownUrl: Plugin = {
  name: 'own-url',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^whatwg-url$/ }, ({ path }) => ({ path, namespace: 'own-url' }))
    onLoad({ filter: /.*/, namespace: 'own-url' }, () => ({
      contents: 'module.exports = { URL: globalThis.URL, URLSearchParams: globalThis.URLSearchParams };',
    }))
  },
}

const lightBridge: Plugin = {
  name: 'light-bridge',
  setup({ onResolve }) {
    onResolve({ filter: /^whatsapp-rust-bridge$/ }, () => ({ path: here('light-bridge.js') }))
  },
}

/**
 * Writes `session.mjs`, the file to run, and `app-state-bridge.cjs`, which it reads when it needs it, into a folder.
 * @returns the path of `session.mjs`
 * @throws Error when Baileys' generated protobuf module has another shape than is known
 */
export async function bundleSession(folder: string): Promise<string> {
  const common = {
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    legalComments: 'none',
  } as const
  const outfile = join(folder, 'session.mjs')
  const main: Promise<BuildResult> = build({
    ...common,
    entryPoints: [here('../main.ts')],
    outfile,
    format: 'esm',
    // CommonJS parts (the database's driver, ws) ask for Node's modules by require.
    banner: {
      js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
    },
    external: ['./app-state-bridge.cjs'],
    plugins: [lazyProtobuf, absent, noPino, ownUrl, lightBridge],
    logLevel: 'error',
  })
  const bridge = build({
    ...common,
    entryPoints: [fileURLToPath(import.meta.resolve('whatsapp-rust-bridge'))],
    outfile: join(folder, 'app-state-bridge.cjs'),
    format: 'cjs',
    logLevel: 'error',
  })
  await Promise.all([main, bridge])
  return outfile
}
