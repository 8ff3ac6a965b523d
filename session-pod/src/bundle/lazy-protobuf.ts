/** How many message and enum types Baileys 7.0.0-rc14 generates. Another number means another shape of that file. */
const TYPES = 672

const HEAD = /^([ \t]*)([\w$.]+)\.([\w$]+) = \(function\(\) \{$/
/** A declaration, since the module uses it from its first line on and it stands at the end. */
const LAZY = `
function $lazy(owner, name, make) {
  Object.defineProperty(owner, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = make();
      Object.defineProperty(owner, name, { value, enumerable: true, configurable: true, writable: true });
      return value;
    },
  });
}
`

/**
 * Makes every type of Baileys' generated protobuf module come into being on first use: a session needs a few dozen of them, and all
 * together hold about 11 MB. `Owner.Name = (function() {…})()` becomes a getter that replaces itself.
 *
 * @throws Error when the file does not have the shape that this knows
 */
export function makeProtobufLazy(source: string): string {
  const open: { indent: string; name: string }[] = []
  let begun = 0
  let ended = 0
  const lines = source.split('\n').map((line) => {
    const head = HEAD.exec(line)
    if (head) {
      const [, indent = '', owner, name = ''] = head
      open.push({ indent, name })
      begun += 1
      return `${indent}$lazy(${owner}, ${JSON.stringify(name)}, function() {`
    }
    if (open.length > 0 && line === `${open.at(-1)?.indent}})();`) {
      ended += 1
      return `${open.pop()?.indent}});`
    }
    return line
  })
  if (begun !== TYPES || ended !== TYPES)
    throw new Error(
      `expected ${TYPES} types in Baileys' WAProto, found ${begun} beginnings and ${ended} ends`,
    )
  return lines.join('\n') + LAZY
}
