/**
 * `node scripts/bundle.ts APP --out FOLDER`: an application as the few files that its image runs, `main.mjs` first. Everything is in that
 * one file except packages with native code or files of their own, which are copied beside it.
 */
import { cpSync, existsSync, mkdirSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleSession } from '@warren/session-pod/bundle'
import { build, type Plugin } from 'esbuild'

const ROOT = join(import.meta.dirname, '..')

/** What of a package an image needs, as paths below the package; all of the folders named are taken. */
type Copied = { readonly name: string; readonly files: readonly string[] }

type App = {
  readonly entry: string
  /** Packages that cannot be in one file with the rest. */
  readonly copied?: readonly Copied[]
}

/** The native code is for the platform that builds, so an image is built on the platform that it is for. */
const BCRYPT: readonly Copied[] = [
  { name: 'bcrypt', files: ['package.json', 'bcrypt.js', 'promises.js', `prebuilds/linux-${process.arch}`] },
  { name: 'node-gyp-build', files: ['package.json', 'index.js', 'node-gyp-build.js'] },
]
/** What `/docs` serves. */
const SWAGGER_UI: Copied = {
  name: 'swagger-ui-dist',
  files: ['package.json', 'swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'],
}

const APPS: Readonly<Record<string, App>> = {
  operator: { entry: 'operator/src/main.ts' },
  api: { entry: 'api/src/main.ts', copied: [...BCRYPT, SWAGGER_UI] },
  simulator: { entry: 'simulator/src/main.ts' },
}

/** What can be bundled; also the targets of the Dockerfile. */
export const BUNDLES = [...Object.keys(APPS), 'session-pod'] as const

/** What is installed for others, and what its users here do without; the rest of what is optional is not installed at all. */
const ABSENT = ['sharp', 'msgpackr-extract']

const KUBERNETES = '@kubernetes/client-node'

/**
 * The Kubernetes client has a class for everything in Kubernetes, of which Warren uses the reading of a kubeconfig. Its package does not say
 * that importing it does nothing else, and who imports it as a whole gets it as a whole: 18 of 21 MB.
 */
const kubeconfigOnly: Plugin = {
  name: 'kubeconfig-only',
  setup({ onResolve, onLoad, resolve }) {
    const ours = Symbol('resolved by this plugin')
    const client = dirname(createRequire(join(ROOT, 'package.json')).resolve(KUBERNETES))
    onResolve({ filter: new RegExp(`^${KUBERNETES}$`) }, ({ path }) => ({ path, namespace: 'kubeconfig' }))
    onLoad({ filter: /.*/, namespace: 'kubeconfig' }, () => ({
      contents: `export { KubeConfig } from './config.js'`,
      resolveDir: client,
    }))
    onResolve({ filter: /^\./ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === ours || !rest.resolveDir.startsWith(client)) return undefined
      const { errors, ...found } = await resolve(path, { ...rest, pluginData: ours })
      return errors.length > 0 ? { errors } : { ...found, sideEffects: false }
    })
  },
}

/**
 * Writes an application's files into a folder.
 * @returns the path of the file to run
 * @throws Error for a name that is not one of {@link BUNDLES}, and when something cannot be resolved
 */
export async function bundle(name: string, folder: string): Promise<string> {
  const main = join(folder, 'main.mjs')
  mkdirSync(folder, { recursive: true })
  if (name === 'session-pod') {
    renameSync(await bundleSession(folder), main)
    return main
  }
  const app = APPS[name]
  if (!app) throw new Error(`no application is called ${name}: ${BUNDLES.join(', ')}`)
  const { entry, copied = [] } = app
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile: main,
    bundle: true,
    // Names and lines stay as they are: a stack trace of production should be readable.
    minifySyntax: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    legalComments: 'none',
    // CommonJS parts ask for Node's modules by require, and some for their own place.
    banner: {
      js: "import { createRequire as $require } from 'node:module';const require = $require(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;",
    },
    external: [...ABSENT, ...copied.map((one) => one.name)],
    plugins: [kubeconfigOnly],
    logLevel: 'error',
  })
  for (const one of copied) copyPackage(one, folder)
  return main
}

function copyPackage({ name, files }: Copied, folder: string): void {
  const from = dirname(createRequire(join(ROOT, 'package.json')).resolve(`${name}/package.json`))
  for (const file of files) {
    if (!existsSync(join(from, file))) throw new Error(`${name} has no ${file} any more`)
    cpSync(join(from, file), join(folder, 'node_modules', name, file), { recursive: true })
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true })
  const [name] = positionals
  if (!name || !values.out) {
    process.stderr.write(`usage: node scripts/bundle.ts ${BUNDLES.join('|')} --out FOLDER\n`)
    process.exit(2)
  }
  console.log(await bundle(name, values.out))
}
