import type { ResourceKey } from '@warren/contracts'
import { type Document, isCollection, parseAllDocuments } from 'yaml'

/** What a file says, or the sentence that tells why it cannot be read. */
export type ParsedFile = { readonly manifests: readonly unknown[] } | { readonly problem: string }

/** More references than any manifest needs; nested ones multiply, and could fill the memory. */
const MAX_ALIASES = 50

/** Reads all documents of a YAML file; empty ones are skipped. */
export function parseManifests(text: string): ParsedFile {
  const documents = documentsOf(text)
  for (const { errors } of documents) {
    const [error] = errors
    if (!error) continue
    const [start] = error.linePos ?? []
    const where = start ? `line ${start.line}, column ${start.col}: ` : ''
    return {
      problem: `${where}${(error.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')}`,
    }
  }
  try {
    const manifests = documents.map(contentOf).filter((content) => content !== null)
    return manifests.length > 0
      ? { manifests }
      : { problem: 'holds no resource; to delete its instances delete the file' }
  } catch (error) {
    // An alias is only followed now: its anchor may be missing, or it may be a bomb.
    return { problem: (error as Error).message }
  }
}

/** The namespaced name that a manifest claims, as far as it can be read. */
export function keyOfManifest(manifest: unknown): ResourceKey | undefined {
  const metadata = (manifest as { metadata?: { namespace?: unknown; name?: unknown } } | null)?.metadata
  if (typeof metadata?.name !== 'string') return undefined
  return {
    namespace: typeof metadata.namespace === 'string' ? metadata.namespace : 'default',
    name: metadata.name,
  }
}

/**
 * The text with a merge patch applied to one resource; comments, order and layout stay.
 * @returns undefined when the resource is not in the text
 */
export function patchedText(text: string, key: ResourceKey, patch: object): string | undefined {
  const documents = documentsOf(text)
  const document = documents.find((one) => isAbout(one, key))
  if (!document) return undefined
  setIn(document, [], patch)
  return textOf(documents)
}

/** The text without one resource; empty when nothing else is in it. */
export function withoutResource(text: string, key: ResourceKey): string {
  const documents = documentsOf(text)
  const rest = documents.filter((one) => !isAbout(one, key))
  if (!rest.some((one) => one.contents !== null)) return ''
  // What becomes the first document needs no `---` any more.
  const [first] = rest
  if (first && first !== documents[0] && first.directives) first.directives.docStart = null
  return textOf(rest)
}

function documentsOf(text: string): Document.Parsed[] {
  const parsed = parseAllDocuments(text)
  return Array.isArray(parsed) ? parsed : []
}

function contentOf(document: Document.Parsed): unknown {
  return document.toJS({ maxAliasCount: MAX_ALIASES })
}

function isAbout(document: Document.Parsed, key: ResourceKey): boolean {
  const named = keyOfManifest(contentOf(document))
  return named?.namespace === key.namespace && named.name === key.name
}

function setIn(document: Document.Parsed, path: readonly string[], patch: object): void {
  for (const [name, value] of Object.entries(patch)) {
    const at = [...path, name]
    if (value === undefined) continue
    if (value === null) document.deleteIn(at)
    else if (typeof value !== 'object') document.setIn(at, value)
    else {
      // `pairing:` without a value is a null, in which nothing can be set.
      if (!isCollection(document.getIn(at))) document.setIn(at, document.createNode({}))
      setIn(document, at, value)
    }
  }
}

function textOf(documents: readonly Document.Parsed[]): string {
  return documents.map((document) => document.toString({ lineWidth: 0 })).join('')
}
