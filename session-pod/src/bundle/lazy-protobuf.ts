import { transform } from 'esbuild'

/** How many message and enum types Baileys 7.0.0-rc14 generates. Another number means another shape of that file. */
const TYPES = 672

const HEAD = /^([ \t]*)([\w$.]+)\.([\w$]+) = \(function\(\) \{$/

/** What the types use of the module around them. */
const USED = ['$protobuf', '$Reader', '$Writer', '$util', '$root', 'longToString', 'longToNumber', '$lazy']

/** Declarations, since the module uses them from its first line on and they stand at the end. */
const lazy = (file: string, places: readonly (readonly [number, number])[]) => `
import { closeSync, openSync, readSync } from 'node:fs';
function $read(index) {
  const [start, length] = ${JSON.stringify(places)}[index];
  const text = Buffer.alloc(length);
  const fd = openSync(new URL(${JSON.stringify(`./${file}`)}, import.meta.url));
  try {
    readSync(fd, text, 0, length, start);
  } finally {
    closeSync(fd);
  }
  return new Function(${USED.map((name) => `'${name}'`).join()}, 'return(' + text.latin1Slice() + ')')(${USED.join()});
}
function $lazy(owner, name, index) {
  Object.defineProperty(owner, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = $read(index)();
      Object.defineProperty(owner, name, { value, enumerable: true, configurable: true, writable: true });
      return value;
    },
  });
}
`

/**
 * Takes the types out of Baileys' generated protobuf module: `Owner.Name = (function() {…})()` becomes a getter that reads its text from
 * a file on first use and replaces itself. A session needs a few dozen of them; all together hold about 11 MB, and their text alone 2 MB.
 *
 * @param file name of the file of types, beside the module
 * @returns the module, and what is in the file
 * @throws Error when the source does not have the shape that this knows
 */
export async function makeProtobufLazy(
  source: string,
  file: string,
): Promise<{ module: string; types: string }> {
  const { rest, types } = takeTypes(source)
  const texts = await Promise.all(types.map(minified))
  let end = 0
  const places = texts.map((text): [number, number] => {
    end += text.length
    return [end - text.length, text.length]
  })
  return { module: rest + lazy(file, places), types: texts.join('') }
}

/** The lines of each type, without those of the types within it, which are a type of their own. */
function takeTypes(source: string): { rest: string; types: string[] } {
  const rest: string[] = []
  const types: string[] = []
  const open: { indent: string; index: number; lines: string[] }[] = []
  let begun = 0
  for (const line of source.split('\n')) {
    const head = HEAD.exec(line)
    const inside = open.at(-1)
    if (head) {
      const [, indent = '', owner, name] = head
      const lines = inside?.lines ?? rest
      lines.push(`${indent}$lazy(${owner}, ${JSON.stringify(name)}, ${begun});`)
      open.push({ indent, index: begun, lines: [] })
      begun += 1
    } else if (inside && line === `${inside.indent}})();`) {
      types[inside.index] = `(function() {\n${inside.lines.join('\n')}\n})`
      open.pop()
    } else (inside?.lines ?? rest).push(line)
  }
  const ended = types.filter(Boolean).length
  if (begun !== TYPES || ended !== TYPES)
    throw new Error(
      `expected ${TYPES} types in Baileys' WAProto, found ${begun} beginnings and ${ended} ends`,
    )
  return { rest: rest.join('\n'), types }
}

/** Of one byte a character, so that places in the text are places in the file. */
async function minified(type: string): Promise<string> {
  // A function that nobody uses would be minified to nothing.
  const { code } = await transform(`$=${type}`, { minify: true, charset: 'ascii', target: 'node24' })
  return code.trimEnd().replace(/^\$=|;$/g, '')
}
