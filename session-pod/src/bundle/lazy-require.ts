/** A top-level `const name = require("…");` of what TypeScript or Babel made of an import; ioredis has both. */
const REQUIRE = /^const (\w+) = (require\("[^"]+"\));$/gm
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

/**
 * Makes a CommonJS module ask for others when it first uses them and not when it is itself asked for. A session uses a small part of the
 * database's driver, of which each module otherwise brings in all the others.
 *
 * Only names that are used as `name.member` throughout are changed; everything else stays as it is.
 */
export function makeRequiresLazy(source: string): string {
  const code = source.replace(COMMENT, '')
  const names = [...code.matchAll(REQUIRE)].flatMap(([, name = '']) => {
    const uses = code.match(use(name, ''))?.length
    // One more than the members: the declaration.
    return uses === (code.match(use(name, '\\.'))?.length ?? 0) + 1 ? [name] : []
  })
  let lazy = source
  for (const name of names)
    lazy = lazy
      .replace(use(name, '\\.'), `(${name}()).`)
      .replace(new RegExp(`^const ${name} = (require\\("[^"]+"\\));$`, 'm'), `const ${name} = () => $1;`)
  return lazy
}

/** The name as a word of its own: not a member of something, but perhaps spread. */
function use(name: string, followedBy: string): RegExp {
  return new RegExp(`(?<![\\w$])(?<!(?<!\\.\\.)\\.)${name}(?![\\w$])${followedBy}`, 'g')
}
