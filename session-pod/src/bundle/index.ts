/** The session process as one file, for images: half the import time and some 20 MB less than the sources. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { makeProtobufLazy } from './lazy-protobuf.ts'
import { makeRequiresLazy } from './lazy-require.ts'

/** The file of the message types, which the session reads one by one. */
const PROTOBUF_TYPES = 'protobuf-types.txt'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Libraries that Baileys and the database's driver would use if they were there; a session does not. */
const ABSENT = [
  ...['sharp', 'jimp', 'link-preview-js', 'audio-decode', 'music-metadata'],
  ...['kerberos', 'snappy', 'socks', 'aws4', 'mongodb-client-encryption', '@mongodb-js/zstd', 'gcp-metadata'],
  ...['@aws-sdk/credential-providers', 'bufferutil', 'utf-8-validate'],
]

const BUILTIN = new RegExp(`^(node:)?(${builtinModules.join('|')})$`)

const lazyProtobuf = (folder: string): Plugin => ({
  name: 'lazy-protobuf',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]WAProto[\\/]index\.js$/ }, async ({ path }) => {
      const { module, types } = await makeProtobufLazy(await readFile(path, 'utf8'), PROTOBUF_TYPES)
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, PROTOBUF_TYPES), types, 'latin1')
      return { contents: module }
    })
  },
})

/** What is not there throws when it is imported, which all of them expect. */
const absent: Plugin = {
  name: 'absent',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${ABSENT.map((name) => name.replaceAll('/', '\\/')).join('|')})$`)
    onResolve({ filter }, ({ path, importer }) =>
      // The driver could use it as well, but does not; for a session behind a SOCKS proxy it is there.
      path === 'socks' && importer.includes('socks-proxy-agent') ? undefined : { path, namespace: 'absent' },
    )
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

/**
 * Node's modules asked for as CommonJS does, also by who imports them: an import reads all that a module exports, and one that reads
 * `WebSocket` of `node:http` loads undici and HTTP/2 with it, some 3 MB.
 */
const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: BUILTIN, namespace: 'file' }, ({ path }) => ({
      path: path.replace(/^node:/, ''),
      namespace: 'builtin',
    }))
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
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

const OF_LIBSIGNAL = /[\\/]node_modules[\\/]libsignal[\\/]src[\\/]/

const lighter: Plugin = {
  name: 'lighter',
  setup({ onResolve }) {
    onResolve({ filter: /^whatsapp-rust-bridge$/ }, () => ({ path: here('light-bridge.ts') }))
    onResolve({ filter: /^joi$/ }, () => ({ path: here('lazy-joi.ts') }))
    onResolve({ filter: /^curve25519-js$/ }, ({ importer }) =>
      // What the light one does not do itself it takes from there.
      importer === here('light-curve.ts') ? undefined : { path: here('light-curve.ts') },
    )
    onResolve({ filter: /^(libsignal\/src|\.)\/crypto(\.js)?$/ }, ({ path, importer }) =>
      importer !== here('light-mac.ts') && (path.startsWith('libsignal') || OF_LIBSIGNAL.test(importer))
        ? { path: here('light-mac.ts') }
        : undefined,
    )
  },
}

const lazyRequires: Plugin = {
  name: 'lazy-requires',
  setup({ onLoad }) {
    const filter = /[\\/]node_modules[\\/](mongodb[\\/]lib|ioredis[\\/]built)[\\/].*\.js$/
    onLoad({ filter }, async ({ path }) => ({ contents: makeRequiresLazy(await readFile(path, 'utf8')) }))
  },
}

/** One character beyond Latin-1 makes V8 keep the whole text with two bytes a character. esbuild escapes them everywhere but in regular expressions. */
const asciiOnly = (code: string) =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/**
 * Writes `session.mjs`, the file to run, and what it reads when it needs it, `protobuf-types.txt` and `joi.cjs`, into a folder.
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
    logLevel: 'error',
  } as const
  const outfile = join(folder, 'session.mjs')
  const main = build({
    ...common,
    entryPoints: [here('../main.ts')],
    outfile,
    format: 'esm',
    // CommonJS parts (the database's driver, ws) ask for Node's modules by require.
    banner: {
      js: "const require = process.getBuiltinModule('module').createRequire(import.meta.url);",
    },
    plugins: [lazyProtobuf(folder), absent, plainBuiltins, noPino, ownUrl, lighter, lazyRequires],
  })
  const joi = build({
    ...common,
    entryPoints: [fileURLToPath(import.meta.resolve('joi'))],
    outfile: join(folder, 'joi.cjs'),
    format: 'cjs',
  })
  await Promise.all([main, joi])
  await writeFile(outfile, asciiOnly(await readFile(outfile, 'utf8')))
  return outfile
}
