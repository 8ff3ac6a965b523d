/**
 * The law of imports, as a pure function over (importing file, specifier):
 *   contracts <- runtime <- { operator, api, session-pod, simulator }; applications never import each other.
 * `standalone`, `test`, `bench` and `scripts` compose applications and may import them all. Baileys and libsignal stay in
 * `session-pod/src/whatsapp/` and `simulator/` (and in `session-pod/src/bundle/`, which replaces parts of them, and in `bench/`, which
 * measures against them).
 */
import { dirname, join, normalize } from 'node:path'

const APPLICATIONS = ['operator', 'api', 'session-pod', 'simulator', 'standalone', 'cli', 'dashboard']
const COMPOSERS = ['standalone', 'test', 'bench', 'scripts']
const ENGINE = /^(@whiskeysockets\/baileys|libsignal)(\/|$)/
const ENGINE_HOMES = ['session-pod/src/whatsapp/', 'session-pod/src/bundle/', 'simulator/', 'bench/']

/** Which package a repository path belongs to. */
function roomOf(path: string): string {
  const [first = '', second = ''] = path.split('/')
  return first === 'packages' ? second : first
}

/**
 * Why an import is against the law; undefined when it is not.
 *
 * @param file path of the importing file from the repository's root
 * @param specifier as written in the import
 */
export function violation(file: string, specifier: string): string | undefined {
  if (ENGINE.test(specifier) && !ENGINE_HOMES.some((home) => file.startsWith(home)))
    return `${specifier} may be imported in ${ENGINE_HOMES.join(', ')} only`
  const from = roomOf(file)
  const to = targetRoom(file, specifier)
  if (!to || to === from) return deepEntry(file, specifier)
  if (specifier.startsWith('.') && !COMPOSERS.includes(from))
    return `reaches into ${to} by path; import @warren/${to}`
  if (from === 'contracts') return `contracts imports nothing of Warren, but this is ${to}`
  if (from === 'runtime' && to !== 'contracts') return `runtime imports contracts only, but this is ${to}`
  if (APPLICATIONS.includes(to) && !COMPOSERS.includes(from))
    return `${from} must not import ${to}: applications do not know each other`
  return undefined
}

function targetRoom(file: string, specifier: string): string | undefined {
  const named = /^@warren\/([a-z-]+)/.exec(specifier)
  if (named) return named[1]
  if (!specifier.startsWith('.')) return undefined
  return roomOf(normalize(join(dirname(file), specifier)))
}

/** Modules of the API are entered through their `index.ts`. */
function deepEntry(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const target = normalize(join(dirname(file), specifier))
  const module = /^api\/src\/modules\/([^/]+)\/(.+)$/.exec(target)
  if (!module || file.startsWith(`api/src/modules/${module[1]}/`)) return undefined
  return module[2] === 'index.ts' ? undefined : `enter the module ${module[1]} through its index.ts`
}

/**
 * The specifiers of all static and dynamic imports and re-exports in a source text. A plain search, not a parse: it may also see an
 * import in a comment, which does no harm.
 */
export function specifiersIn(source: string): string[] {
  const pattern = /\bfrom\s*['"]([^'"\n]+)['"]|\bimport\s*\(?\s*['"]([^'"\n]+)['"]/g
  return [...source.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '')
}
