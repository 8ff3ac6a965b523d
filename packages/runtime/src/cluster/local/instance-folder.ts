import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isWarrenError, type ResourceKey, WarrenError } from '@warren/contracts'
import { stringify } from 'yaml'
import type { Clock } from '../../clock/index.ts'
import type { InstancePatch } from '../port.ts'
import { storeKey } from '../store/watch-hub.ts'
import { atomicWrite } from './atomic-write.ts'
import {
  keyOfManifest,
  type ParsedFile,
  parseManifests,
  patchedText,
  withoutResource,
} from './yaml-documents.ts'

export type InstanceFolderDeps = {
  readonly dir: string
  readonly clock: Clock
  /** Makes an instance what its manifest says. Throws `validation_failed`. */
  readonly apply: (manifest: unknown) => Promise<void>
  /** The manifest of this instance is gone. */
  readonly unapply: (key: ResourceKey) => Promise<void>
  /** A file's problem as one sentence, or undefined when it is solved. Told on change only. */
  readonly onProblem: (file: string, problem: string | undefined) => void
}

/** A file that is not as it was last seen. */
type Changed = { readonly file: string; readonly mark: string; readonly parsed: ParsedFile }

/** Editors write in steps: a file that changed less than this ago is read next time. */
const SETTLE_MS = 50

/**
 * The folder of YAML files as `kubectl`: what is written into it is applied, what is taken out is deleted. A file that cannot be read
 * changes nothing, and one of which anything is refused deletes nothing; its problem stands beside it in `<file>.error`, and no other
 * file suffers from it.
 */
export function createInstanceFolder(deps: InstanceFolderDeps) {
  const { dir } = deps
  /** Which file an instance comes from, and as what every file was last seen. */
  const sources = new Map<string, { key: ResourceKey; file: string }>()
  const seen = new Map<string, string>()
  /** Which instances a file named when it could last be read. */
  const names = new Map<string, ReadonlySet<string>>()
  const problems = new Map<string, string>()

  async function setProblem(file: string, problem: string | undefined): Promise<void> {
    const before = problems.get(file)
    const note = join(dir, `${file}.error`)
    if (problem === undefined) {
      problems.delete(file)
      // A note may also be left from a run before.
      if (before !== undefined || !seen.has(file)) await rm(note, { force: true })
    } else {
      problems.set(file, problem)
      // Where no note can be written (its name is too long, the disk is full), the problem is at least told.
      if (before !== problem) await atomicWrite(note, `${problem}\n`).catch(() => {})
    }
    if (before !== problem) deps.onProblem(file, problem)
  }

  /** Reads a file that changed, and notes which instances it names. Undefined when it could not be read, to be tried again. */
  async function read(file: string, mark: string): Promise<Changed | undefined> {
    let text: string
    try {
      text = await readFile(join(dir, file), 'utf8')
    } catch (error) {
      // What went away in between is seen as gone by the next look.
      if (codeOf(error) !== 'ENOENT') await setProblem(file, `${file} cannot be read: ${messageOf(error)}`)
      return undefined
    }
    const parsed = parseManifests(text)
    if (!('problem' in parsed)) {
      const keys = parsed.manifests.map(keyOfManifest).filter((key) => key !== undefined)
      names.set(file, new Set(keys.map(storeKey)))
    }
    return { file, mark, parsed }
  }

  /**
   * Applies what a file says.
   * @returns whether it could be read and nothing was refused: only then what it does not name is meant to be gone, for a refused
   * resource may be a known one with a typing error in its name
   */
  async function applyFile({ file, mark, parsed }: Changed): Promise<boolean> {
    if ('problem' in parsed) {
      await setProblem(file, `${file}: ${parsed.problem}`)
      seen.set(file, mark)
      return false
    }
    let complete = true
    let final = true
    const faults: string[] = []
    const done = new Set<string>()
    for (const manifest of parsed.manifests) {
      const key = keyOfManifest(manifest)
      const about = parsed.manifests.length > 1 && key ? `${file} (${key.name})` : file
      if (key) {
        const other = sources.get(storeKey(key))?.file
        if (other !== undefined && other !== file && names.get(other)?.has(storeKey(key))) {
          faults.push(`${about}: the instance ${key.name} is in ${other} already; that one counts`)
          continue
        }
        if (done.has(storeKey(key))) {
          faults.push(`${about}: the instance ${key.name} is in this file twice; the first one counts`)
          continue
        }
        done.add(storeKey(key))
        sources.set(storeKey(key), { key, file })
      }
      try {
        await deps.apply(manifest)
      } catch (error) {
        complete = false
        // What is no fault of the file, such as a full disk, may be over at the next look.
        if (!isWarrenError(error, 'validation_failed')) final = false
        faults.push(`${about}: ${messageOf(error)}`)
      }
    }
    await setProblem(file, faults.length > 0 ? faults.join('\n') : undefined)
    if (final) seen.set(file, mark)
    else seen.delete(file)
    return complete
  }

  /** Deletes the instances that came from a file and are not in it any more, nor in another. */
  async function forgetUnnamed(file: string): Promise<void> {
    for (const [id, source] of [...sources]) {
      if (source.file !== file || names.get(file)?.has(id)) continue
      sources.delete(id)
      await deps.unapply(source.key)
    }
  }

  async function textFor(key: ResourceKey): Promise<{ file: string; text: string } | undefined> {
    const file = sources.get(storeKey(key))?.file
    if (file === undefined) return undefined
    const text = await readFile(join(dir, file), 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    const parsed = parseManifests(text)
    if ('problem' in parsed)
      throw new WarrenError(
        'conflict',
        `${file} cannot be changed before its error is solved: ${parsed.problem}`,
      )
    return { file, text }
  }

  return {
    /** Where an instance comes from; `""` when no file names it. */
    sourceOf: (key: ResourceKey): string => sources.get(storeKey(key))?.file ?? '',
    /** Tells at the start where a known instance came from. */
    restoreSource(key: ResourceKey, file: string): void {
      sources.set(storeKey(key), { key, file })
    },
    /** Reads the file again although it did not change. */
    reread(key: ResourceKey): void {
      const source = sources.get(storeKey(key))
      if (source) seen.delete(source.file)
    },
    /**
     * Compares the folder with what was seen and applies the differences.
     * @returns false when a file is being written right now: look again soon
     */
    async scan({ patient = true } = {}): Promise<boolean> {
      await mkdir(dir, { recursive: true })
      const files = (await readdir(dir)).filter((file) => /^[^.].*\.ya?ml$/.test(file)).sort()
      const changed: Changed[] = []
      for (const file of files) {
        const info = await stat(join(dir, file)).catch(() => undefined)
        if (!info?.isFile()) continue
        const mark = `${info.mtimeMs} ${info.size} ${info.ino}`
        if (seen.get(file) === mark) continue
        // Nothing is applied before all is written: what moves from one file to another must not seem to be gone.
        if (patient && Math.abs(deps.clock.now().getTime() - info.mtimeMs) < SETTLE_MS) return false
        const one = await read(file, mark)
        if (one) changed.push(one)
      }
      const sourceFiles = [...sources.values()].map(({ file }) => file)
      const gone = new Set([...seen.keys(), ...problems.keys(), ...sourceFiles])
      for (const file of files) gone.delete(file)
      for (const file of gone) names.delete(file)
      const complete: string[] = []
      for (const one of changed) if (await applyFile(one)) complete.push(one.file)
      for (const file of complete) await forgetUnnamed(file)
      for (const file of gone) {
        seen.delete(file)
        await setProblem(file, undefined)
        await forgetUnnamed(file)
      }
      return true
    },
    /** Writes a new file for an instance that came over the API. */
    async add(manifest: object, key: ResourceKey): Promise<void> {
      const stem = key.namespace === 'default' ? key.name : `${key.namespace}.${key.name}`
      let file = `${stem}.yaml`
      for (let number = 2; existsSync(join(dir, file)); number++) file = `${stem}-${number}.yaml`
      await atomicWrite(join(dir, file), stringify(manifest, { lineWidth: 0 }), { durable: true })
      sources.set(storeKey(key), { key, file })
    },
    /** @throws WarrenError `conflict` while the user's file has an error */
    async edit(key: ResourceKey, { spec, labels, annotations }: InstancePatch): Promise<void> {
      const found = await textFor(key)
      if (!found) return
      const metadata = { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }
      const patch = { ...(spec ? { spec } : {}), ...(labels || annotations ? { metadata } : {}) }
      const text = patchedText(found.text, key, patch)
      if (text !== undefined) await atomicWrite(join(dir, found.file), text, { durable: true })
    },
    /** @throws WarrenError `conflict` while the user's file has an error */
    async take(key: ResourceKey): Promise<void> {
      const found = await textFor(key)
      sources.delete(storeKey(key))
      if (!found) return
      const text = withoutResource(found.text, key)
      if (text === '') await rm(join(dir, found.file))
      else await atomicWrite(join(dir, found.file), text, { durable: true })
    },
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
