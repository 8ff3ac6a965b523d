import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ResourceKey, WhatsAppInstance } from '@warren/contracts'
import { parse, stringify } from 'yaml'
import { atomicWrite } from './atomic-write.ts'

/** What the cluster knows of an instance, beside what its user wrote. */
export type ObjectRecord = { readonly source: string; readonly instance: WhatsAppInstance }

/** One readable YAML file an instance: generated metadata, spec with defaults, status, and the file that it comes from. */
export function createObjectRecords(dir: string) {
  const fileOf = ({ namespace, name }: ResourceKey) => join(dir, `${namespace}.${name}.yaml`)

  return {
    /** All records; one that cannot be read is reported and left out: its instance is then new. */
    async load(onBroken: (file: string, error: unknown) => void): Promise<ObjectRecord[]> {
      await mkdir(dir, { recursive: true })
      const records: ObjectRecord[] = []
      for (const file of await readdir(dir)) {
        if (file.startsWith('.') || !file.endsWith('.yaml')) continue
        try {
          const { source, ...instance } = parse(await readFile(join(dir, file), 'utf8')) as {
            source: string
          } & WhatsAppInstance
          if (!instance.metadata.uid) throw new Error('it has no uid')
          records.push({ source, instance })
        } catch (error) {
          onBroken(file, error)
        }
      }
      return records
    },
    save: (key: ResourceKey, { source, instance }: ObjectRecord) =>
      atomicWrite(
        fileOf(key),
        stringify({ source, ...instance }, { lineWidth: 0, aliasDuplicateObjects: false }),
      ),
    remove: (key: ResourceKey) => rm(fileOf(key), { force: true }),
  }
}
